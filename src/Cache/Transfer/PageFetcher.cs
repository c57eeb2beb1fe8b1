using ActorInference.Actors.Kv;
using ActorInference.Actors.Protocols;

namespace ActorInference.Cache.Transfer;

/// <summary>
/// Brings pages of other processes into one pool: by one copy out of shared memory on the same host, else over TCP straight
/// into the pool. Thread-safe.
/// </summary>
public sealed class PageFetcher(IPageMemory pool, PageFetcherOptions options) : IAsyncDisposable
{
    /// <summary>Processes whose connections are kept.</summary>
    private const int MaxPeers = 64;

    private readonly SharedSegments _segments = new();
    private readonly Lock _lock = new();
    private readonly OrderedDictionary<KvPoolId, PageClients> _peers = [];
    private readonly HashSet<Task> _active = [];
    private readonly CancellationTokenSource _stop = new();

    public PageFetcherOptions Options => options;

    /// <summary>Fills pages of the pool with those of a message.</summary>
    /// <param name="message">As it came, with <see cref="KvTransferProtocol.KvPages.Remote"/>.</param>
    /// <param name="local">Pages that the caller holds, one for each; filled only in part if it fails.</param>
    /// <exception cref="TransferException">They did not come, or not as they were sent.</exception>
    public async Task FetchAsync(KvTransferProtocol.KvPages message, ReadOnlyMemory<int> local, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stop.Token);
        var fetch = BringCheckedAsync(message, local, stop.Token);
        lock (_lock) _active.Add(fetch);
        try
        {
            await fetch.ConfigureAwait(false);
        }
        finally
        {
            lock (_lock) _active.Remove(fetch);
        }
    }

    /// <summary>Ends what is under way and waits for it: from then on nothing here touches the pool.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        Task[] active;
        lock (_lock) active = [.. _active];
        await Task.WhenAll(active).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _segments.Dispose();
        lock (_lock)
        {
            foreach (var peer in _peers.Values) peer.Dispose();
            _peers.Clear();
        }
    }

    private async Task BringCheckedAsync(KvTransferProtocol.KvPages message, ReadOnlyMemory<int> local, CancellationToken cancellationToken)
    {
        var (source, checksums) = message.Remote!;
        Check(message, source, checksums.Length);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var bytes = (long)local.Length * pool.Layout.PageBytes;
        deadline.CancelAfter(options.Stall + TimeSpan.FromSeconds((double)bytes / options.MinBytesPerSecond));
        try
        {
            await BringAsync(message, source, local, deadline.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TransferException(TransferError.TimedOut, $"{local.Length} pages from {source.Host}:{source.Port} did not come within their deadline.");
        }

        for (var i = 0; i < local.Length; i++)
        {
            if (PageChecksum.Compute(pool.Bytes(local.Span[i]).Span) != checksums[i])
                throw new TransferException(TransferError.Corrupt, $"Page {message.Pages[i].Page} from {source.Host}:{source.Port} has another checksum than its sender said.");
        }
    }

    private Task BringAsync(KvTransferProtocol.KvPages message, KvPageSource source, ReadOnlyMemory<int> local, CancellationToken cancellationToken)
    {
        if (options.UseSharedMemory && source.SharedPath is not null && File.Exists(source.SharedPath))
            return Task.Run(() => _segments.Copy(message.Pool, source, message.Pages.AsSpan(), pool, local.Span), cancellationToken);
        if (source.Port == 0) throw new TransferException(TransferError.Broken, $"The pool {message.Pool} has no page server, and its memory is not shared with this host.");
        return Peer(message.Pool, source).FetchAsync(message.Pages.AsMemory(), pool, local, cancellationToken);
    }

    private PageClients Peer(KvPoolId id, KvPageSource source)
    {
        lock (_lock)
        {
            if (_peers.TryGetValue(id, out var peer)) return peer;
            if (_peers.Count >= MaxPeers)
            {
                _peers.GetAt(0).Value.Dispose();
                _peers.RemoveAt(0);
            }

            peer = new PageClients(id, source, options.Connections);
            _peers.Add(id, peer);
            return peer;
        }
    }

    private void Check(KvTransferProtocol.KvPages message, KvPageSource source, int checksums)
    {
        if (source.Layout != pool.Layout)
            throw new TransferException(TransferError.Mismatch, $"Pages are of the layout {source.Layout}; this pool's are of {pool.Layout}.");
        if (checksums != message.Pages.Length)
            throw new TransferException(TransferError.Protocol, $"There are {checksums} checksums for {message.Pages.Length} pages.");
        foreach (var (page, _) in message.Pages)
        {
            if ((uint)page >= (uint)source.CapacityPages)
                throw new TransferException(TransferError.Protocol, $"Page {page} is not in a pool of {source.CapacityPages}.");
        }
    }
}
