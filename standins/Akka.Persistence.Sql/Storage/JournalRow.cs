namespace Akka.Persistence.Sql.Storage;

/// <summary>One event as the journal table holds it.</summary>
/// <param name="Created">Milliseconds since 1970-01-01 UTC.</param>
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
/// <param name="Created">Milliseconds since 1970-01-01 UTC.</param>
internal sealed record SnapshotRow(
    string PersistenceId,
    long SequenceNr,
    long Created,
    byte[] Snapshot,
    int SerializerId,
    string Manifest);
