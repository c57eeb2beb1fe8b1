using ActorInference.Actors.Generation;
using ActorInference.Actors.Kv;

namespace ActorInference.Roles.Gateway;

/// <summary>
/// What a generation tells its client, in order: <see cref="TokenGenerated"/> with indexes 0, 1, 2, … without a gap or a
/// repeat, then exactly one <see cref="GenerationFinished"/> or <see cref="GenerationFailed"/>.
/// </summary>
public abstract record GenerationUpdate;

/// <param name="Index">Position in the output, from 0.</param>
/// <param name="TokenId">The token; a stop or end-of-sequence token is reported too, as the last.</param>
/// <param name="Logprob">Null unless asked for.</param>
/// <param name="CachedTokens">Prompt tokens that were not computed, final from the first token on.</param>
/// <param name="Tiers">Of those, the ones from beyond the device's pool.</param>
public sealed record TokenGenerated(int Index, int TokenId, TokenLogprob? Logprob, int CachedTokens, TierTokens Tiers = default) : GenerationUpdate;

/// <param name="Reason">Why it ended.</param>
/// <param name="MatchedTokenId">The end-of-sequence or stop token, if <see cref="FinishReason.Stop"/>.</param>
/// <param name="Redispatches">How often a lost worker or a missed deadline moved it to other workers.</param>
public sealed record GenerationFinished(FinishReason Reason, int? MatchedTokenId, int Redispatches) : GenerationUpdate;

public sealed record GenerationFailed(GenerationError Error, string Message) : GenerationUpdate;

/// <summary>What kind of failure the client sees.</summary>
public enum GenerationError
{
    /// <summary>The request can never succeed, for instance longer than the context. HTTP 400.</summary>
    InvalidRequest,

    /// <summary>Queues are full. Retry later. HTTP 429.</summary>
    Overloaded,

    /// <summary>No worker of a needed role is available. HTTP 503.</summary>
    Unavailable,

    /// <summary>A deadline passed on every try. HTTP 504.</summary>
    TimedOut,

    /// <summary>A fault of the server. HTTP 500.</summary>
    Internal,
}
