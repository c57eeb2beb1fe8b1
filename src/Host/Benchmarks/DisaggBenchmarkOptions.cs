namespace ActorInference.Host.Benchmarks;

/// <summary>The load of a <see cref="DisaggBenchmark"/>.</summary>
public sealed record DisaggBenchmarkOptions
{
    /// <summary>Prompts for the first token's time, one after another, in each round.</summary>
    public int Requests { get; init; } = 10;

    /// <summary>Streams that generate while long prompts are processed.</summary>
    public int Concurrency { get; init; } = 4;

    /// <summary>Tokens of a stream's prompt, and of those for the first token's time.</summary>
    public int PromptTokens { get; init; } = 64;

    /// <summary>Tokens that each stream generates undisturbed, before the long prompts.</summary>
    public int QuietTokens { get; init; } = 64;

    /// <summary>Tokens of a long prompt.</summary>
    public int LongPromptTokens { get; init; } = 2000;

    /// <summary>Long prompts of a round, one after another.</summary>
    public int LongPrompts { get; init; } = 2;

    /// <summary>Whether each worker process keeps to a processor of its own.</summary>
    public bool Pinned { get; init; }

    /// <summary>Times that everything is measured; figures are medians.</summary>
    public int Rounds { get; init; } = 5;
}

/// <summary>One way to divide the work, all times in milliseconds.</summary>
/// <param name="Mode"><c>disaggregated</c> or <c>aggregated</c>.</param>
/// <param name="TtftP50">From the request to its first token, nothing else going on.</param>
/// <param name="TtftP99">The same.</param>
/// <param name="HandoverP50">From the first token to the second then: with disaggregation the pages travel in between.</param>
/// <param name="QuietItlP50">Between two tokens of a stream, among the others, without long prompts.</param>
/// <param name="QuietItlP99">The same.</param>
/// <param name="ItlP50">Between two tokens while a long prompt is processed.</param>
/// <param name="ItlP99">The same.</param>
/// <param name="LongTtftP50">A long prompt's first token, among the streams.</param>
public sealed record DisaggResult(
    string Mode,
    double TtftP50,
    double TtftP99,
    double HandoverP50,
    double QuietItlP50,
    double QuietItlP99,
    double ItlP50,
    double ItlP99,
    double LongTtftP50)
{
    /// <summary>How much worse than usual a token can be.</summary>
    public double ItlP99OverMedian => ItlP99 / ItlP50;
}
