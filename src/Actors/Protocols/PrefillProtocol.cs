using System.Collections.Immutable;
using ActorInference.Actors.Generation;
using ActorInference.Actors.Ids;
using Akka.Actor;

namespace ActorInference.Actors.Protocols;

/// <summary>What a prefill worker is asked for. It answers the job's ReplyTo in <see cref="GenerationProtocol"/>.</summary>
public static class PrefillProtocol
{
    /// <summary>Compute the prompt, send its pages to the decode worker and the first token to the generation.</summary>
    /// <param name="PageTarget">The GPU worker that granted room; gets <see cref="KvTransferProtocol.KvPages"/>.</param>
    public sealed record Start(
        AttemptId Attempt,
        ImmutableArray<int> PromptIds,
        ImmutableArray<int> OutputIds,
        SamplingOptions Sampling,
        IActorRef PageTarget,
        IActorRef ReplyTo,
        string? CacheSalt = null) : IWorkerJob;
}
