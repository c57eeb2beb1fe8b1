using ActorInference.Actors.Ids;
using ActorInference.Actors.Kv;
using ActorInference.Actors.Protocols;
using ActorInference.Cache.Store;
using ActorInference.Gpu.Kv;
using Akka.Actor;
using Akka.Configuration;

namespace ActorInference.Host.Benchmarks.Soak;

/// <summary>Shards, stores with disks and a worker's pool, in one process. Stores die and begin again.</summary>
internal sealed class SoakSystem : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static readonly KvPageLayout Layout = new(Layers: 2, PageSizeTokens: 16, KvHeads: 2, HeadDim: 16, KvDtype.F32);

    private const string Settings =
        """
        # Stores die here by intention; the figures, which are all that is printed, say what went wrong.
        akka { loglevel = OFF, stdout-loglevel = OFF, loggers = [] }
        akka.coordinated-shutdown.run-by-clr-shutdown-hook = off
        akka.persistence.snapshot-store.plugin = "akka.persistence.snapshot-store.inmem"
        akka.persistence.snapshot-store.inmem.class = "Akka.Persistence.Snapshot.MemorySnapshotStore, Akka.Persistence"
        """;

    private static readonly CacheShardOptions Shards = new() { Buckets = 4, Lease = TimeSpan.FromMilliseconds(50), SnapshotEvery = 200 };

    private readonly SoakOptions _options;
    private readonly ActorSystem _system;
    private readonly IActorRef _directory;
    private readonly IActorRef _shards;
    private readonly string _folder = Directory.CreateTempSubdirectory("bench-soak-").FullName;
    private readonly (IActorRef Actor, StorePool Pool)[] _stores;

    public SoakSystem(SoakOptions options)
    {
        _options = options;
        _stores = new (IActorRef, StorePool)[options.Stores];
        _system = ActorSystem.Create("soak", ConfigurationFactory.ParseString(Settings));
        // Those that die are known to be dead; none is taken for it because the machine is busy.
        _directory = CacheProcess.Get(_system).Directory(new StoreLiveness { SuspectAfter = TimeSpan.FromMinutes(10), RemoveAfter = TimeSpan.FromHours(1) }, isClustered: false);
        _shards = _system.ActorOf(LocalShardsActor.Props(Shards, _directory), "shards");
        Pages = new KvPagePool(Layout, 64);
        var client = new StorageClientOptions { Buckets = Shards.Buckets, QueryDeadline = Patience, TransferDeadline = Patience, BreakerFailures = int.MaxValue };
        Client = new StorageClient(_system, _shards, client, _ => null, TimeProvider.System);
        Administration = new CacheAdministration(_system, _shards, Shards.Buckets, Patience);
    }

    public KvPagePool Pages { get; }

    public StorageClient Client { get; }

    public CacheAdministration Administration { get; }

    public int Stores => _stores.Length;

    public StorePool PoolOf(int store) => _stores[store].Pool;

    /// <summary>Of a store's files; one that the store deletes at this moment has none.</summary>
    public long DiskBytes(int store) => Directory.EnumerateFiles(FolderOf(store), "*.pages").Sum(static path => new FileInfo(path) is { Exists: true } file ? file.Length : 0);

    /// <summary>Starts a store, with what its disk has; done when it is known.</summary>
    public async Task StartAsync(int store)
    {
        var disk = new StoreDiskOptions { Path = FolderOf(store), QuotaBytes = _options.DiskQuotaBytes, BucketBytes = Math.Max(Layout.PageBytes, _options.DiskQuotaBytes / 16) };
        var options = new CacheStoreOptions
        {
            Store = new StoreId($"store-{store}"), Buckets = Shards.Buckets, Disk = disk, ReportInterval = TimeSpan.FromMilliseconds(20), UncertainFor = TimeSpan.FromSeconds(1),
        };
        var pool = new StorePool(StoreMemory.Private(_options.MemoryBytes), TimeProvider.System);
        var actor = _system.ActorOf(CacheStoreActor.Props(options, () => pool, () => new StoreDisk(disk, TimeProvider.System), _shards, _directory));
        _stores[store] = (actor, pool);
        await UntilAsync($"store {store} is known", () => CacheProcess.Get(_system).Table.TryGet(options.Store, out var known) && known.Report.Actor.Equals(actor) && !known.IsSuspect);
    }

    /// <summary>Ends a store as its process's end does: nobody is told, and what is not on its disk is lost.</summary>
    public Task KillAsync(int store) => _stores[store].Actor.GracefulStop(Patience);

    public Task<CacheStoreProtocol.Governed> GovernAsync(int store, CacheStoreProtocol.StoreAction action) =>
        _stores[store].Actor.Ask<CacheStoreProtocol.Governed>(new CacheStoreProtocol.Govern(action), Patience);

    public Task<CacheStoreProtocol.StoreStatus> StatusAsync(int store) =>
        _stores[store].Actor.Ask<CacheStoreProtocol.StoreStatus>(CacheStoreProtocol.GetStoreStatus.Instance, Patience);

    /// <exception cref="TimeoutException">It does not come to pass in time.</exception>
    public static Task UntilAsync(string what, Func<bool> condition) => UntilAsync(what, () => Task.FromResult(condition()));

    /// <inheritdoc cref="UntilAsync(string, Func{bool})"/>
    public static async Task UntilAsync(string what, Func<Task<bool>> condition)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        using var deadline = new CancellationTokenSource(Patience);
        try
        {
            while (!await condition()) await timer.WaitForNextTickAsync(deadline.Token);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"It did not come to pass in {Patience.TotalSeconds} s that {what}.");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _system.Terminate().WaitAsync(Patience);
        await Client.DisposeAsync();
        Pages.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private string FolderOf(int store) => Directory.CreateDirectory(Path.Combine(_folder, $"store-{store}")).FullName;
}
