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

    /// <summary>Pages in one read, and in one write, at least 1. Default 64.</summary>
    public int BatchPages { get; init; } = 64;

    /// <summary>Reads for one request that are under way at the same time, at least 1. Default 4.</summary>
    public int Readers { get; init; } = 4;

    /// <summary>Runs that are written at the same time: each waits for answers most of its time. At least 1. Default 4.</summary>
    public int Writers { get; init; } = 4;

    /// <summary>For one write. Default 10 s.</summary>
    public TimeSpan WriteDeadline { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a storage is left alone after its first failure; twice as long after each further one. Default 5 s.</summary>
    public TimeSpan FirstPause { get; init; } = TimeSpan.FromSeconds(5);

    public TimeSpan LongestPause { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// How long a storage is taken to have a page that it had. Then it is asked when the page is used, which also says there that it is in use:
    /// what a worker finds with itself would else be the first to go there. Default 60 s.
    /// </summary>
    public TimeSpan RecheckAfter { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long after it has lost something a storage may still say, here and there, that it has it. What it says until then is asked once more. Default 5 s.</summary>
    public TimeSpan SettleAfter { get; init; } = TimeSpan.FromSeconds(5);
}
