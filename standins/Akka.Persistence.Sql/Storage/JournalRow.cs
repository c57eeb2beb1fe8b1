namespace Akka.Persistence.Sql.Storage;

/// <summary>One event as the journal table holds it.</summary>
/// <param name="Created">UTC ticks.</param>
/// <param name="Tags">Tags of the event, none if empty.</param>
internal sealed record JournalRow(
    string PersistenceId,
    long SequenceNr,
    long Created,
    IReadOnlyCollection<string> Tags,
    byte[] Message,
    int SerializerId,
    string Manifest,
    string WriterUuid);

/// <summary>One snapshot as the snapshot table holds it.</summary>
/// <param name="Created">UTC.</param>
internal sealed record SnapshotRow(
    string PersistenceId,
    long SequenceNr,
    DateTime Created,
    byte[] Snapshot,
    int SerializerId,
    string Manifest);
