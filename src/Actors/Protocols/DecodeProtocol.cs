using System.Collections.Immutable;
using ActorInference.Actors.Generation;
using ActorInference.Actors.Ids;
using ActorInference.Actors.Tracing;
using Akka.Actor;

namespace ActorInference.Actors.Protocols;

/// <summary>What a decode worker is asked for. It answers the job's ReplyTo in <see cref="GenerationProtocol"/>.</summary>
public static class DecodeProtocol
{
    /// <summary>
    /// Keep room for the pages of this sequence; say <see cref="GenerationProtocol.Granted"/> when there is; generate once
    /// the pages and the first token have come.
    /// </summary>
    public sealed record Reserve(
        AttemptId Attempt,
        ImmutableArray<int> PromptIds,
        ImmutableArray<int> OutputIds,
        SamplingOptions Sampling,
        IActorRef ReplyTo,
        string? CacheSalt = null) : IWorkerJob
    {
        public int Priority { get; init; }

        public TraceContext? Trace { get; init; }
    }

    /// <summary>Compute the prompt and generate, all here: for a worker of <see cref="WorkerRole.Both"/>.</summary>
    public sealed record Generate(
        AttemptId Attempt,
        ImmutableArray<int> PromptIds,
        ImmutableArray<int> OutputIds,
        SamplingOptions Sampling,
        IActorRef ReplyTo,
        string? CacheSalt = null) : IWorkerJob
    {
        public int Priority { get; init; }

        public TraceContext? Trace { get; init; }
    }
}
