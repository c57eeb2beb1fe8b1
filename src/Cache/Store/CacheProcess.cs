using System.Collections.Concurrent;
using ActorInference.Actors.Kv;
using Akka.Actor;

namespace ActorInference.Cache.Store;

/// <summary>
/// What the parts of the cache in one process find each other by: the stores that are known, and the memory that can be read
/// and written by a plain copy because it is in this process. Thread-safe.
/// </summary>
public sealed class CacheProcess(ExtendedActorSystem system) : IExtension
{
    private readonly ConcurrentDictionary<KvPoolId, IPageMemory> _pools = new();
    private readonly ConcurrentDictionary<Guid, StorePool> _stores = new();
    private readonly Lock _lock = new();
    private IActorRef? _directory;
    private volatile StoreTable _table = StoreTable.Empty;

    /// <summary>Pages cannot be read any more that could be, since their store has died, left, fallen silent or begun anew.</summary>
    public event Action? PagesLost;

    /// <summary>The stores as they are now.</summary>
    public StoreTable Table
    {
        get => _table;
        internal set
        {
            var before = _table;
            _table = value;
            if (value.HasLostPagesSince(before)) PagesLost?.Invoke();
        }
    }

    /// <summary>The node's <see cref="StoreDirectoryActor"/>, which the first call starts.</summary>
    /// <param name="isClustered">Whether the system is one of a cluster.</param>
    public IActorRef Directory(StoreLiveness liveness, bool isClustered)
    {
        lock (_lock) return _directory ??= system.ActorOf(StoreDirectoryActor.Props(liveness, isClustered), StoreDirectoryActor.Name);
    }

    public static CacheProcess Get(ActorSystem system) => system.WithExtension<CacheProcess, CacheProcessProvider>();

    /// <summary>Lets stores of this process copy out of a pool.</summary>
    public void Add(IPageMemory pool) => _pools[pool.Id] = pool;

    public void Remove(IPageMemory pool) => _pools.TryRemove(pool.Id, out _);

    public IPageMemory? Pool(KvPoolId id) => _pools.GetValueOrDefault(id);

    /// <summary>Lets readers of this process copy out of a store.</summary>
    public void Add(StorePool store) => _stores[store.Epoch] = store;

    public void Remove(StorePool store) => _stores.TryRemove(store.Epoch, out _);

    /// <summary>Makes readers and stores of this process go the way that other processes go, for tests and measurements.</summary>
    public void Forget()
    {
        _pools.Clear();
        _stores.Clear();
    }

    public StorePool? Store(Guid epoch) => _stores.GetValueOrDefault(epoch);
}

public sealed class CacheProcessProvider : ExtensionIdProvider<CacheProcess>
{
    public override CacheProcess CreateExtension(ExtendedActorSystem system) => new(system);
}
