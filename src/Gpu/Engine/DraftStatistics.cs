namespace ActorInference.Gpu.Engine;

/// <summary>How well the engines of this process guess tokens. Thread-safe.</summary>
public static class DraftStatistics
{
    private static long _drafted;
    private static long _accepted;

    /// <summary>Tokens that were guessed and checked.</summary>
    public static long Drafted => Volatile.Read(ref _drafted);

    /// <summary>Those of them that the model chose too.</summary>
    public static long Accepted => Volatile.Read(ref _accepted);

    internal static void Add(int drafted, int accepted)
    {
        Interlocked.Add(ref _drafted, drafted);
        Interlocked.Add(ref _accepted, accepted);
    }
}
