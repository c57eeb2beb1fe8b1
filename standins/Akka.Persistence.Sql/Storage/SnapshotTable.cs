using System.Data.Common;

namespace Akka.Persistence.Sql.Storage;

/// <summary>Reads and writes snapshots.</summary>
internal sealed class SnapshotTable(SqlDialect dialect, string connectionString)
{
    private const string Selected =
        "persistence_id = @pid AND sequence_number BETWEEN @minSeq AND @maxSeq AND created BETWEEN @minCreated AND @maxCreated";

    /// <summary>The newest snapshot within the bounds (sequence numbers; milliseconds since 1970), or null.</summary>
    public async Task<SnapshotRow?> LoadAsync(string persistenceId, SnapshotBounds bounds, CancellationToken cancellation)
    {
        await using var connection = await dialect.OpenAsync(connectionString, cancellation).ConfigureAwait(false);
        await using var command = connection.CreateCommand();
        command.CommandText =
            $"SELECT sequence_number, created, snapshot, serializer_id, manifest FROM snapshot WHERE {Selected} ORDER BY sequence_number DESC LIMIT 1";
        Bind(command, persistenceId, bounds);
        await using var reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        if (!await reader.ReadAsync(cancellation).ConfigureAwait(false)) return null;
        return new SnapshotRow(
            persistenceId, reader.GetInt64(0), reader.GetInt64(1), reader.GetFieldValue<byte[]>(2), reader.GetInt32(3),
            reader.IsDBNull(4) ? "" : reader.GetString(4));
    }

    /// <summary>Writes a snapshot; one of the same sequence number is replaced.</summary>
    public async Task SaveAsync(SnapshotRow row, CancellationToken cancellation)
    {
        await using var connection = await dialect.OpenAsync(connectionString, cancellation).ConfigureAwait(false);
        await using var command = connection.CreateCommand();
        command.CommandText = dialect.UpsertSnapshot;
        dialect.Parameter(command, "pid", SqlKind.Text).Value = row.PersistenceId;
        dialect.Parameter(command, "seq", SqlKind.Long).Value = row.SequenceNr;
        dialect.Parameter(command, "created", SqlKind.Long).Value = row.Created;
        dialect.Parameter(command, "snapshot", SqlKind.Bytes).Value = row.Snapshot;
        dialect.Parameter(command, "manifest", SqlKind.Text).Value = row.Manifest;
        dialect.Parameter(command, "serializer", SqlKind.Int).Value = row.SerializerId;
        await command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>Deletes all snapshots within the bounds.</summary>
    public async Task DeleteAsync(string persistenceId, SnapshotBounds bounds, CancellationToken cancellation)
    {
        await using var connection = await dialect.OpenAsync(connectionString, cancellation).ConfigureAwait(false);
        await using var command = connection.CreateCommand();
        command.CommandText = $"DELETE FROM snapshot WHERE {Selected}";
        Bind(command, persistenceId, bounds);
        await command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
    }

    private void Bind(DbCommand command, string persistenceId, SnapshotBounds bounds)
    {
        dialect.Parameter(command, "pid", SqlKind.Text).Value = persistenceId;
        dialect.Parameter(command, "minSeq", SqlKind.Long).Value = bounds.MinSequenceNr;
        dialect.Parameter(command, "maxSeq", SqlKind.Long).Value = bounds.MaxSequenceNr;
        dialect.Parameter(command, "minCreated", SqlKind.Long).Value = bounds.MinCreated;
        dialect.Parameter(command, "maxCreated", SqlKind.Long).Value = bounds.MaxCreated;
    }
}

/// <summary>Which snapshots are meant; all bounds inclusive, times in milliseconds since 1970-01-01 UTC.</summary>
internal readonly record struct SnapshotBounds(long MinSequenceNr, long MaxSequenceNr, long MinCreated, long MaxCreated);
