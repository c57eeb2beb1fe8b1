using ActorInference.Roles.Agents;

namespace ActorInference.Host.Composition;

/// <summary>
/// How long to wait before a process is begun again that has ended, by <see cref="RestartDelays"/>. One that had served for
/// <see cref="Healthy"/>, and for twice the pause before it, was well, and its end counts as the first: whoever is killed now and then
/// is back at once, and one that cannot come up does not keep the machine busy with trying.
/// </summary>
public sealed class ProcessRestarts
{
    public static readonly RestartDelays Delays = new(TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(30));
    public static readonly TimeSpan Healthy = TimeSpan.FromSeconds(2);

    private TimeSpan _last;
    private int _failures;

    /// <param name="served">How long the process that has ended was a member of the cluster; zero if it never was.</param>
    public TimeSpan Next(TimeSpan served)
    {
        if (served >= Healthy && served >= 2 * _last) _failures = 0;
        _last = Delays.Before(_failures++);
        return _last;
    }
}
