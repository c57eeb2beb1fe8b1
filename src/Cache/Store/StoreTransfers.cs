using System.Collections.Concurrent;
using System.Collections.Immutable;
using ActorInference.Actors.Kv;
using ActorInference.Actors.Protocols;
using ActorInference.Cache.Transfer;
using static ActorInference.Actors.Protocols.CacheShardProtocol;

namespace ActorInference.Cache.Store;

/// <summary>Moves pages into a store's pool and offers them to other hosts. Thread-safe; owns no page.</summary>
internal sealed class StoreTransfers(StorePool pool, CacheStoreOptions options, CacheProcess process) : IAsyncDisposable
{
    private readonly StoreReader _reader = new(process, new PageFetcherOptions(), options.TransferDeadline);
    private readonly ConcurrentDictionary<KvPageLayout, StoreView> _targets = new();
    private readonly Lock _lock = new();
    private readonly Dictionary<KvPageLayout, (StoreView View, PageServer Server)> _servers = [];
    private ImmutableArray<CacheStoreProtocol.PageView> _views = [];

    /// <summary>How pages are read from other hosts.</summary>
    public ImmutableArray<CacheStoreProtocol.PageView> Views
    {
        get { lock (_lock) return _views; }
    }

    /// <summary>Takes pages of a worker.</summary>
    /// <param name="uses">Room for each; default where there was none.</param>
    public async Task<bool[]> TakeAsync(CacheStoreProtocol.Put put, CacheStoreProtocol.SlotUse?[] uses, CancellationToken cancellationToken)
    {
        var taken = new bool[uses.Length];
        var layout = process.Pool(put.Pool)?.Layout ?? put.Source?.Layout;
        if (layout is null) return taken;
        var rooms = Enumerable.Range(0, uses.Length).Where(i => uses[i] is not null && put.Pages[i].Page.SizeBytes == layout.PageBytes).ToArray();
        if (rooms.Length == 0) return taken;
        var target = _targets.GetOrAdd(layout, static (layout, pool) => new StoreView(pool, layout), pool);
        var part = put with { Pages = [.. rooms.Select(i => put.Pages[i])] };
        var landed = await _reader.TakeAsync(part, target, [.. rooms.Select(i => uses[i]!.Value.Slot)], cancellationToken).ConfigureAwait(false);
        for (var i = 0; i < rooms.Length; i++) taken[rooms[i]] = landed[i];
        return taken;
    }

    /// <summary>Copies pages out of other stores.</summary>
    public async Task<bool[]> PullAsync(ImmutableArray<CacheStoreProtocol.PullPage> pages, CacheStoreProtocol.SlotUse?[] uses, CancellationToken cancellationToken)
    {
        var taken = new bool[pages.Length];
        foreach (var alike in Enumerable.Range(0, pages.Length).Where(i => uses[i] is not null).GroupBy(i => pages[i].Page.SizeBytes))
        {
            var target = _targets.GetOrAdd(StoreShape.Of(alike.Key), static (layout, pool) => new StoreView(pool, layout), pool);
            var reads = alike.ToDictionary(i => i, i => new PageRead(
                new TenantKey(pages[i].Tenant, pages[i].Page.Key), pages[i].Page.SizeBytes, pages[i].Checksum, [pages[i].From], uses[i]!.Value.Slot));
            await _reader.ReadAsync([.. reads.Values], target, cancellationToken).ConfigureAwait(false);
            foreach (var (i, read) in reads) taken[i] = read.HasLanded;
        }

        return taken;
    }

    /// <summary>Opens a way to read pages of a size from other hosts, unless it is there.</summary>
    /// <exception cref="System.Net.Sockets.SocketException">There is no port left.</exception>
    public void Offer(int pageBytes)
    {
        if (options.Listen is not { } listen) return;
        var shape = StoreShape.Of(pageBytes);
        lock (_lock)
        {
            if (_servers.ContainsKey(shape)) return;
            var view = new StoreView(pool, shape);
            var server = new PageServer(view, listen, port: 0, new PageServerOptions());
            _servers.Add(shape, (view, server));
            _views = _views.Add(new CacheStoreProtocol.PageView(view.Id, new KvPageSource(shape, view.CapacityPages, null, options.PublicHost, server.Port)));
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _reader.DisposeAsync().ConfigureAwait(false);
        foreach (var (_, server) in _servers.Values) await server.DisposeAsync().ConfigureAwait(false);
    }
}
