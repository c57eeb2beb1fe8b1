namespace ActorInference.Host.Composition;

/// <summary>
/// How long to wait before a process is begun again that has ended: not at all the first time, then twice as long each time, up to a
/// limit. One that had served for <see cref="Healthy"/>, and for twice the pause before it, was well, and its end counts as the first:
/// whoever is killed now and then is back at once, and one that cannot come up does not keep the machine busy with trying.
/// </summary>
public sealed class RestartBackoff
{
    public static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(500);
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);
    public static readonly TimeSpan Healthy = TimeSpan.FromSeconds(2);

    private TimeSpan _last;

    /// <summary>Of the next one that does not serve for long.</summary>
    private TimeSpan _next;

    /// <param name="served">How long the process that has ended was a member of the cluster; zero if it never was.</param>
    public TimeSpan Next(TimeSpan served)
    {
        if (served >= Healthy && served >= 2 * _last) _next = TimeSpan.Zero;
        _last = _next;
        _next = _last == TimeSpan.Zero ? Shortest : TimeSpan.FromTicks(Math.Min(2 * _last.Ticks, Longest.Ticks));
        return _last;
    }
}
