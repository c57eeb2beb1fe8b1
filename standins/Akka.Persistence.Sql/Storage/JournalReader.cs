using System.Data.Common;

namespace Akka.Persistence.Sql.Storage;

/// <summary>Reads and deletes events. Each call has a connection of its own; the drivers pool them.</summary>
internal sealed class JournalReader(SqlDialect dialect, string connectionString)
{
    private const int RowsPerQuery = 1000;

    /// <summary>Events of one persistence id in order of sequence number, read in portions so that memory stays bounded.</summary>
    public async Task ReplayAsync(string persistenceId, long from, long to, long max, Action<JournalRow> onRow, CancellationToken cancellation)
    {
        await using var connection = await dialect.OpenAsync(connectionString, cancellation).ConfigureAwait(false);
        while (max > 0 && from <= to)
        {
            var wanted = (int)Math.Min(RowsPerQuery, max);
            var (rows, last) = await ReadPortionAsync(connection, persistenceId, from, to, wanted, onRow, cancellation).ConfigureAwait(false);
            if (rows < wanted) return;
            max -= rows;
            from = last + 1;
        }
    }

    /// <summary>The highest sequence number ever used, 0 if none: deleted events count.</summary>
    public async Task<long> HighestSequenceNrAsync(string persistenceId, CancellationToken cancellation)
    {
        await using var connection = await dialect.OpenAsync(connectionString, cancellation).ConfigureAwait(false);
        await using var command = connection.CreateCommand();
        command.CommandText =
            """
            SELECT MAX(n) FROM (
                SELECT MAX(sequence_number) AS n FROM journal WHERE persistence_id = @pid
                UNION ALL SELECT sequence_number FROM journal_metadata WHERE persistence_id = @pid) AS numbers
            """;
        dialect.Parameter(command, "pid", SqlKind.Text).Value = persistenceId;
        return await command.ExecuteScalarAsync(cancellation).ConfigureAwait(false) is long highest ? highest : 0;
    }

    /// <summary>Deletes events up to and including <paramref name="to"/>, and remembers how far the numbers had come.</summary>
    public async Task DeleteToAsync(string persistenceId, long to, CancellationToken cancellation)
    {
        var highest = await HighestSequenceNrAsync(persistenceId, cancellation).ConfigureAwait(false);
        await using var connection = await dialect.OpenAsync(connectionString, cancellation).ConfigureAwait(false);
        await using var transaction = await connection.BeginTransactionAsync(cancellation).ConfigureAwait(false);
        await ExecuteAsync(connection, transaction, dialect.UpsertMetadata, persistenceId, Math.Min(to, highest), cancellation).ConfigureAwait(false);
        await ExecuteAsync(connection, transaction, "DELETE FROM tags WHERE persistence_id = @pid AND sequence_nr <= @seq", persistenceId, to, cancellation).ConfigureAwait(false);
        await ExecuteAsync(connection, transaction, "DELETE FROM journal WHERE persistence_id = @pid AND sequence_number <= @seq", persistenceId, to, cancellation).ConfigureAwait(false);
        await transaction.CommitAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>Creates the tables that are missing.</summary>
    public async Task CreateTablesAsync(IEnumerable<string> schema, CancellationToken cancellation)
    {
        await using var connection = await dialect.OpenAsync(connectionString, cancellation).ConfigureAwait(false);
        foreach (var statement in schema)
        {
            await using var command = connection.CreateCommand();
            command.CommandText = statement;
            await command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
        }
    }

    private async Task<(int Rows, long Last)> ReadPortionAsync(
        DbConnection connection, string persistenceId, long from, long to, int wanted, Action<JournalRow> onRow, CancellationToken cancellation)
    {
        await using var command = connection.CreateCommand();
        command.CommandText =
            """
            SELECT sequence_number, created, message, identifier, manifest, writer_uuid FROM journal
            WHERE persistence_id = @pid AND sequence_number BETWEEN @from AND @to ORDER BY sequence_number LIMIT @max
            """;
        dialect.Parameter(command, "pid", SqlKind.Text).Value = persistenceId;
        dialect.Parameter(command, "from", SqlKind.Long).Value = from;
        dialect.Parameter(command, "to", SqlKind.Long).Value = to;
        dialect.Parameter(command, "max", SqlKind.Long).Value = (long)wanted;
        await using var reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        var (rows, last) = (0, from);
        while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
        {
            last = reader.GetInt64(0);
            rows++;
            onRow(new JournalRow(
                persistenceId, last, reader.GetInt64(1), [], reader.GetFieldValue<byte[]>(2), reader.GetInt32(3),
                reader.IsDBNull(4) ? "" : reader.GetString(4), reader.IsDBNull(5) ? "" : reader.GetString(5)));
        }

        return (rows, last);
    }

    private async Task ExecuteAsync(
        DbConnection connection, DbTransaction transaction, string sql, string persistenceId, long sequenceNr, CancellationToken cancellation)
    {
        await using var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = sql;
        dialect.Parameter(command, "pid", SqlKind.Text).Value = persistenceId;
        dialect.Parameter(command, "seq", SqlKind.Long).Value = sequenceNr;
        await command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
    }
}
