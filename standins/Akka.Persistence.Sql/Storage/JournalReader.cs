using System.Data.Common;

namespace Akka.Persistence.Sql.Storage;

/// <summary>Reads and deletes events. Each call has a connection of its own; the drivers pool them.</summary>
/// <param name="rowsPerQuery">Events are read in portions, so that memory stays bounded and no reader holds up the database's housekeeping.</param>
/// <param name="useMetadata">Whether journal_metadata says how far deleted events went; else the last of them stays, marked.</param>
internal sealed class JournalReader(Database database, int rowsPerQuery, bool useMetadata)
{
    private SqlDialect Dialect => database.Dialect;

    /// <summary>Events of one persistence id in order of sequence number.</summary>
    public Task ReplayAsync(string persistenceId, long from, long to, long max, Action<JournalRow> onRow) =>
        database.UseAsync($"reading the events of '{persistenceId}'", async connection =>
        {
            var total = 0L;
            while (total < max && from <= to)
            {
                var wanted = (int)Math.Min(rowsPerQuery, max - total);
                var (rows, last) = await ReadPortionAsync(connection, persistenceId, from, to, wanted, onRow).ConfigureAwait(false);
                total += rows;
                if (rows < wanted) break;
                from = last + 1;
            }

            return total;
        });

    /// <summary>The highest sequence number ever used, 0 if none: deleted events count.</summary>
    public Task<long> HighestSequenceNrAsync(string persistenceId) =>
        database.UseAsync($"reading the highest sequence number of '{persistenceId}'", connection => HighestAsync(connection, null, persistenceId));

    /// <summary>Deletes events up to and including <paramref name="to"/>, and remembers how far the numbers had come.</summary>
    public Task DeleteToAsync(string persistenceId, long to) =>
        database.UseAsync($"deleting events of '{persistenceId}'", async connection =>
        {
            await using var transaction = await connection.BeginTransactionAsync().ConfigureAwait(false);
            var highest = Math.Min(to, await HighestAsync(connection, transaction, persistenceId).ConfigureAwait(false));
            await ExecuteAsync(connection, transaction, "DELETE FROM tags WHERE persistence_id = @pid AND sequence_nr <= @seq", persistenceId, highest).ConfigureAwait(false);
            if (useMetadata)
            {
                await ExecuteAsync(connection, transaction, SqlDialect.UpsertMetadata, persistenceId, highest).ConfigureAwait(false);
                await ExecuteAsync(connection, transaction, "DELETE FROM journal WHERE persistence_id = @pid AND sequence_number <= @seq", persistenceId, highest).ConfigureAwait(false);
            }
            else
            {
                await ExecuteAsync(connection, transaction, "UPDATE journal SET deleted = TRUE WHERE persistence_id = @pid AND sequence_number <= @seq", persistenceId, highest).ConfigureAwait(false);
                await ExecuteAsync(connection, transaction, DeleteAllMarkedButTheLast, persistenceId, highest).ConfigureAwait(false);
            }

            await transaction.CommitAsync().ConfigureAwait(false);
            return true;
        });

    private const string DeleteAllMarkedButTheLast =
        """
        DELETE FROM journal WHERE persistence_id = @pid AND sequence_number <= @seq AND sequence_number <
            (SELECT MAX(sequence_number) FROM journal WHERE persistence_id = @pid AND deleted)
        """;

    private async Task<long> HighestAsync(DbConnection connection, DbTransaction? transaction, string persistenceId)
    {
        await using var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = useMetadata
            ? """
              SELECT MAX(n) FROM (
                  SELECT MAX(sequence_number) AS n FROM journal WHERE persistence_id = @pid
                  UNION ALL SELECT sequence_number FROM journal_metadata WHERE persistence_id = @pid) AS numbers
              """
            : "SELECT MAX(sequence_number) FROM journal WHERE persistence_id = @pid";
        Dialect.Parameter(command, "@pid", SqlKind.Text).Value = persistenceId;
        return await command.ExecuteScalarAsync().ConfigureAwait(false) is long highest ? highest : 0;
    }

    private async Task<(int Rows, long Last)> ReadPortionAsync(
        DbConnection connection, string persistenceId, long from, long to, int wanted, Action<JournalRow> onRow)
    {
        await using var command = connection.CreateCommand();
        command.CommandText =
            """
            SELECT sequence_number, created, message, identifier, manifest, writer_uuid FROM journal
            WHERE persistence_id = @pid AND sequence_number BETWEEN @from AND @to AND NOT deleted ORDER BY sequence_number LIMIT @max
            """;
        Dialect.Parameter(command, "@pid", SqlKind.Text).Value = persistenceId;
        Dialect.Parameter(command, "@from", SqlKind.Long).Value = from;
        Dialect.Parameter(command, "@to", SqlKind.Long).Value = to;
        Dialect.Parameter(command, "@max", SqlKind.Long).Value = (long)wanted;
        await using var reader = await command.ExecuteReaderAsync().ConfigureAwait(false);
        var (rows, last) = (0, from);
        while (await reader.ReadAsync().ConfigureAwait(false))
        {
            last = reader.GetInt64(0);
            rows++;
            onRow(new JournalRow(
                persistenceId, last, reader.GetInt64(1), [], reader.GetFieldValue<byte[]>(2), reader.GetInt32(3),
                reader.IsDBNull(4) ? "" : reader.GetString(4), reader.IsDBNull(5) ? "" : reader.GetString(5)));
        }

        return (rows, last);
    }

    private async Task ExecuteAsync(DbConnection connection, DbTransaction transaction, string sql, string persistenceId, long sequenceNr)
    {
        await using var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = sql;
        Dialect.Parameter(command, "@pid", SqlKind.Text).Value = persistenceId;
        Dialect.Parameter(command, "@seq", SqlKind.Long).Value = sequenceNr;
        await command.ExecuteNonQueryAsync().ConfigureAwait(false);
    }
}
