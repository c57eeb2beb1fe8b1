using System.Collections.Immutable;
using Akka.Actor;

namespace Akka.Persistence;

/// <summary>What travels from a persistent actor to its journal in one batch.</summary>
public interface IPersistentEnvelope
{
    object Payload { get; }

    IActorRef Sender { get; }

    int Size { get; }
}

/// <summary>An event with the identity under which a journal keeps it.</summary>
public interface IPersistentRepresentation
{
    object Payload { get; }

    string Manifest { get; }

    string PersistenceId { get; }

    long SequenceNr { get; }

    /// <summary>UTC ticks at which it was written; 0 if unknown.</summary>
    long Timestamp { get; }

    /// <summary>Which incarnation of the persistent actor wrote it.</summary>
    string WriterGuid { get; }

    bool IsDeleted { get; }

    IActorRef Sender { get; }

    IPersistentRepresentation WithPayload(object payload);

    IPersistentRepresentation WithManifest(string manifest);

    IPersistentRepresentation WithTimestamp(long newTimestamp);

    IPersistentRepresentation Update(long sequenceNr, string persistenceId, bool isDeleted, IActorRef sender, string writerGuid);
}

/// <inheritdoc cref="IPersistentRepresentation"/>
public sealed record Persistent : IPersistentRepresentation
{
    public Persistent(
        object payload,
        long sequenceNr = 0L,
        string persistenceId = null,
        string manifest = null,
        bool isDeleted = false,
        IActorRef sender = null,
        string writerGuid = null,
        long timestamp = 0L)
    {
        Payload = payload;
        SequenceNr = sequenceNr;
        PersistenceId = persistenceId ?? Undefined;
        Manifest = manifest ?? Undefined;
        IsDeleted = isDeleted;
        Sender = sender ?? ActorRefs.NoSender;
        WriterGuid = writerGuid ?? Undefined;
        Timestamp = timestamp;
    }

    /// <summary>Stands for a text that is not known.</summary>
    public static string Undefined { get; } = "";

    public object Payload { get; init; }

    public long SequenceNr { get; init; }

    public string PersistenceId { get; init; }

    public string Manifest { get; init; }

    public bool IsDeleted { get; init; }

    public IActorRef Sender { get; init; }

    public string WriterGuid { get; init; }

    public long Timestamp { get; init; }

    public IPersistentRepresentation WithPayload(object payload) => this with { Payload = payload };

    public IPersistentRepresentation WithManifest(string manifest) => this with { Manifest = manifest };

    public IPersistentRepresentation WithTimestamp(long newTimestamp) => this with { Timestamp = newTimestamp };

    public IPersistentRepresentation Update(long sequenceNr, string persistenceId, bool isDeleted, IActorRef sender, string writerGuid) =>
        this with { SequenceNr = sequenceNr, PersistenceId = persistenceId, IsDeleted = isDeleted, Sender = sender, WriterGuid = writerGuid };
}

/// <summary>Events of one Persist or PersistAll: durable all together or not at all.</summary>
public sealed class AtomicWrite : IPersistentEnvelope
{
    public AtomicWrite(IPersistentRepresentation @event)
        : this(ImmutableArray.Create(@event))
    {
    }

    /// <exception cref="ArgumentException">No event, or events of several persistence ids.</exception>
    public AtomicWrite(IImmutableList<IPersistentRepresentation> payload)
    {
        if (payload is null || payload.Count == 0) throw new ArgumentException("An atomic write needs at least one event.", nameof(payload));
        PersistenceId = payload[0].PersistenceId;
        for (var i = 1; i < payload.Count; i++)
        {
            if (payload[i].PersistenceId != PersistenceId)
            {
                throw new ArgumentException(
                    $"An atomic write of '{PersistenceId}' has an event of '{payload[i].PersistenceId}'; all must belong to one persistence id.", nameof(payload));
            }
        }

        Events = payload;
    }

    /// <summary>An immutable list of <see cref="IPersistentRepresentation"/>.</summary>
    public object Payload => Events;

    public IActorRef Sender => ActorRefs.NoSender;

    public string PersistenceId { get; }

    public long LowestSequenceNr => Events[0].SequenceNr;

    public long HighestSequenceNr => Events[^1].SequenceNr;

    public int Size => Events.Count;

    internal IImmutableList<IPersistentRepresentation> Events { get; }

    public override string ToString() => $"AtomicWrite<pid: {PersistenceId}, {LowestSequenceNr}..{HighestSequenceNr}>";
}
