namespace ActorInference.Host.Composition;

/// <summary>
/// How long to wait before a process is begun again that has ended: each time twice as long, up to a limit, as long as none lives
/// long. One that has lived for <see cref="Healthy"/> was well, and its end counts as the first.
/// </summary>
public sealed class RestartBackoff
{
    public static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(500);
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);
    public static readonly TimeSpan Healthy = TimeSpan.FromMinutes(1);

    private TimeSpan _next = Shortest;

    /// <param name="lived">How long the process that has ended was there.</param>
    public TimeSpan Next(TimeSpan lived)
    {
        var pause = lived >= Healthy ? Shortest : _next;
        _next = pause * 2 < Longest ? pause * 2 : Longest;
        return pause;
    }
}
