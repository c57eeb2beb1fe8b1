using System.Collections.Immutable;

namespace ActorInference.Actors.Generation;

/// <summary>Natural-log probability of the chosen token, before temperature and filters, and of the best alternatives.</summary>
public sealed record TokenLogprob(float Logprob, ImmutableArray<TokenAlternative> Top);

/// <summary>One of the most probable tokens at a position.</summary>
public readonly record struct TokenAlternative(int TokenId, float Logprob);
