using Akka.Actor;
using Akka.Event;

namespace Akka.Persistence;

/// <summary>Between persistent actors and their plug-ins.</summary>
public interface IPersistenceMessage : INoSerializationVerificationNeeded;

/// <summary>Between a persistent actor and its journal.</summary>
public interface IJournalMessage : IPersistenceMessage;

public interface IJournalRequest : IJournalMessage;

public interface IJournalResponse : IJournalMessage;

public sealed record DeleteMessagesTo(string PersistenceId, long ToSequenceNr, IActorRef PersistentActor) : IJournalRequest;

public sealed record DeleteMessagesSuccess(long ToSequenceNr);

public sealed record DeleteMessagesFailure(Exception Cause, long ToSequenceNr) : INoSerializationVerificationNeeded;

/// <param name="ActorInstanceId">Tells the writes of one incarnation from those of the next.</param>
public sealed record WriteMessages(IEnumerable<IPersistentEnvelope> Messages, IActorRef PersistentActor, int ActorInstanceId) : IJournalRequest;

/// <summary>Comes before the single successes and rejections of a batch.</summary>
public sealed record WriteMessagesSuccessful : IJournalResponse
{
    private WriteMessagesSuccessful()
    {
    }

    public static WriteMessagesSuccessful Instance { get; } = new();
}

/// <summary>Comes before the single failures of a batch.</summary>
public sealed record WriteMessagesFailed(Exception Cause, int WriteCount) : IJournalResponse;

public sealed record WriteMessageSuccess(IPersistentRepresentation Persistent, int ActorInstanceId) : IJournalResponse;

/// <summary>The journal could not take this event, for instance because it cannot be serialized; the actor goes on.</summary>
public sealed record WriteMessageRejected(IPersistentRepresentation Persistent, Exception Cause, int ActorInstanceId) : IJournalResponse;

/// <summary>Whether the event is durable is unknown; the actor stops.</summary>
public sealed record WriteMessageFailure(IPersistentRepresentation Persistent, Exception Cause, int ActorInstanceId) : IJournalResponse;

/// <summary>Answer to a message that passed through the journal only to keep its place, as of DeferAsync.</summary>
public sealed record LoopMessageSuccess(object Message, int ActorInstanceId) : IJournalResponse;

public sealed record ReplayMessages(long FromSequenceNr, long ToSequenceNr, long Max, string PersistenceId, IActorRef PersistentActor) : IJournalRequest;

public sealed record ReplayedMessage(IPersistentRepresentation Persistent) : IJournalResponse, IDeadLetterSuppression;

public sealed record RecoverySuccess(long HighestSequenceNr) : IJournalResponse, IDeadLetterSuppression;

public sealed record ReplayMessagesFailure(Exception Cause) : IJournalResponse, IDeadLetterSuppression;
