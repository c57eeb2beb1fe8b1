namespace ActorInference.Host.Benchmarks.Multiturn;

/// <summary>The work of a multi-turn benchmark: what SGLang's bench_multiturn calls by these names.</summary>
public sealed record MultiturnOptions
{
    /// <summary>Ids that every model has.</summary>
    public const int DefaultVocabulary = 256;

    public int Clients { get; init; } = 24;

    public int Rounds { get; init; } = 6;

    /// <summary>Tokens that a client adds each round.</summary>
    public int RequestLength { get; init; } = 256;

    public int OutputLength { get; init; } = 1;

    /// <summary>Requests under way at most.</summary>
    public int MaxParallel { get; init; } = 4;

    /// <summary>Requests started a second, on average; the pauses are exponential.</summary>
    public double RequestRate { get; init; } = 16;

    /// <summary>All clients end a round before any begins the next.</summary>
    public bool RoundBarrier { get; init; }

    /// <summary>Pause at a barrier, for what is written behind.</summary>
    public TimeSpan BarrierPause { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Token ids are below it.</summary>
    public int Vocabulary { get; init; } = DefaultVocabulary;

    public int Seed { get; init; } = 1;

    public string Tag { get; init; } = "";

    /// <summary>Rates of a sweep, as SGLang has them.</summary>
    public static IReadOnlyList<double> SweepRates { get; } = [16, 14, 12, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1];

    /// <summary>Tokens of a client's last prompt and its answer.</summary>
    public int LongestTokens => Rounds * (RequestLength + OutputLength);
}
