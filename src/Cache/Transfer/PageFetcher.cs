using System.Collections.Immutable;
using ActorInference.Actors.Kv;
using ActorInference.Actors.Protocols;

namespace ActorInference.Cache.Transfer;

/// <summary>
/// Brings pages of other processes into one pool, by the shortest way to each: from device to device or by one copy out of shared memory on the
/// same host, else over TCP; summed on the way, in the same pass. Thread-safe.
/// </summary>
public sealed class PageFetcher : IAsyncDisposable
{
    private readonly IPageMemory _pool;
    private readonly KvTransferFormat _format;
    private readonly ImmutableArray<IPageTransport> _transports;
    private readonly Lock _lock = new();
    private readonly HashSet<Task> _active = [];
    private readonly CancellationTokenSource _stop = new();

    /// <param name="pool">Outlives this.</param>
    /// <param name="options">Which ways there are, and their limits.</param>
    public PageFetcher(IPageMemory pool, PageFetcherOptions options)
    {
        (_pool, Options, _format) = (pool, options, KvTransferFormat.Of(pool.Layout));
        var transports = ImmutableArray.CreateBuilder<IPageTransport>();
        if (options.UseSharedMemory && !pool.HasBytes && pool is IDevicePages device) transports.Add(new DeviceTransport(pool, device));
        if (options.UseSharedMemory) transports.Add(new SharedMemoryTransport(pool));
        transports.Add(new SocketTransport(pool, options.Connections));
        _transports = transports.ToImmutable();
    }

    public PageFetcherOptions Options { get; }

    /// <summary>Why pages last could not come straight from another process's device; null if they could, or nobody has tried.</summary>
    public string? DeviceRefusal => _transports.OfType<DeviceTransport>().SingleOrDefault()?.Refusal;

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
        foreach (var transport in _transports) transport.ReleaseAbandoned();
    }

    /// <summary>Ends what is under way and waits for it: from then on nothing here touches the pool.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        Task[] active;
        lock (_lock) active = [.. _active];
        await Task.WhenAll(active).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var transport in _transports) transport.Dispose();
    }

    private async Task BringInTimeAsync(KvTransferProtocol.KvPages message, ReadOnlyMemory<int> local, CancellationToken cancellationToken)
    {
        var source = message.Remote!.Source;
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var bytes = (long)local.Length * _pool.Layout.PageBytes;
        deadline.CancelAfter(Options.Stall + TimeSpan.FromSeconds((double)bytes / Options.MinBytesPerSecond));
        try
        {
            foreach (var transport in _transports)
            {
                if (await transport.TryBringAsync(message, local, deadline.Token).ConfigureAwait(false)) return;
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TransferException(TransferError.TimedOut, $"{local.Length} pages from {source.Host}:{source.Port} did not come within their deadline.");
        }

        throw new TransferException(TransferError.Broken, $"The pool {message.Pool} has no page server, and its memory is not shared with this host.");
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
