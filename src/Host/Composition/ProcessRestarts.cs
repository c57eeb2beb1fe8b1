using ActorInference.Roles.Agents;

namespace ActorInference.Host.Composition;

/// <summary>
/// How long to wait before a process is begun again that has ended, by <see cref="RestartDelays"/>: never at once, as nobody else
/// looks after it. One that has lived for <see cref="Healthy"/> was well, and its end counts as the first.
/// </summary>
public sealed class ProcessRestarts
{
    public static readonly RestartDelays Delays = new(TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(30));
    public static readonly TimeSpan Healthy = TimeSpan.FromMinutes(1);

    private int _failures;

    /// <param name="lived">How long the process that has ended was there.</param>
    public TimeSpan Next(TimeSpan lived)
    {
        _failures = lived >= Healthy ? 1 : _failures + 1;
        return Delays.Before(_failures);
    }
}
