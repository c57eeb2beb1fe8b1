using ActorInference.Actors.Kv;
using ActorInference.Actors.Protocols;

namespace ActorInference.Cache.Transfer;

/// <summary>
/// The pages of one message, on their way by several connections at once: pages are checked as they land, and those whose stretches come
/// by different ways when the last has. Done when no connection touches the local pages any more. Thread-safe.
/// </summary>
internal sealed class PageJob
{
    private readonly KvTransferProtocol.KvPages _message;
    private readonly IPageMemory _pool;
    private readonly ReadOnlyMemory<int> _local;
    private readonly int _pageBytes;
    private readonly Dictionary<int, (int Bytes, PageSums Sums)> _split = [];

    // What waits for it goes on by the connection's thread: another hop would be a fourth of a page's latency.
    private readonly TaskCompletionSource _done = new();
    private readonly Lock _lock = new();
    private readonly PagePart[] _parts;
    private Exception? _failure;
    private int _open;

    /// <param name="message">As it came; its numbers were checked.</param>
    /// <param name="pool">Gets the pages.</param>
    /// <param name="local">One for each, at least 1.</param>
    /// <param name="connections">Parts at most.</param>
    public PageJob(KvTransferProtocol.KvPages message, IPageMemory pool, ReadOnlyMemory<int> local, int connections)
    {
        (_message, _pool, _local, _pageBytes) = (message, pool, local, pool.Layout.PageBytes);
        _parts = PagePart.Split(this, _pageBytes, local.Length, connections);
        _open = _parts.Length;
    }

    public ReadOnlySpan<PagePart> Parts => _parts;

    /// <summary>Fails with the first failure, or with <see cref="OperationCanceledException"/> if it was aborted.</summary>
    public Task Done => _done.Task;

    public KvPageReference Remote(int index) => _message.Pages[index];

    public Span<byte> Local(int index) => _pool.Bytes(_local.Span[index]).Span;

    /// <summary>A stretch of a page has come.</summary>
    /// <exception cref="TransferException">The page is not what was sent.</exception>
    public void Landed(int index, int length, in PageSums sums)
    {
        if (length == _pageBytes)
        {
            Check(_message, index, sums.Finish(_pageBytes));
            return;
        }

        PageSums whole;
        lock (_lock)
        {
            var (bytes, sum) = _split.GetValueOrDefault(index);
            sum.Join(sums);
            _split[index] = (bytes + length, sum);
            if (bytes + length < _pageBytes) return;
            whole = sum;
        }

        Check(_message, index, whole.Finish(_pageBytes));
    }

    /// <summary>Compares a page's checksum with what its sender said.</summary>
    /// <exception cref="TransferException">It is another.</exception>
    public static void Check(KvTransferProtocol.KvPages message, int index, uint checksum)
    {
        var (source, checksums) = message.Remote!;
        if (checksum != checksums[index])
            throw new TransferException(TransferError.Corrupt, $"Page {message.Pages[index].Page} from {source.Host}:{source.Port} has another checksum than its sender said.");
    }

    /// <summary>Ends it as soon as may be: what has not begun does not, and connections at work are broken.</summary>
    public void Abort()
    {
        PageConnection[] atWork;
        lock (_lock)
        {
            _failure ??= new OperationCanceledException();
            atWork = [.. _parts.Select(part => part.Connection).OfType<PageConnection>()];
            CancelWaiting();
        }

        foreach (var connection in atWork) connection.Break();
        CompleteIfOver();
    }

    /// <returns>False if the part is no longer wanted.</returns>
    internal bool TryBegin(PagePart part, PageConnection connection)
    {
        lock (_lock)
        {
            if (part.State != PagePartState.Waiting) return false;
            (part.State, part.Connection) = (PagePartState.AtWork, connection);
            return true;
        }
    }

    /// <summary>Whether somebody gave up on it.</summary>
    internal bool IsAborted
    {
        get { lock (_lock) return _failure is OperationCanceledException; }
    }

    /// <summary>A part that has begun is over.</summary>
    internal void End(PagePart part, Exception? failure)
    {
        lock (_lock)
        {
            (part.State, part.Connection) = (PagePartState.Over, null);
            _failure ??= failure;
            _open--;
            if (_failure is not null) CancelWaiting();
        }

        CompleteIfOver();
    }

    private void CancelWaiting()
    {
        foreach (var part in _parts)
        {
            if (part.State != PagePartState.Waiting) continue;
            part.State = PagePartState.Over;
            _open--;
        }
    }

    /// <summary>Outside of the lock: others' code may run in it.</summary>
    private void CompleteIfOver()
    {
        Exception? failure;
        lock (_lock)
        {
            if (_open > 0) return;
            failure = _failure;
        }

        if (failure is null) _done.TrySetResult();
        else _done.TrySetException(failure);
    }
}
