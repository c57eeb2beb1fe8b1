using System.Collections.Immutable;
using ActorInference.Actors.Generation;
using ActorInference.Actors.Ids;
using ActorInference.Actors.Tracing;
using Akka.Actor;

namespace ActorInference.Actors.Protocols;

/// <summary>What a prefill worker is asked for. It answers the job's ReplyTo in <see cref="GenerationProtocol"/>.</summary>
public static class PrefillProtocol
{
    /// <summary>Compute the prompt, send its pages to the decode worker and the first token to the generation.</summary>
    /// <param name="PageTarget">
    /// The GPU worker that granted room; gets <see cref="KvTransferProtocol.KvPages"/>. Null if none has yet: then the worker computes
    /// as far as its own room for that allows, and <see cref="Deliver"/> follows.
    /// </param>
    public sealed record Start(
        AttemptId Attempt,
        ImmutableArray<int> PromptIds,
        ImmutableArray<int> OutputIds,
        SamplingOptions Sampling,
        IActorRef? PageTarget,
        IActorRef ReplyTo,
        string? CacheSalt = null) : IWorkerJob
    {
        /// <summary>With a target: the first pages, which it has already and which are not sent.</summary>
        public int CachedPages { get; init; }

        public int Priority { get; init; }

        public TraceContext? Trace { get; init; }
    }

    /// <summary>Where the pages of a job that was started without a target are to go.</summary>
    /// <param name="PageTarget">The GPU worker that granted room.</param>
    /// <param name="CachedPages">The first pages, which it has already and which are not sent.</param>
    public sealed record Deliver(AttemptId Attempt, IActorRef PageTarget, int CachedPages) : IWireMessage;
}
