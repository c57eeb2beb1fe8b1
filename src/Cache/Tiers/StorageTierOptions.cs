namespace ActorInference.Cache.Tiers;

/// <summary>How long a request waits for its pages to be brought.</summary>
public enum PrefetchPolicy
{
    /// <summary>Until they have come, or a time has passed that grows with their number.</summary>
    Timeout,

    /// <summary>Not at all: what has come when it begins is used.</summary>
    BestEffort,

    /// <summary>Until they have come, or the longest wait has passed.</summary>
    WaitComplete,
}

/// <summary>How a storage tier is used.</summary>
public sealed record StorageTierOptions
{
    public PrefetchPolicy Policy { get; init; } = PrefetchPolicy.Timeout;

    /// <summary>Tokens below which bringing pages is not worth a query, however fast it is. Default 16.</summary>
    public int MinTokens { get; init; } = 16;

    /// <summary>Whether pages are brought only where that has lately been faster than computing them, and not waited for any longer. Default true.</summary>
    public bool OnlyIfFaster { get; init; } = true;

    /// <summary>Wait for however few tokens. Default 2 s.</summary>
    public TimeSpan BaseWait { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Wait for each 1,024 tokens more. Default 0.1 s.</summary>
    public TimeSpan WaitPerKiToken { get; init; } = TimeSpan.FromSeconds(0.1);

    /// <summary>No wait is longer. Default 30 s.</summary>
    public TimeSpan LongestWait { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Share of the host pool that pages under way may take, above 0, at most 1. Default 0.5.</summary>
    public double PrefetchShare { get; init; } = 0.5;

    /// <summary>Pages in one read, at least 1. Default 128.</summary>
    public int BatchPages { get; init; } = 128;

    /// <summary>Runs that are written at the same time: each waits for answers most of its time. At least 1. Default 4.</summary>
    public int Writers { get; init; } = 4;

    /// <summary>For a write of one run. Default 10 s.</summary>
    public TimeSpan WriteDeadline { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a storage is left alone after its first failure; twice as long after each further one. Default 5 s.</summary>
    public TimeSpan FirstPause { get; init; } = TimeSpan.FromSeconds(5);

    public TimeSpan LongestPause { get; init; } = TimeSpan.FromMinutes(1);
}
