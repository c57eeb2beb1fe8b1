using System.Collections.Concurrent;
using System.Collections.Immutable;
using ActorInference.Actors.Kv;
using ActorInference.Actors.Protocols;
using ActorInference.Cache.Transfer;
using Akka.Actor;
using static ActorInference.Actors.Protocols.CacheShardProtocol;

namespace ActorInference.Cache.Store;

/// <summary>
/// Brings pages out of stores into a pool: by one copy within the process or out of memory that is shared on the host, over TCP
/// from other hosts, and from disks by way of their stores' memory. A copy that fails is followed by the next one. Thread-safe.
/// </summary>
internal sealed class StoreReader(CacheProcess process, PageFetcherOptions options, TimeSpan diskDeadline) : IAsyncDisposable
{
    private readonly MappedMemory _mapped = new(TimeProvider.System);
    private readonly ConcurrentDictionary<KvPoolId, PageFetcher> _fetchers = new();

    private enum Way
    {
        InProcess,
        OnHost,
        ByNetwork,
        FromDisk,
        None,
    }

    /// <summary>Reads what it can; each page says whether it has landed.</summary>
    /// <param name="into">Of pages of the size that the reads have, or they stay away.</param>
    public async Task ReadAsync(IReadOnlyList<PageRead> reads, IPageMemory into, CancellationToken cancellationToken)
    {
        var open = reads.Where(read => read.SizeBytes == into.Layout.PageBytes).ToList();
        while (open.Count > 0)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var attempts = new List<(PageRead Read, Replica Replica)>(open.Count);
            foreach (var read in open)
            {
                if (read.TryNext(Distance, out var replica)) attempts.Add((read, replica));
            }

            var parts = attempts.GroupBy(attempt => (attempt.Replica.Store, Way: WayTo(attempt.Replica))).Select(
                part => TryAsync(part.Key.Way, [.. part], into, cancellationToken));
            await Task.WhenAll(parts).ConfigureAwait(false);
            open = [.. attempts.Where(attempt => !attempt.Read.HasLanded).Select(attempt => attempt.Read)];
        }
    }

    /// <summary>Copies out of a pool into slots of a store, the same ways.</summary>
    /// <param name="target">Where the pages go; of the pool's layout.</param>
    /// <returns>For each page whether it has come.</returns>
    public async Task<bool[]> TakeAsync(CacheStoreProtocol.Put put, IPageMemory target, int[] local, CancellationToken cancellationToken)
    {
        var landed = new bool[local.Length];
        if (process.Pool(put.Pool) is { } near)
        {
            await Task.Run(() => CopyNear(near, put.Pages, target, local, landed), cancellationToken).ConfigureAwait(false);
        }
        else if (put.Source is { SharedPath: { } path } source && options.UseSharedMemory && _mapped.TryUse(path, (long)source.CapacityPages * source.Layout.PageBytes) is { } use)
        {
            using (use) await Task.Run(() => CopyShared(use.Segment, source, put.Pages, target, local, landed), cancellationToken).ConfigureAwait(false);
        }
        else if (put.Source is { } remote)
        {
            var message = new KvTransferProtocol.KvPages(
                default, 0, put.Pool, 0, [.. put.Pages.Select(page => page.From)], null, new(remote, [.. put.Pages.Select(page => page.Checksum)]));
            await FetchAsync(message, target, local, cancellationToken).ConfigureAwait(false);
            for (var i = 0; i < local.Length; i++) landed[i] = PageChecksum.Compute(target.Bytes(local[i]).Span) == put.Pages[i].Checksum;
        }

        return landed;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var fetcher in _fetchers.Values) await fetcher.DisposeAsync().ConfigureAwait(false);
        _mapped.Dispose();
    }

    private static void CopyNear(IPageMemory pool, ImmutableArray<CacheStoreProtocol.GivenPage> pages, IPageMemory target, int[] local, bool[] landed)
    {
        Span<int> held = stackalloc int[1];
        for (var i = 0; i < local.Length; i++)
        {
            held[0] = pages[i].From.Page;
            if ((uint)held[0] >= (uint)pool.CapacityPages || !pool.TryAddReference(held[0], pages[i].From.Generation)) continue;
            landed[i] = PageCopy.TryCopy(pool.Bytes(held[0]).Span, target.Bytes(local[i]).Span, pages[i].Checksum);
            pool.Release(held);
        }
    }

    private static unsafe void CopyShared(
        SharedSegment segment, KvPageSource source, ImmutableArray<CacheStoreProtocol.GivenPage> pages, IPageMemory target, int[] local, bool[] landed)
    {
        var bytes = source.Layout.PageBytes;
        for (var i = 0; i < local.Length; i++)
        {
            var page = pages[i].From.Page;
            if ((uint)page >= (uint)source.CapacityPages) continue;
            landed[i] = PageCopy.TryCopy(new ReadOnlySpan<byte>(segment.Address + (long)page * bytes, bytes), target.Bytes(local[i]).Span, pages[i].Checksum);
        }
    }

    private int Distance(Replica replica) => (int)WayTo(replica);

    private Way WayTo(in Replica replica)
    {
        if (!process.Table.IsReadable(replica) || !process.Table.TryGet(replica.Store, out var store)) return Way.None;
        if (replica.IsOnDisk) return Way.FromDisk;
        if (process.Store(replica.Epoch) is not null) return Way.InProcess;
        return store.Report.SharedPath is { } path && options.UseSharedMemory && _mapped.CanUse(path, store.Report.CapacityBytes) ? Way.OnHost : Way.ByNetwork;
    }

    private Task TryAsync(Way way, List<(PageRead Read, Replica Replica)> attempts, IPageMemory into, CancellationToken cancellationToken) => way switch
    {
        Way.InProcess => Task.Run(() => CopyInProcess(attempts, into), cancellationToken),
        Way.OnHost => Task.Run(() => CopyOnHost(attempts, into), cancellationToken),
        Way.ByNetwork => FetchAsync(attempts, into, cancellationToken),
        Way.FromDisk => LoadAsync(attempts, into, cancellationToken),
        _ => Task.CompletedTask,
    };

    private void CopyInProcess(List<(PageRead Read, Replica Replica)> attempts, IPageMemory into)
    {
        foreach (var (read, replica) in attempts)
        {
            if (process.Store(replica.Epoch) is { } pool && pool.TryAddReference(replica.Slot, replica.Generation))
            {
                read.HasLanded = PageCopy.TryCopy(pool.Bytes(replica.Slot), into.Bytes(read.Local).Span, read.Checksum);
                pool.Release(replica.Slot);
            }

            if (!read.HasLanded) read.Broken.Add(replica);
        }
    }

    private unsafe void CopyOnHost(List<(PageRead Read, Replica Replica)> attempts, IPageMemory into)
    {
        if (!process.Table.TryGet(attempts[0].Replica.Store, out var store) || store.Report.SharedPath is not { } path) return;
        using var use = _mapped.TryUse(path, store.Report.CapacityBytes);
        if (use is null) return;
        var segment = use.Segment;
        foreach (var (read, replica) in attempts)
        {
            if (replica.Offset >= 0 && replica.Offset + read.SizeBytes <= segment.Bytes)
                read.HasLanded = PageCopy.TryCopy(new ReadOnlySpan<byte>(segment.Address + replica.Offset, read.SizeBytes), into.Bytes(read.Local).Span, read.Checksum);
            if (!read.HasLanded) read.Broken.Add(replica);
        }
    }

    private async Task FetchAsync(List<(PageRead Read, Replica Replica)> attempts, IPageMemory into, CancellationToken cancellationToken)
    {
        var shape = StoreShape.Of(into.Layout.PageBytes);
        if (!process.Table.TryGet(attempts[0].Replica.Store, out var store)) return;
        var view = store.Report.Views.FirstOrDefault(each => each.Source.Layout == shape);
        if (view.Source is null) return;
        var message = new KvTransferProtocol.KvPages(
            default, 0, view.Pool, 0,
            [.. attempts.Select(attempt => new KvPageReference(attempt.Replica.Slot, attempt.Replica.Generation))], null,
            new(view.Source, [.. attempts.Select(attempt => attempt.Read.Checksum)]));
        var isWhole = await FetchAsync(message, StoreShape.Shapeless(into), [.. attempts.Select(attempt => attempt.Read.Local)], cancellationToken).ConfigureAwait(false);
        foreach (var (read, replica) in attempts)
        {
            read.HasLanded = PageChecksum.Compute(into.Bytes(read.Local).Span) == read.Checksum;
            // Of a transfer that broke off nobody knows which of its pages are at fault.
            if (!read.HasLanded && attempts.Count == 1 && isWhole is TransferError.Gone or TransferError.Corrupt) read.Broken.Add(replica);
        }
    }

    /// <returns>Null if all is well.</returns>
    private async Task<TransferError?> FetchAsync(KvTransferProtocol.KvPages message, IPageMemory target, int[] local, CancellationToken cancellationToken)
    {
        var fetcher = _fetchers.GetOrAdd(target.Id, _ => new PageFetcher(target, options with { UseSharedMemory = false }));
        try
        {
            await fetcher.FetchAsync(message, local, cancellationToken).ConfigureAwait(false);
            return null;
        }
        catch (TransferException failed)
        {
            return failed.Error;   // The caller looks which pages have come.
        }
    }

    private async Task LoadAsync(List<(PageRead Read, Replica Replica)> attempts, IPageMemory into, CancellationToken cancellationToken)
    {
        if (!process.Table.TryGet(attempts[0].Replica.Store, out var store)) return;
        var load = new CacheStoreProtocol.Load([.. attempts.Select(attempt => attempt.Read.Page)]);
        CacheStoreProtocol.PutDone loaded;
        try
        {
            loaded = await store.Report.Actor.Ask<CacheStoreProtocol.PutDone>(load, diskDeadline, cancellationToken).ConfigureAwait(false);
        }
        catch (AskTimeoutException)
        {
            return;   // Slow is not broken: the next copy, or a miss.
        }

        var inMemory = new List<PageRead>();
        for (var i = 0; i < attempts.Count; i++)
        {
            var read = attempts[i].Read;
            // Where there is none, the store had no room for it now, or has told its shard itself that the page is lost.
            if (loaded.Replicas[i] is { } place) inMemory.Add(new PageRead(read.Page, read.SizeBytes, read.Checksum, [place], read.Local));
        }

        await ReadAsync(inMemory, into, cancellationToken).ConfigureAwait(false);
        foreach (var landed in inMemory.Where(read => read.HasLanded)) attempts.Find(attempt => attempt.Read.Local == landed.Local).Read.HasLanded = true;
    }
}
