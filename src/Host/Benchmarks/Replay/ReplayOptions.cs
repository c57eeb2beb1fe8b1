namespace ActorInference.Host.Benchmarks.Replay;

/// <summary>How a recorded trace is played to a server.</summary>
internal sealed record ReplayOptions
{
    /// <summary>Tokens that a block stands for in a trace.</summary>
    public const int TraceBlockTokens = 512;

    /// <summary>Times as fast as recorded.</summary>
    public double Speed { get; init; } = 1;

    /// <summary>Of the recorded lengths, above 0 and at most 1.</summary>
    public double Scale { get; init; } = 1.0 / 32;

    /// <summary>Requests under way at most; later ones wait.</summary>
    public int MaxParallel { get; init; } = 64;

    /// <summary>Token ids are from 1 to below it.</summary>
    public int Vocabulary { get; init; } = 1000;

    public int BlockTokens => Math.Max(1, (int)Math.Round(TraceBlockTokens * Scale));
}
