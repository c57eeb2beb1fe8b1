namespace ActorInference.Roles.Agents;

/// <summary>Pauses before a process that has ended is begun again: none before the first time, then doubling.</summary>
/// <param name="Base">Before the second time; 0 is never a pause.</param>
/// <param name="Longest">No pause is longer.</param>
public sealed record RestartDelays(TimeSpan Base, TimeSpan Longest)
{
    private static readonly TimeSpan LeastQuiet = TimeSpan.FromSeconds(10);

    public static readonly RestartDelays Default = new(TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(5));

    /// <summary>The pause before the restart that follows <paramref name="failures"/> others.</summary>
    /// <param name="failures">At least 0.</param>
    public TimeSpan Before(int failures)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(failures);
        if (failures == 0 || Base <= TimeSpan.Zero) return TimeSpan.Zero;
        var ticks = Base.Ticks * Math.Pow(2, Math.Min(failures - 1, 62));
        return ticks >= Longest.Ticks ? Longest : TimeSpan.FromTicks((long)ticks);
    }

    /// <summary>A process that was ready for twice its last pause counts as well again.</summary>
    /// <param name="failures">Restarts so far in a row.</param>
    /// <param name="readyFor">How long it was ready, at a stretch, before it ended.</param>
    public int FailuresAfter(int failures, TimeSpan readyFor)
    {
        var quiet = 2 * Before(failures);
        return readyFor >= (quiet > LeastQuiet ? quiet : LeastQuiet) ? 0 : failures;
    }
}
