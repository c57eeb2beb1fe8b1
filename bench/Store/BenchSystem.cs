using ActorInference.Actors.Ids;
using ActorInference.Actors.Kv;
using ActorInference.Actors.Protocols;
using ActorInference.Cache.Store;
using Akka.Actor;
using Akka.Configuration;

namespace ActorInference.Bench.Store;

/// <summary>The storage tier in one process: shards, and a store if it is asked for.</summary>
internal sealed class BenchSystem : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private const string Settings =
        """
        akka.loglevel = WARNING
        akka.persistence.snapshot-store.plugin = "akka.persistence.snapshot-store.inmem"
        akka.persistence.snapshot-store.inmem.class = "Akka.Persistence.Snapshot.MemorySnapshotStore, Akka.Persistence"
        """;

    public BenchSystem(CacheShardOptions options, string hocon = "")
    {
        Options = options;
        System = ActorSystem.Create("bench", ConfigurationFactory.ParseString($"{hocon}\n{Settings}"));
        Directory = CacheProcess.Get(System).Directory(new StoreLiveness { SuspectAfter = TimeSpan.FromHours(1), RemoveAfter = TimeSpan.FromHours(2) }, isClustered: false);
        Shards = System.ActorOf(LocalShardsActor.Props(options, Directory), "shards");
    }

    public CacheShardOptions Options { get; }

    public ActorSystem System { get; }

    public IActorRef Directory { get; }

    public IActorRef Shards { get; }

    public CacheProcess Process => CacheProcess.Get(System);

    public static KvPageKey Key(int number) => new((ulong)(uint)number * 0x9E3779B97F4A7C15 | 1, (ulong)number + 1);

    /// <summary>A store that only says that it is there, for metadata alone.</summary>
    public async Task<StoreId> PretendStoreAsync()
    {
        var store = new StoreId("pretended");
        Directory.Tell(new CacheStoreProtocol.StoreReport(store, Guid.NewGuid(), System.DeadLetters, "bench", 1L << 50, 0, null, false, 0, []));
        await UntilAsync(() => Process.Table.TryGet(store, out _));
        return store;
    }

    public async Task<IActorRef> StartStoreAsync(StoreMemory memory, StoreDiskOptions? disk = null)
    {
        var options = new CacheStoreOptions { Store = new StoreId("store-0"), Buckets = Options.Buckets, Disk = disk };
        var store = System.ActorOf(CacheStoreActor.Props(
            options, () => new StorePool(memory, TimeProvider.System), () => disk is null ? null : new StoreDisk(disk, TimeProvider.System), Shards, Directory));
        await UntilAsync(() => Process.Table.TryGet(options.Store, out var known) && known.Report.Actor.Equals(store));
        return store;
    }

    public static async Task UntilAsync(Func<bool> condition)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(1));
        var deadline = DateTime.UtcNow + Patience;
        while (!condition())
        {
            if (DateTime.UtcNow > deadline) throw new TimeoutException("The bench's system does not come up.");
            await timer.WaitForNextTickAsync();
        }
    }

    public async ValueTask DisposeAsync() => await System.Terminate().WaitAsync(Patience);
}
