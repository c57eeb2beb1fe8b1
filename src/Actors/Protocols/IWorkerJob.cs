using System.Collections.Immutable;
using ActorInference.Actors.Generation;
using ActorInference.Actors.Ids;
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

    /// <summary>Divides those who may share cached pages; null for the common ones.</summary>
    string? CacheSalt { get; }

    /// <summary>Gets <see cref="GenerationProtocol"/>. When it ends, so does the job.</summary>
    IActorRef ReplyTo { get; }
}
