using Akka.Actor;

namespace Akka.Persistence;

/// <summary>Between a persistent actor and its journal.</summary>
public interface IJournalMessage : INoSerializationVerificationNeeded;

public interface IJournalRequest : IJournalMessage;

public interface IJournalResponse : IJournalMessage;

public sealed record DeleteMessagesTo(string PersistenceId, long ToSequenceNr, IActorRef PersistentActor) : IJournalRequest;

public sealed record DeleteMessagesSuccess(long ToSequenceNr) : IJournalResponse;

public sealed record DeleteMessagesFailure(Exception Cause, long ToSequenceNr) : IJournalResponse;

/// <param name="ActorInstanceId">Tells the writes of one incarnation from those of the next.</param>
public sealed record WriteMessages(IEnumerable<IPersistentEnvelope> Messages, IActorRef PersistentActor, int ActorInstanceId) : IJournalRequest;

/// <summary>Comes before the single successes and rejections of a batch.</summary>
public sealed record WriteMessagesSuccessful : IJournalResponse
{
    public static readonly WriteMessagesSuccessful Instance = new();

    private WriteMessagesSuccessful()
    {
    }
}

/// <summary>Comes before the single failures of a batch.</summary>
public sealed record WriteMessagesFailed(Exception Cause, int WriteCount) : IJournalResponse;

public sealed record WriteMessageSuccess(IPersistentRepresentation Persistent, int ActorInstanceId) : IJournalResponse;

/// <summary>The journal could not take this event, for instance because it has no serializer; the actor goes on.</summary>
public sealed record WriteMessageRejected(IPersistentRepresentation Persistent, Exception Cause, int ActorInstanceId) : IJournalResponse;

/// <summary>Whether the event is durable is unknown; the actor stops.</summary>
public sealed record WriteMessageFailure(IPersistentRepresentation Persistent, Exception Cause, int ActorInstanceId) : IJournalResponse;

/// <summary>Answer to a message that passed through the journal only to keep its place, as of DeferAsync.</summary>
public sealed record LoopMessageSuccess(object Message, int ActorInstanceId) : IJournalResponse;

public sealed record ReplayMessages(long FromSequenceNr, long ToSequenceNr, long Max, string PersistenceId, IActorRef PersistentActor) : IJournalRequest;

public sealed record ReplayedMessage(IPersistentRepresentation Persistent) : IJournalResponse;

public sealed record RecoverySuccess(long HighestSequenceNr) : IJournalResponse;

public sealed record ReplayMessagesFailure(Exception Cause) : IJournalResponse;
