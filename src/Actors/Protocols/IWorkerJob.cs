using System.Collections.Immutable;
using ActorInference.Actors.Generation;
using ActorInference.Actors.Ids;
using ActorInference.Actors.Tracing;
using Akka.Actor;

namespace ActorInference.Actors.Protocols;

/// <summary>One attempt's work for one worker.</summary>
public interface IWorkerJob : IWireMessage
{
    AttemptId Attempt { get; }

    /// <summary>At least one token, each in the model's vocabulary.</summary>
    ImmutableArray<int> PromptIds { get; }

    /// <summary>Tokens that the client has already; they are not generated again.</summary>
    ImmutableArray<int> OutputIds { get; }

    SamplingOptions Sampling { get; }

    /// <summary>Only jobs of the same salt share cached pages; null for the common space.</summary>
    string? CacheSalt { get; }

    /// <summary>Cached pages of higher ones are kept longer; 0 is usual.</summary>
    int Priority { get; }

    /// <summary>What the worker's spans belong to; null if the request is not traced.</summary>
    TraceContext? Trace { get; }

    /// <summary>Gets <see cref="GenerationProtocol"/>. When it ends, so does the job.</summary>
    IActorRef ReplyTo { get; }
}
