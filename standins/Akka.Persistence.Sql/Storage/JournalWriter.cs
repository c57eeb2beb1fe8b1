using System.Data.Common;
using System.Threading.Channels;

namespace Akka.Persistence.Sql.Storage;

/// <summary>
/// Writes events with group commit: whatever has queued up while one transaction was being made durable goes into the
/// next. One connection, one transaction at a time; a caller's task ends when its rows are durable.
/// </summary>
internal sealed class JournalWriter
{
    private readonly Database _database;
    private readonly int _maxRows;
    private readonly int _queueCapacity;
    private readonly Channel<Request> _requests;
    private DbConnection? _connection;
    private EventInsert? _insert;

    /// <param name="queueCapacity">Writes that may wait; more are refused.</param>
    /// <param name="maxRows">Rows of one transaction, unless a single write has more.</param>
    public JournalWriter(Database database, int queueCapacity, int maxRows)
    {
        (_database, _queueCapacity, _maxRows) = (database, queueCapacity, maxRows);
        _requests = Channel.CreateBounded<Request>(new BoundedChannelOptions(queueCapacity) { SingleReader = true });
        Completion = Task.Run(RunAsync);
    }

    private sealed record Request(IReadOnlyList<JournalRow> Rows, TaskCompletionSource Done);

    /// <summary>Ends when the writer is closed and what was queued has been written.</summary>
    public Task Completion { get; }

    /// <summary>Writes rows of one persistence id, all or none.</summary>
    /// <exception cref="InvalidOperationException">The queue is full, or the writer is closed.</exception>
    /// <exception cref="DatabaseException">
    /// The database refused them, for instance because another writer has used a sequence number. (Through the task.)
    /// </exception>
    public Task WriteAsync(IReadOnlyList<JournalRow> rows)
    {
        var request = new Request(rows, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        if (_requests.Writer.TryWrite(request)) return request.Done.Task;
        throw new InvalidOperationException(
            Completion.IsCompleted ? "The journal is closed." : $"{_queueCapacity} writes wait for the database already (buffer-size).");
    }

    /// <summary>Takes no more writes. Those that are queued are still written.</summary>
    public void Close() => _requests.Writer.TryComplete();

    private async Task RunAsync()
    {
        var group = new List<Request>();
        while (await _requests.Reader.WaitToReadAsync().ConfigureAwait(false))
        {
            FillGroup(group);
            await WriteGroupAsync(group).ConfigureAwait(false);
            group.Clear();
        }

        await DisconnectAsync().ConfigureAwait(false);
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
    private async Task WriteGroupAsync(List<Request> group)
    {
        var error = await TryWriteAsync(group.Count == 1 ? group[0].Rows : [.. group.SelectMany(request => request.Rows)]).ConfigureAwait(false);
        if (error is null || group.Count == 1 || !IsAboutTheRows(error))
        {
            foreach (var request in group) Complete(request, error);
            return;
        }

        foreach (var request in group) Complete(request, await TryWriteAsync(request.Rows).ConfigureAwait(false));
    }

    /// <returns>Null if the rows are durable.</returns>
    private async Task<Exception?> TryWriteAsync(IReadOnlyList<JournalRow> rows)
    {
        try
        {
            if (_insert is null)
            {
                _connection = await _database.OpenAsync(CancellationToken.None).ConfigureAwait(false);
                _insert = _database.Dialect.CreateInsert(_connection);
            }

            await _insert.WriteAsync(rows, CancellationToken.None).ConfigureAwait(false);
            return null;
        }
        catch (Exception error)
        {
            // A connection that only refused some rows is as good as before.
            return IsAboutTheRows(error) ? error : await DisconnectAfterAsync(error).ConfigureAwait(false);
        }
    }

    private void Complete(Request request, Exception? error)
    {
        if (error is null) request.Done.TrySetResult();
        else request.Done.TrySetException(Explain(request, error));
    }

    private DatabaseException Explain(Request request, Exception error)
    {
        var (first, last) = (request.Rows[0], request.Rows[^1]);
        var what = $"writing events {first.SequenceNr} to {last.SequenceNr} of '{first.PersistenceId}'";
        return error is DbException refused && _database.Dialect.IsDuplicateKey(refused)
            ? _database.Failure($"{what}, which another writer of that persistence id has written already,", error)
            : _database.Failure(what, error);
    }

    /// <summary>Whether the same connection may well write other rows: a key is taken, or a value is too long.</summary>
    private bool IsAboutTheRows(Exception error) =>
        error is DbException refused && (_database.Dialect.IsDuplicateKey(refused) || refused.SqlState?.StartsWith("22", StringComparison.Ordinal) == true);

    /// <returns>The error, with what closing a broken connection may add to it.</returns>
    private async Task<Exception> DisconnectAfterAsync(Exception error)
    {
        try
        {
            await DisconnectAsync().ConfigureAwait(false);
            return error;
        }
        catch (Exception another)
        {
            return new AggregateException(error.Message, error, another);
        }
    }

    private async Task DisconnectAsync()
    {
        var (insert, connection) = (_insert, _connection);
        (_insert, _connection) = (null, null);
        if (insert is not null) await insert.DisposeAsync().ConfigureAwait(false);
        if (connection is not null) await connection.DisposeAsync().ConfigureAwait(false);
    }
}
