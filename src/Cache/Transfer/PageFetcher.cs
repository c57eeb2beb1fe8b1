using System.Net;
using System.Net.Sockets;
using ActorInference.Actors.Kv;
using ActorInference.Actors.Protocols;

namespace ActorInference.Cache.Transfer;

/// <summary>
/// Brings pages of other processes into one pool: by one copy out of shared memory on the same host, or from device to device there, else over TCP
/// straight into the pool, if the host reaches it; summed on the way, in the same pass. Thread-safe.
/// </summary>
public sealed class PageFetcher(IPageMemory pool, PageFetcherOptions options) : IAsyncDisposable
{
    /// <summary>Processes whose connections are kept.</summary>
    private const int MaxPeers = 64;

    private readonly SharedSegments _segments = new();
    private readonly PageLanding _landing = new(pool);
    private readonly KvTransferFormat _format = KvTransferFormat.Of(pool.Layout);
    private readonly Lock _lock = new();
    private readonly OrderedDictionary<KvPoolId, PagePeer> _peers = [];
    private readonly HashSet<Task> _active = [];
    private readonly CancellationTokenSource _stop = new();

    public PageFetcherOptions Options => options;

    /// <summary>Why pages last could not come straight from another process's device; null if they could, or nobody has tried.</summary>
    public string? DeviceRefusal { get; private set; }

    /// <summary>Fills pages of the pool with those of a message.</summary>
    /// <param name="message">As it came, with <see cref="KvTransferProtocol.KvPages.Remote"/>.</param>
    /// <param name="local">Pages that the caller holds, one for each; filled only in part if it fails.</param>
    /// <exception cref="TransferException">They did not come, or not as they were sent.</exception>
    /// <remarks>What awaits it may go on by the thread of a connection, and must not block there.</remarks>
    public async Task FetchAsync(KvTransferProtocol.KvPages message, ReadOnlyMemory<int> local, CancellationToken cancellationToken)
    {
        Check(message, local.Length);
        if (local.Length == 0) return;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stop.Token);
        var fetch = BringInTimeAsync(message, local, stop.Token);
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

    /// <summary>Lets go of the memory of processes on this host that have died.</summary>
    public void ReleaseAbandoned()
    {
        _segments.ReleaseAbandoned();
        (pool as IDevicePages)?.ReleaseAbandoned();
    }

    /// <summary>Ends what is under way and waits for it: from then on nothing here touches the pool.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        Task[] active;
        lock (_lock) active = [.. _active];
        await Task.WhenAll(active).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _segments.Dispose();
        _landing.Dispose();
        lock (_lock)
        {
            foreach (var peer in _peers.Values) peer.Dispose();
            _peers.Clear();
        }
    }

    private async Task BringInTimeAsync(KvTransferProtocol.KvPages message, ReadOnlyMemory<int> local, CancellationToken cancellationToken)
    {
        var source = message.Remote!.Source;
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
    }

    private async Task BringAsync(KvTransferProtocol.KvPages message, KvPageSource source, ReadOnlyMemory<int> local, CancellationToken cancellationToken)
    {
        if (options.UseSharedMemory && !pool.HasBytes && source.SharedPath is { } name && await Task.Run(() => TryCopyOnDevice(message, name, local), cancellationToken).ConfigureAwait(false)) return;
        if (options.UseSharedMemory && source.SharedPath is not null && File.Exists(source.SharedPath))
        {
            await Task.Run(() => _segments.Copy(message, pool, local.Span, cancellationToken), cancellationToken).ConfigureAwait(false);
            return;
        }

        if (source.Port == 0) throw new TransferException(TransferError.Broken, $"The pool {message.Pool} has no page server, and its memory is not shared with this host.");
        var address = IPAddress.TryParse(source.Host, out var known) ? known : await ResolveAsync(source, cancellationToken).ConfigureAwait(false);
        if (pool.HasBytes) await FetchAsync(message, pool, local, address, cancellationToken).ConfigureAwait(false);
        else await _landing.FetchAsync(message, local, (part, into, pages) => FetchAsync(part, into, pages, address, cancellationToken), cancellationToken).ConfigureAwait(false);
    }

    private async Task FetchAsync(KvTransferProtocol.KvPages message, IPageMemory into, ReadOnlyMemory<int> pages, IPAddress address, CancellationToken cancellationToken)
    {
        var job = new PageJob(message, into, pages, options.Connections);
        Start(job, message.Pool, message.Remote!.Source, address);
        await using var registration = cancellationToken.UnsafeRegister(static job => ((PageJob)job!).Abort(), job).ConfigureAwait(false);
        await job.Done.ConfigureAwait(false);
    }

    /// <returns>False if they have to come by way of the host.</returns>
    /// <exception cref="TransferException">A page is not what was sent.</exception>
    private bool TryCopyOnDevice(KvTransferProtocol.KvPages message, string name, ReadOnlyMemory<int> local)
    {
        if (pool is not IDevicePages device) return false;
        DeviceRefusal = device.TryCopy(name, [.. message.Pages.Select(page => page.Page)], local.Span);
        if (DeviceRefusal is not null) return false;
        var sums = new uint[local.Length];
        pool.Sum(local.Span, sums);
        for (var i = 0; i < sums.Length; i++) PageJob.Check(message, i, sums[i]);
        return true;
    }

    private static async Task<IPAddress> ResolveAsync(KvPageSource source, CancellationToken cancellationToken)
    {
        try
        {
            return (await Dns.GetHostAddressesAsync(source.Host, cancellationToken).ConfigureAwait(false))[0];
        }
        catch (Exception unknown) when (unknown is SocketException or ArgumentException or IndexOutOfRangeException)
        {
            throw new TransferException(TransferError.Broken, $"The page server's host '{source.Host}' has no address: {unknown.Message}", unknown);
        }
    }

    private void Start(PageJob job, KvPoolId id, KvPageSource source, IPAddress address)
    {
        lock (_lock)
        {
            if (!_peers.TryGetValue(id, out var peer))
            {
                if (_peers.Count >= MaxPeers)
                {
                    _peers.GetAt(0).Value.Dispose();
                    _peers.RemoveAt(0);
                }

                peer = new PagePeer(id, source, address, options.Connections);
                _peers.Add(id, peer);
            }

            peer.Enqueue(job);
        }
    }

    private void Check(KvTransferProtocol.KvPages message, int local)
    {
        var (source, checksums) = message.Remote ?? throw new TransferException(TransferError.Protocol, "The message does not say where its pages are.");
        if (KvCompatibility.Explain(_format, source.Format) is { } difference)
            throw new TransferException(TransferError.Mismatch, $"Pages of this pool and those of {source.Host}:{source.Port} differ: {difference}.");
        if (checksums.Length != message.Pages.Length || local != message.Pages.Length)
            throw new TransferException(TransferError.Protocol, $"There are {checksums.Length} checksums and {local} places for {message.Pages.Length} pages.");
        foreach (var (page, _) in message.Pages)
        {
            if ((uint)page >= (uint)source.CapacityPages)
                throw new TransferException(TransferError.Protocol, $"Page {page} is not in a pool of {source.CapacityPages}.");
        }
    }
}
