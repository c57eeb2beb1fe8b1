using System.Data.Common;

namespace Akka.Persistence.Sql.Storage;

/// <summary>Which snapshots are meant; all bounds inclusive, times in UTC.</summary>
internal readonly record struct SnapshotBounds(long MinSequenceNr, long MaxSequenceNr, DateTime MinCreated, DateTime MaxCreated);

/// <summary>Reads and writes snapshots. Each call has a connection of its own.</summary>
internal sealed class SnapshotTable(Database database)
{
    private const string Selected =
        "persistence_id = @pid AND sequence_number BETWEEN @minSeq AND @maxSeq AND created BETWEEN @minCreated AND @maxCreated";

    private SqlDialect Dialect => database.Dialect;

    /// <summary>The newest snapshot within the bounds, or null.</summary>
    public Task<SnapshotRow?> LoadAsync(string persistenceId, SnapshotBounds bounds) =>
        database.UseAsync($"loading the snapshot of '{persistenceId}'", async connection =>
        {
            await using var command = connection.CreateCommand();
            command.CommandText =
                $"SELECT sequence_number, created, snapshot, serializer_id, manifest FROM snapshot WHERE {Selected} ORDER BY sequence_number DESC LIMIT 1";
            Bind(command, persistenceId, bounds);
            await using var reader = await command.ExecuteReaderAsync().ConfigureAwait(false);
            if (!await reader.ReadAsync().ConfigureAwait(false)) return null;
            return new SnapshotRow(
                persistenceId, reader.GetInt64(0), Dialect.ReadTime(reader, 1), reader.GetFieldValue<byte[]>(2), reader.GetInt32(3),
                reader.IsDBNull(4) ? "" : reader.GetString(4));
        });

    /// <summary>Writes a snapshot; one of the same sequence number is replaced.</summary>
    public Task SaveAsync(SnapshotRow row) =>
        database.UseAsync($"saving snapshot {row.SequenceNr} of '{row.PersistenceId}'", async connection =>
        {
            await using var command = connection.CreateCommand();
            command.CommandText = SqlDialect.UpsertSnapshot;
            Dialect.Parameter(command, "@pid", SqlKind.Text).Value = row.PersistenceId;
            Dialect.Parameter(command, "@seq", SqlKind.Long).Value = row.SequenceNr;
            Dialect.Parameter(command, "@created", SqlKind.Time).Value = Dialect.ToParameter(row.Created);
            Dialect.Parameter(command, "@snapshot", SqlKind.Bytes).Value = row.Snapshot;
            Dialect.Parameter(command, "@manifest", SqlKind.Text).Value = row.Manifest;
            Dialect.Parameter(command, "@serializer", SqlKind.Int).Value = row.SerializerId;
            return await command.ExecuteNonQueryAsync().ConfigureAwait(false);
        });

    /// <summary>Deletes all snapshots within the bounds.</summary>
    public Task DeleteAsync(string persistenceId, SnapshotBounds bounds) =>
        database.UseAsync($"deleting snapshots of '{persistenceId}'", async connection =>
        {
            await using var command = connection.CreateCommand();
            command.CommandText = $"DELETE FROM snapshot WHERE {Selected}";
            Bind(command, persistenceId, bounds);
            return await command.ExecuteNonQueryAsync().ConfigureAwait(false);
        });

    private void Bind(DbCommand command, string persistenceId, SnapshotBounds bounds)
    {
        Dialect.Parameter(command, "@pid", SqlKind.Text).Value = persistenceId;
        Dialect.Parameter(command, "@minSeq", SqlKind.Long).Value = bounds.MinSequenceNr;
        Dialect.Parameter(command, "@maxSeq", SqlKind.Long).Value = bounds.MaxSequenceNr;
        Dialect.Parameter(command, "@minCreated", SqlKind.Time).Value = Dialect.ToParameter(bounds.MinCreated);
        Dialect.Parameter(command, "@maxCreated", SqlKind.Time).Value = Dialect.ToParameter(bounds.MaxCreated);
    }
}
