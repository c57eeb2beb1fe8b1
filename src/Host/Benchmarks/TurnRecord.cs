namespace ActorInference.Host.Benchmarks;

/// <summary>One request of a conversation.</summary>
/// <param name="SentAt">On the benchmark's clock.</param>
/// <param name="EndedAt">When its stream ended, in whatever way.</param>
/// <param name="Ttft">Until its first token; null if there was none.</param>
/// <param name="OutputTokens">That came.</param>
/// <param name="PromptTokens">As the server counts them.</param>
/// <param name="CachedTokens">Of those, not computed.</param>
/// <param name="KnownTokens">Of the prompt, computed in an earlier turn.</param>
/// <param name="Outcome">How it ended.</param>
public sealed record TurnRecord(TimeSpan SentAt, TimeSpan EndedAt, TimeSpan? Ttft, int OutputTokens, int PromptTokens, int CachedTokens, int KnownTokens, TurnOutcome Outcome);

public enum TurnOutcome
{
    Whole,
    Failed,
    Truncated,
}
