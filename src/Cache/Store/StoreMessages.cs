using ActorInference.Actors.Ids;
using ActorInference.Actors.Kv;
using ActorInference.Actors.Protocols;
using Akka.Actor;

namespace ActorInference.Cache.Store;

/// <summary>Gathers what stores are to be told, and tells each in one message.</summary>
internal sealed class StoreMessages : IShardEffects
{
    private readonly Dictionary<(StoreId Store, Guid Epoch), (List<CacheStoreProtocol.SlotUse> Keep, List<CacheStoreProtocol.SlotUse> Free)> _slots = [];
    private readonly Dictionary<StoreId, List<CacheShardProtocol.TenantKey>> _disk = [];

    public StoreTable Stores { get; set; } = StoreTable.Empty;

    public void Keep(in CacheShardProtocol.Replica replica)
    {
        if (!replica.IsOnDisk) Of(replica).Keep.Add(new CacheStoreProtocol.SlotUse(replica.Slot, replica.Generation));
    }

    public void Free(string tenant, in CacheShardProtocol.Replica replica, KvPageKey key)
    {
        if (!replica.IsOnDisk)
        {
            Of(replica).Free.Add(new CacheStoreProtocol.SlotUse(replica.Slot, replica.Generation));
            return;
        }

        if (!_disk.TryGetValue(replica.Store, out var keys)) _disk.Add(replica.Store, keys = []);
        keys.Add(new CacheShardProtocol.TenantKey(tenant, key));
    }

    /// <summary>Sends it. Of a store that is not heard of, it is dropped: it will tell what it has when it comes back.</summary>
    public void Flush(IActorRef sender)
    {
        if (_slots.Count > 0)
        {
            foreach (var ((store, epoch), (keep, free)) in _slots)
            {
                if (!Stores.TryGet(store, out var known)) continue;
                if (keep.Count > 0) known.Report.Actor.Tell(new CacheStoreProtocol.Keep(epoch, [.. keep]), sender);
                if (free.Count > 0) known.Report.Actor.Tell(new CacheStoreProtocol.Free(epoch, [.. free]), sender);
            }

            _slots.Clear();
        }

        if (_disk.Count == 0) return;
        foreach (var (store, keys) in _disk)
        {
            if (Stores.TryGet(store, out var known)) known.Report.Actor.Tell(new CacheStoreProtocol.FreeDisk([.. keys]), sender);
        }

        _disk.Clear();
    }

    private (List<CacheStoreProtocol.SlotUse> Keep, List<CacheStoreProtocol.SlotUse> Free) Of(in CacheShardProtocol.Replica replica)
    {
        if (_slots.TryGetValue((replica.Store, replica.Epoch), out var lists)) return lists;
        lists = ([], []);
        _slots.Add((replica.Store, replica.Epoch), lists);
        return lists;
    }
}
