using System.Net;
using ActorInference.Actors.Ids;
using ActorInference.Actors.Kv;
using ActorInference.Actors.Protocols;
using ActorInference.Cache.Store;
using ActorInference.Cache.Transfer;
using ActorInference.Roles.Configuration;
using Akka;
using Akka.Actor;

namespace ActorInference.Roles.Composition;

/// <summary>The storage tier of a node: its shards, its store, and what its workers see of it.</summary>
public static class CacheNode
{
    /// <summary>Name of the store's actor.</summary>
    public const string StoreName = "cache-store";

    private const string StoreIdFile = "store-id";

    /// <summary>What is left of the time that a store has to write its pages, before its process goes.</summary>
    private static readonly TimeSpan LeaveDeadline = TimeSpan.FromSeconds(55);

    /// <summary>The shards of the metadata. None is ever put away: each watches its stores.</summary>
    public static ShardedEntity Shards(CacheSettings settings) => new()
    {
        TypeName = CacheShards.TypeName,
        Key = typeof(CacheShardActor),
        Role = NodeRole.CacheMaster,
        Extractor = CacheShards.Extractor,
        PassivateAfter = TimeSpan.Zero,
        Props = (system, _) =>
        {
            var directory = Directory(system, settings);
            return bucket => CacheShards.PropsOf(bucket, settings.Shards, directory);
        },
    };

    /// <summary>What tells this node of stores. Every node has one.</summary>
    public static IActorRef Directory(ActorSystem system, CacheSettings settings) =>
        CacheProcess.Get(system).Directory(settings.Liveness, isClustered: true);

    /// <summary>Starts the node's store.</summary>
    /// <param name="shards">Region or proxy of the shards.</param>
    /// <param name="exchange">Of the node's workers; null if there are none, or none in other processes.</param>
    /// <param name="hasWorkers">Whether workers live in this process.</param>
    public static IActorRef StartStore(ActorSystem system, IActorRef shards, CacheSettings settings, PageExchange? exchange, bool hasWorkers)
    {
        var address = Akka.Cluster.Cluster.Get(system).SelfAddress;
        var disk = settings.Store.Path.Length == 0 ? null : new StoreDiskOptions
        {
            Path = settings.Store.Path, QuotaBytes = settings.Store.DiskQuotaBytes, SnapshotInterval = settings.Store.SnapshotInterval,
        };
        var options = new CacheStoreOptions
        {
            Store = IdOf(disk, $"store@{address.Host}:{address.Port}"),
            Buckets = settings.Shards.Buckets,
            Listen = exchange is null && hasWorkers ? null : IPAddress.TryParse(address.Host, out var own) ? own : IPAddress.Any,
            PublicHost = address.Host ?? IPAddress.Loopback.ToString(),
            ReportInterval = settings.Store.ReportInterval,
            Disk = disk,
        };
        var isShared = !(exchange is null && hasWorkers);
        var store = system.ActorOf(
            CacheStoreActor.Props(
                options,
                () => new StorePool(OpenMemory(settings.Store, options.Store, isShared), TimeProvider.System),
                () => disk is null ? null : new StoreDisk(disk, TimeProvider.System),
                shards,
                Directory(system, settings)),
            StoreName);
        CoordinatedShutdown.Get(system).AddTask(CoordinatedShutdown.PhaseServiceStop, "leave-cache-store", () => LeaveAsync(store));
        return store;
    }

    /// <summary>The tier as a worker of this node sees it; its owner disposes it before the pools.</summary>
    /// <param name="shards">Region or proxy of the shards.</param>
    /// <param name="exchange">How other processes reach the workers' pool; null if there are none.</param>
    public static StorageClient CreateClient(ActorSystem system, IActorRef shards, CacheSettings settings, PageExchange? exchange)
    {
        Directory(system, settings);
        KvPageSource? SourceOf(IPageMemory pool) => exchange is { } open && open.Pool.Id == pool.Id ? open.Source : null;
        return new StorageClient(system, shards, settings.Client, SourceOf, TimeProvider.System);
    }

    /// <summary>A disk's pages are of the store that wrote them, whatever its address was.</summary>
    private static StoreId IdOf(StoreDiskOptions? disk, string fresh)
    {
        if (disk is null) return new StoreId(fresh);
        var file = Path.Combine(System.IO.Directory.CreateDirectory(disk.Path).FullName, StoreIdFile);
        if (!File.Exists(file)) File.WriteAllText(file, $"store-{Guid.NewGuid():n}");
        return new StoreId(File.ReadAllText(file));
    }

    private static StoreMemory OpenMemory(CacheStoreSettings settings, StoreId store, bool isShared)
    {
        var kind = settings.Memory is not StoreMemoryKind.Auto ? settings.Memory
            : isShared && SharedSegment.Folder is not null ? StoreMemoryKind.Shared : StoreMemoryKind.Private;
        return kind switch
        {
            StoreMemoryKind.Shared => StoreMemory.Shared(settings.MemoryBytes),
            StoreMemoryKind.Kept => StoreMemory.Kept(string.Concat(store.Value.Select(letter => char.IsAsciiLetterOrDigit(letter) ? letter : '-')), settings.MemoryBytes),
            _ => StoreMemory.Private(settings.MemoryBytes),
        };
    }

    /// <summary>Writes what is not on disk yet, and says good-bye.</summary>
    private static async Task<Done> LeaveAsync(IActorRef store)
    {
        try
        {
            await store.Ask<CacheStoreProtocol.Governed>(new CacheStoreProtocol.Govern(CacheStoreProtocol.StoreAction.Unmount), LeaveDeadline).ConfigureAwait(false);
        }
        catch (Exception notWritten) when (notWritten is AskTimeoutException or IOException or InvalidOperationException)
        {
            // It was drained and is gone, or its disk is too slow or broken, of which it has logged: what it has written stays.
        }

        return Done.Instance;
    }
}
