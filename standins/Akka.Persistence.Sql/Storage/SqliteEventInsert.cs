using System.Data.Common;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Akka.Persistence.Sql.Storage;

/// <summary>Row by row, with statements that are prepared once: the driver calls into the library, not over a wire.</summary>
internal sealed class SqliteEventInsert : EventInsert
{
    private const int MostBetweenLooksMs = 4;

    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _row;
    private readonly SqliteCommand _tag;
    private readonly DbParameter _created, _pid, _seq, _message, _identifier, _manifest, _writer;
    private readonly DbParameter _tagName, _tagSeq, _tagPid;

    public SqliteEventInsert(SqliteDialect dialect, SqliteConnection connection)
    {
        _connection = connection;
        _row = connection.CreateCommand();
        _row.CommandText =
            """
            INSERT INTO journal (created, persistence_id, sequence_number, message, tags, identifier, manifest, writer_uuid)
            VALUES (@created, @pid, @seq, @message, '', @identifier, @manifest, @writer)
            """;
        _created = dialect.Parameter(_row, "@created", SqlKind.Long);
        _pid = dialect.Parameter(_row, "@pid", SqlKind.Text);
        _seq = dialect.Parameter(_row, "@seq", SqlKind.Long);
        _message = dialect.Parameter(_row, "@message", SqlKind.Bytes);
        _identifier = dialect.Parameter(_row, "@identifier", SqlKind.Int);
        _manifest = dialect.Parameter(_row, "@manifest", SqlKind.Text);
        _writer = dialect.Parameter(_row, "@writer", SqlKind.Text);

        _tag = connection.CreateCommand();
        _tag.CommandText =
            """
            INSERT INTO tags (ordering_id, tag, sequence_nr, persistence_id)
            SELECT ordering, @tag, @seq, @pid FROM journal WHERE persistence_id = @pid AND sequence_number = @seq
            """;
        _tagName = dialect.Parameter(_tag, "@tag", SqlKind.Text);
        _tagSeq = dialect.Parameter(_tag, "@seq", SqlKind.Long);
        _tagPid = dialect.Parameter(_tag, "@pid", SqlKind.Text);

        // Without this the driver compiles the statement anew for every row.
        _row.Prepare();
        _tag.Prepare();
    }

    public override async Task WriteAsync(IReadOnlyList<JournalRow> rows, CancellationToken cancellation)
    {
        await BeginAsync(cancellation).ConfigureAwait(false);
        try
        {
            foreach (var row in rows) Insert(row);
            SqliteException.ThrowExceptionForRC(Execute("COMMIT"), _connection.Handle);
        }
        catch
        {
            // What failed counts; a transaction that the library has ended itself cannot be rolled back once more.
            if (raw.sqlite3_get_autocommit(_connection.Handle) == 0) Execute("ROLLBACK");
            throw;
        }
    }

    public override async ValueTask DisposeAsync()
    {
        await _row.DisposeAsync().ConfigureAwait(false);
        await _tag.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>
    /// Waits for the transactions of other processes by short looks. The driver would look every 150 ms, and the library, as it is built,
    /// every second: nodes that share a file would mostly sleep.
    /// </summary>
    private async Task BeginAsync(CancellationToken cancellation)
    {
        var deadlineMs = Environment.TickCount64 + (_connection.DefaultTimeout * 1000L);
        while (Execute("BEGIN IMMEDIATE") is not raw.SQLITE_OK and var outcome)
        {
            if (outcome is not (raw.SQLITE_BUSY or raw.SQLITE_LOCKED) || Environment.TickCount64 >= deadlineMs)
                SqliteException.ThrowExceptionForRC(outcome, _connection.Handle);
            await Task.Delay(Random.Shared.Next(1, MostBetweenLooksMs), cancellation).ConfigureAwait(false);
        }
    }

    /// <returns>The library's result code.</returns>
    private int Execute(string sql) => raw.sqlite3_exec(_connection.Handle, sql);

    private void Insert(JournalRow row)
    {
        _created.Value = row.Created;
        _pid.Value = row.PersistenceId;
        _seq.Value = row.SequenceNr;
        _message.Value = row.Message;
        _identifier.Value = row.SerializerId;
        _manifest.Value = row.Manifest;
        _writer.Value = row.WriterUuid;
        _row.ExecuteNonQuery();
        foreach (var tag in row.Tags)
        {
            (_tagName.Value, _tagSeq.Value, _tagPid.Value) = (tag, row.SequenceNr, row.PersistenceId);
            _tag.ExecuteNonQuery();
        }
    }
}
