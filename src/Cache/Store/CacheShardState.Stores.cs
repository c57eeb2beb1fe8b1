using System.Collections.Immutable;
using ActorInference.Actors.Ids;
using static ActorInference.Actors.Protocols.CacheShardEvents;
using static ActorInference.Actors.Protocols.CacheShardProtocol;

namespace ActorInference.Cache.Store;

/// <summary>What follows from what stores say: copies lost and found again, room to be made.</summary>
public sealed partial class CacheShardState
{
    /// <summary>A store's memory is not evicted from again before its report can show what the last round freed.</summary>
    private const long EvictionPauseMs = 500;

    private long _firstTableMs = -1;

    /// <summary>Knows of stores before anything is decided about them.</summary>
    public void See(StoreTable table) => _stores = table;

    /// <summary>Takes the stores as they are now.</summary>
    /// <returns>Copies that were lost with stores, and pages that are evicted for their sake.</returns>
    public ShardDecision Decide(StoreTable table, long nowMs)
    {
        if (_firstTableMs < 0) _firstTableMs = nowMs;
        var events = ImmutableArray.CreateBuilder<IShardEvent>();
        foreach (var (id, content) in _contents)
        {
            if (table.TryGet(id, out var store)) Compare(id, content, store, events);
            else if (content.Memory.Count + content.Disk.Count == 0) _contents.Remove(id);   // Names of stores that come and go do not pile up.
            else if (IsGone(id, nowMs)) events.Add(new StoreLost(id, Guid.Empty, WithDisk: true));
        }

        _stores = table;
        foreach (var store in table.Stores.Values) MakeRoom(store, nowMs, events);
        return new ShardDecision(null, events.ToImmutable());
    }

    /// <summary>A store that has been heard of and is no longer; or never was, since this shard began here long ago.</summary>
    private bool IsGone(StoreId id, long nowMs) =>
        _stores.TryGet(id, out _) || nowMs - _firstTableMs > options.StoreRemoveAfter.TotalMilliseconds;

    private void Compare(StoreId id, StoreContent content, KnownStore store, ImmutableArray<IShardEvent>.Builder events)
    {
        if (!_stores.TryGet(id, out var before) || !ReferenceEquals(before.Report, store.Report)) content.PromisedBytes = 0;
        if (content.SeenEpoch == store.Report.Epoch) return;
        content.SeenEpoch = store.Report.Epoch;
        content.SeenRefused = store.Report.Refused;
        if (content.Memory.Any(entry => entry.Replicas.Any(replica => replica.Store == id && !replica.IsOnDisk && replica.Epoch != store.Report.Epoch)))
            events.Add(new StoreLost(id, store.Report.Epoch, WithDisk: false));
    }

    private void MakeRoom(KnownStore store, long nowMs, ImmutableArray<IShardEvent>.Builder events)
    {
        if (store.IsSuspect || !_contents.TryGetValue(store.Id, out var content)) return;
        var report = store.Report;
        var hasRefused = report.Refused > content.SeenRefused;
        if (nowMs < content.NoEvictionBeforeMs || content.MemoryBytes == 0) return;
        var excess = report.UsedBytes > options.HighWatermark * report.CapacityBytes
            ? report.UsedBytes - (options.HighWatermark - options.EvictionRatio) * report.CapacityBytes
            : hasRefused ? options.EvictionRatio * report.CapacityBytes : 0;
        content.SeenRefused = report.Refused;
        if (excess <= 0) return;
        // The other shards see the same report, and give their part.
        var share = (long)Math.Ceiling(excess * content.MemoryBytes / Math.Max(report.UsedBytes, content.MemoryBytes));
        var evicted = Evict(store.Id, share, nowMs).Events;
        if (!evicted.IsEmpty) content.NoEvictionBeforeMs = nowMs + EvictionPauseMs;
        events.AddRange(evicted);
    }

    /// <summary>A store tells what it has: what the shard wants of it, it keeps; what the shard has forgotten, it knows again.</summary>
    public ShardDecision Decide(Adopt adopt, IShardEffects effects)
    {
        var events = ImmutableArray.CreateBuilder<IShardEvent>();
        foreach (var tenant in adopt.Pages.GroupBy(page => page.Tenant))
        {
            var known = new List<PageReplica>();
            var forgotten = new List<PageRecord>();
            foreach (var held in tenant) Adopt(held, known, forgotten, effects);
            if (known.Count > 0) events.Add(new ReplicasAdded(tenant.Key, [.. known]));
            if (forgotten.Count > 0) events.Add(new PagesStored(tenant.Key, "", HardPin: false, 0, KeepsPin: true, [.. forgotten]));
        }

        return new ShardDecision(null, events.ToImmutable());
    }

    /// <summary>A store's disk has pages, or no longer.</summary>
    /// <remarks>A page that went while it was written is told to go from the disk too, or nobody would ever ask for it there.</remarks>
    /// <param name="isOfItsLife">Whether the store lives on. Of one that does not, pages went with its memory: its next life tells of those on disk.</param>
    public ShardDecision Decide(DiskChanged changed, IShardEffects effects, bool isOfItsLife = true)
    {
        var events = changed.Keys.GroupBy(key => key.Tenant).Select(IShardEvent? (tenant) =>
        {
            var copy = Replica.OnDisk(changed.Store);
            var pages = tenant.Where(key => Find(key.Tenant, key.Key) is { IsAlive: true } entry && entry.Replicas.Contains(copy) != changed.IsAdded)
                .Select(key => new PageReplica(key.Key, copy)).ToImmutableArray();
            if (changed.IsAdded && isOfItsLife)
            {
                foreach (var gone in tenant.Where(key => Find(key.Tenant, key.Key) is not { IsAlive: true })) effects.Free(gone.Tenant, copy, gone.Key);
            }

            if (pages.IsEmpty) return null;
            return changed.IsAdded ? new ReplicasAdded(tenant.Key, pages) : new ReplicasRemoved(tenant.Key, RemovalCause.Lost, pages);
        });
        return new ShardDecision(null, [.. events.OfType<IShardEvent>()]);
    }

    private void Adopt(in HeldPage held, List<PageReplica> known, List<PageRecord> forgotten, IShardEffects effects)
    {
        var (tenant, key) = (held.Tenant, held.Page.Key);
        var entry = Find(tenant, key);
        if (entry is { IsAlive: true } && entry.Replicas.Contains(held.Replica))
        {
            if (!held.Replica.IsOnDisk) effects.Keep(held.Replica);
        }
        else if (TenantOf(tenant).Puts.TryGetValue(key, out var put) && !held.IsCertain)
        {
            // Its writer is about to end it, or will not; the store asks again.
            if (put.IsEnding) return;
        }
        else if (!held.IsCertain || _freed.Contains(held.Replica) || entry is { IsEnding: true } || (entry is not null && entry.Checksum != held.Checksum))
        {
            effects.Free(tenant, held.Replica, key);
        }
        else if (entry is not null)
        {
            known.Add(new PageReplica(key, held.Replica));
        }
        else
        {
            forgotten.Add(new PageRecord(held.Page, held.Checksum, 1, [held.Replica]));
        }
    }
}
