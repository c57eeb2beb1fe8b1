using System.Diagnostics;
using System.Net;
using ActorInference.Actors.Kv;
using ActorInference.Actors.Protocols;
using ActorInference.Cache.Store;
using ActorInference.Cache.Tiers;
using ActorInference.Cache.Transfer;
using ActorInference.Gpu.Kv;
using Akka.Actor;
using Akka.Configuration;
using static ActorInference.Actors.Protocols.CacheShardProtocol;

namespace ActorInference.Cache.Tests.Store;

/// <summary>The storage tier in one process: shards with a journal in memory, stores, and a worker that uses them.</summary>
internal sealed class StoreSystem : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static readonly KvPageLayout Layout = new(Layers: 2, PageSizeTokens: 16, KvHeads: 2, HeadDim: 16, KvDtype.F32);

    private const string Settings =
        """
        akka.loglevel = WARNING
        akka.coordinated-shutdown.run-by-clr-shutdown-hook = off
        """;

    /// <summary>No store counts as silent because the machine is busy; one that dies is known to be dead all the same.</summary>
    private static readonly StoreLiveness Calm = new() { Tick = TimeSpan.FromMilliseconds(20), SuspectAfter = TimeSpan.FromMinutes(10), RemoveAfter = TimeSpan.FromMinutes(20) };

    private readonly CacheShardOptions _options;
    private readonly PageServer? _server;
    private readonly List<StorePool> _pools = [];
    private readonly Dictionary<IActorRef, StorePool> _poolOf = [];

    public StoreSystem(CacheShardOptions? options = null, StoreLiveness? liveness = null, StorageClientOptions? client = null, bool isShared = false, bool listens = false)
    {
        _options = options ?? new CacheShardOptions { Buckets = 4 };
        System = ActorSystem.Create($"store-{Guid.NewGuid():n}", ConfigurationFactory.ParseString(Settings));
        Directory = System.ActorOf(StoreDirectoryActor.Props(liveness ?? Calm, false), StoreDirectoryActor.Name);
        Shards = System.ActorOf(LocalShardsActor.Props(_options, Directory), "shards");
        Process = CacheProcess.Get(System);
        Pool = new KvPagePool(Layout, 512, isShared);
        if (!isShared && !listens) Process.Add(Pool);
        _server = listens ? new PageServer(Pool, IPAddress.Loopback, 0, new PageServerOptions { Stall = TimeSpan.FromSeconds(50) }) : null;
        Client = new StorageClient(
            System, Shards,
            (client ?? new StorageClientOptions()) with { Buckets = _options.Buckets, QueryDeadline = TimeSpan.FromSeconds(20), TransferDeadline = TimeSpan.FromSeconds(20) },
            _ => isShared || listens ? new KvPageSource(Layout, Pool.CapacityPages, Pool.SharedPath, "127.0.0.1", _server?.Port ?? 0) : null, TimeProvider.System);
    }

    /// <summary>Makes stores and readers of this process use the way that other processes do.</summary>
    public void ForgetMemory()
    {
        foreach (var pool in _pools) Process.Remove(pool);
    }

    /// <summary>Pages that a store was told to keep.</summary>
    public int KeptPages(IActorRef store) => _poolOf[store].List(withCertain: true, TimeSpan.FromDays(1)).Count;

    /// <summary>What rot does to some of the pages that a store has now.</summary>
    /// <param name="share">Of its pages.</param>
    /// <returns>How many have another bit now.</returns>
    public int FlipBits(IActorRef store, Random random, double share)
    {
        var (pool, flipped) = (_poolOf[store], 0);
        foreach (var (use, _, _) in pool.List(withCertain: true, TimeSpan.Zero))
        {
            if (random.NextDouble() >= share || !pool.TryAddReference(use.Slot, use.Generation)) continue;
            var bytes = pool.Bytes(use.Slot);
            bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
            pool.Release(use.Slot);
            flipped++;
        }

        return flipped;
    }

    /// <summary>What rot does to a copy.</summary>
    public void FlipBit(Replica replica, int byteIndex)
    {
        var pool = _pools.Single(each => each.Epoch == replica.Epoch);
        Assert.True(pool.TryAddReference(replica.Slot, replica.Generation));
        pool.Bytes(replica.Slot)[byteIndex] ^= 4;
        pool.Release(replica.Slot);
    }

    public ActorSystem System { get; }

    public IActorRef Directory { get; }

    public IActorRef Shards { get; }

    public CacheProcess Process { get; }

    public KvPagePool Pool { get; }

    public StorageClient Client { get; }

    /// <summary>The tier as a further worker sees it, who disposes it before his pool.</summary>
    /// <param name="source">How stores reach the worker's pool; null for a copy within the process.</param>
    public StorageClient CreateClient(StorageClientOptions options, KvPageSource? source) =>
        new(System, Shards, options with { Buckets = _options.Buckets, OffersPools = source is null }, _ => source, TimeProvider.System);

    /// <summary>Starts a store; done when it is known.</summary>
    public async Task<IActorRef> AddStoreAsync(int number, StoreMemory? memory = null, StoreDiskOptions? disk = null, bool listens = false, string? host = null)
    {
        var options = new CacheStoreOptions
        {
            Store = Keys.Store(number), Buckets = _options.Buckets, ReportInterval = TimeSpan.FromMilliseconds(50), Disk = disk,
            Listen = listens ? IPAddress.Loopback : null, Host = host ?? Environment.MachineName, UncertainFor = TimeSpan.FromSeconds(2), TransferDeadline = TimeSpan.FromSeconds(20),
        };
        var pool = new StorePool(memory ?? StoreMemory.Private(8 << 20), TimeProvider.System);
        _pools.Add(pool);
        var store = System.ActorOf(
            CacheStoreActor.Props(options, () => pool, () => disk is null ? null : new StoreDisk(disk, TimeProvider.System), Shards, Directory), $"store-{number}-{Guid.NewGuid():n}");
        _poolOf.Add(store, pool);
        await UntilAsync($"store {number} is known", () => Process.Table.TryGet(Keys.Store(number), out var known) && known.Report.Actor.Equals(store) && !known.IsSuspect);
        return store;
    }

    /// <summary>Kills a store as its process's end does: it tells nobody.</summary>
    public async Task KillAsync(IActorRef store)
    {
        _pools.Remove(_poolOf[store]);
        await store.GracefulStop(Patience);
    }

    /// <summary>Pages with random bytes.</summary>
    public int[] Fill(int count, int seed)
    {
        var pages = Allocate(count);
        var random = new Random(seed);
        foreach (var page in pages) random.NextBytes(Pool.Bytes(page).Span);
        return pages;
    }

    public int[] Allocate(int count)
    {
        var pages = new int[count];
        Assert.True(Pool.TryAllocate(pages));
        return pages;
    }

    public static PageRun Run(int first, int count) => new(
        new KvNamespaceId(1, 2), 0, default, [.. Enumerable.Range(first, count).Select(Keys.Key)]);

    public async Task<int> PutAsync(int first, int[] pages) => await Client.PutAsync(Run(first, pages.Length), Pool, pages, CancellationToken.None);

    public async Task<int> FindAsync(int first, int count) => await Client.FindLeadingAsync(Run(first, count), CancellationToken.None);

    /// <summary>Reads into fresh pages, and compares those that came with what was put.</summary>
    public async Task<int> GetAsync(int first, int[] expected)
    {
        var pages = Allocate(expected.Length);
        try
        {
            var got = await Client.GetAsync(Run(first, expected.Length), Pool, pages, CancellationToken.None);
            for (var i = 0; i < got; i++) Assert.True(Pool.Bytes(expected[i]).Span.SequenceEqual(Pool.Bytes(pages[i]).Span), $"Page {i} is another one.");
            return got;
        }
        finally
        {
            Pool.Release(pages);
        }
    }

    public async Task<FoundPage> LookAsync(int number) =>
        (await Shards.Ask<Found>(new Query(CacheBuckets.Of(Keys.Key(number), _options.Buckets), StorageClientOptions.DefaultTenant, false, Keys.Of(number)), Patience)).Pages[0];

    /// <summary>Done when it is done; of an unmounting store, when its disk may be another one's.</summary>
    public async Task<CacheStoreProtocol.Governed> GovernAsync(IActorRef store, CacheStoreProtocol.StoreAction action)
    {
        var governed = await store.Ask<CacheStoreProtocol.Governed>(new CacheStoreProtocol.Govern(action), Patience);
        if (action == CacheStoreProtocol.StoreAction.Unmount) await store.GracefulStop(Patience);
        return governed;
    }

    public Task<CacheStoreProtocol.StoreStatus> StatusAsync(IActorRef store) =>
        store.Ask<CacheStoreProtocol.StoreStatus>(CacheStoreProtocol.GetStoreStatus.Instance, Patience);

    public static Task UntilAsync(string what, Func<bool> condition) => UntilAsync(what, () => Task.FromResult(condition()));

    public static async Task UntilAsync(string what, Func<Task<bool>> condition)
    {
        var watch = Stopwatch.StartNew();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (!await condition())
        {
            Assert.True(watch.Elapsed < Patience, $"It did not come to pass in time that {what}.");
            await timer.WaitForNextTickAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await System.Terminate().WaitAsync(Patience);
        await Client.DisposeAsync();
        if (_server is not null) await _server.DisposeAsync();
        Pool.Dispose();
    }
}
