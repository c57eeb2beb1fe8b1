using System.Collections.Immutable;
using ActorInference.Actors.Generation;
using ActorInference.Actors.Ids;
using ActorInference.Actors.Tracing;

namespace ActorInference.Roles.Gateway;

/// <summary>What the edge asks for: a tokenized prompt and how to continue it.</summary>
/// <param name="Id">Unique in the cluster.</param>
/// <param name="PromptIds">At least one token, each in <c>[0, vocab)</c>; together with MaxNewTokens within the model's context.</param>
/// <param name="Sampling">Validated by the edge.</param>
/// <param name="CacheSalt">Only requests with the same one share cached pages; null for the common ones.</param>
public sealed record GenerationRequest(RequestId Id, ImmutableArray<int> PromptIds, SamplingOptions Sampling, string? CacheSalt = null)
{
    /// <summary>Pages of higher ones are kept longer; 0 is usual.</summary>
    public int Priority { get; init; }

    /// <summary>What its spans belong to; null if it is not traced.</summary>
    public TraceContext? Trace { get; init; }
}
