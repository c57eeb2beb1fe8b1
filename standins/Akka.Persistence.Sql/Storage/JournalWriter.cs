using System.Data.Common;
using System.Threading.Channels;

namespace Akka.Persistence.Sql.Storage;

/// <summary>
/// Writes events with group commit: whatever has queued up while one transaction was being made durable goes into the
/// next. One connection, one transaction at a time; a caller's task ends when its rows are durable.
/// </summary>
internal sealed class JournalWriter : IAsyncDisposable
{
    private readonly SqlDialect _dialect;
    private readonly string _connectionString;
    private readonly int _maxRows;
    private readonly Channel<Request> _requests;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _loop;

    private sealed record Request(IReadOnlyList<JournalRow> Rows, TaskCompletionSource Done);

    /// <param name="queueCapacity">Writes that may wait; more are refused.</param>
    /// <param name="maxRows">Rows of one transaction, unless a single write has more.</param>
    public JournalWriter(SqlDialect dialect, string connectionString, int queueCapacity, int maxRows)
    {
        (_dialect, _connectionString, _maxRows) = (dialect, connectionString, maxRows);
        _requests = Channel.CreateBounded<Request>(new BoundedChannelOptions(queueCapacity) { SingleReader = true });
        _loop = Task.Run(RunAsync);
    }

    /// <summary>Writes rows of one persistence id, all or none.</summary>
    /// <exception cref="InvalidOperationException">The queue is full, or the writer is closed.</exception>
    /// <exception cref="DbException">The database refused them, for instance because another writer has used a sequence number.</exception>
    public Task WriteAsync(IReadOnlyList<JournalRow> rows)
    {
        var request = new Request(rows, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        if (!_requests.Writer.TryWrite(request))
            throw new InvalidOperationException("The journal's write queue is full or closed; raise buffer-size or write less.");
        return request.Done.Task;
    }

    public async ValueTask DisposeAsync()
    {
        _requests.Writer.TryComplete();
        _stop.CancelAfter(TimeSpan.FromSeconds(5));
        await _loop.ConfigureAwait(false);
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        DbConnection? connection = null;
        var group = new List<Request>();
        while (await _requests.Reader.WaitToReadAsync().ConfigureAwait(false))
        {
            FillGroup(group);
            try
            {
                connection ??= await _dialect.OpenAsync(_connectionString, _stop.Token).ConfigureAwait(false);
                await WriteGroupAsync(connection, group).ConfigureAwait(false);
            }
            catch (Exception error)
            {
                // The connection may be broken; the next group opens a new one.
                foreach (var request in group) request.Done.TrySetException(error);
                if (connection is not null) await connection.DisposeAsync().ConfigureAwait(false);
                connection = null;
            }

            group.Clear();
        }

        if (connection is not null) await connection.DisposeAsync().ConfigureAwait(false);
    }

    private void FillGroup(List<Request> group)
    {
        var rows = 0;
        while (rows < _maxRows && _requests.Reader.TryRead(out var request))
        {
            group.Add(request);
            rows += request.Rows.Count;
        }
    }

    /// <summary>All in one transaction; if one write is refused, each in its own, so that only the culprit fails.</summary>
    private async Task WriteGroupAsync(DbConnection connection, List<Request> group)
    {
        try
        {
            await WriteTransactionAsync(connection, group).ConfigureAwait(false);
        }
        catch (DbException error) when (group.Count > 1 && _dialect.IsDuplicateKey(error))
        {
            foreach (var request in group) await WriteAloneAsync(connection, request).ConfigureAwait(false);
            return;
        }

        foreach (var request in group) request.Done.TrySetResult();
    }

    private async Task WriteAloneAsync(DbConnection connection, Request request)
    {
        try
        {
            await WriteTransactionAsync(connection, [request]).ConfigureAwait(false);
            request.Done.TrySetResult();
        }
        catch (DbException error) when (_dialect.IsDuplicateKey(error))
        {
            request.Done.TrySetException(error);
        }
    }

    private async Task WriteTransactionAsync(DbConnection connection, List<Request> group)
    {
        await using var transaction = await connection.BeginTransactionAsync(_stop.Token).ConfigureAwait(false);
        await using var insert = new InsertCommand(_dialect, connection, transaction);
        foreach (var request in group)
        {
            foreach (var row in request.Rows) await insert.ExecuteAsync(row, _stop.Token).ConfigureAwait(false);
        }

        await transaction.CommitAsync(_stop.Token).ConfigureAwait(false);
    }

    /// <summary>The prepared statements of one transaction.</summary>
    private sealed class InsertCommand : IAsyncDisposable
    {
        private readonly DbCommand _row;
        private readonly DbCommand _tag;
        private readonly DbParameter _created, _pid, _seq, _message, _tags, _identifier, _manifest, _writer;
        private readonly DbParameter _tagOrdering, _tagName, _tagSeq, _tagPid;

        public InsertCommand(SqlDialect dialect, DbConnection connection, DbTransaction transaction)
        {
            _row = connection.CreateCommand();
            _row.Transaction = transaction;
            _row.CommandText =
                """
                INSERT INTO journal (created, persistence_id, sequence_number, message, tags, identifier, manifest, writer_uuid)
                VALUES (@created, @pid, @seq, @message, @tags, @identifier, @manifest, @writer) RETURNING ordering
                """;
            _created = dialect.Parameter(_row, "created", SqlKind.Long);
            _pid = dialect.Parameter(_row, "pid", SqlKind.Text);
            _seq = dialect.Parameter(_row, "seq", SqlKind.Long);
            _message = dialect.Parameter(_row, "message", SqlKind.Bytes);
            _tags = dialect.Parameter(_row, "tags", SqlKind.Text);
            _identifier = dialect.Parameter(_row, "identifier", SqlKind.Int);
            _manifest = dialect.Parameter(_row, "manifest", SqlKind.Text);
            _writer = dialect.Parameter(_row, "writer", SqlKind.Text);

            _tag = connection.CreateCommand();
            _tag.Transaction = transaction;
            _tag.CommandText = "INSERT INTO tags (ordering_id, tag, sequence_nr, persistence_id) VALUES (@ordering, @tag, @seq, @pid)";
            _tagOrdering = dialect.Parameter(_tag, "ordering", SqlKind.Long);
            _tagName = dialect.Parameter(_tag, "tag", SqlKind.Text);
            _tagSeq = dialect.Parameter(_tag, "seq", SqlKind.Long);
            _tagPid = dialect.Parameter(_tag, "pid", SqlKind.Text);
        }

        public async Task ExecuteAsync(JournalRow row, CancellationToken cancellation)
        {
            _created.Value = row.Created;
            _pid.Value = row.PersistenceId;
            _seq.Value = row.SequenceNr;
            _message.Value = row.Message;
            _tags.Value = DBNull.Value;   // Tag mode TagTable: tags live in their own table.
            _identifier.Value = row.SerializerId;
            _manifest.Value = row.Manifest;
            _writer.Value = row.WriterUuid;
            var ordering = (long)(await _row.ExecuteScalarAsync(cancellation).ConfigureAwait(false))!;
            foreach (var tag in row.Tags)
            {
                (_tagOrdering.Value, _tagName.Value, _tagSeq.Value, _tagPid.Value) = (ordering, tag, row.SequenceNr, row.PersistenceId);
                await _tag.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
            }
        }

        public async ValueTask DisposeAsync()
        {
            await _row.DisposeAsync().ConfigureAwait(false);
            await _tag.DisposeAsync().ConfigureAwait(false);
        }
    }
}
