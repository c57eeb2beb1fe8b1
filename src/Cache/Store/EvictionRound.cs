using System.Collections.Immutable;
using static ActorInference.Actors.Protocols.CacheShardEvents;

namespace ActorInference.Cache.Store;

/// <summary>The pages that go in one round of eviction. One that is on a disk as well goes from memory only, unless it is to go wholly.</summary>
internal sealed class EvictionRound(long nowMs, bool mayTakePinned, bool wholly)
{
    private readonly List<PageEntry> _going = [];

    public bool MayTakePinned => mayTakePinned;

    public int Count => _going.Count;

    public long Bytes { get; private set; }

    /// <summary>Takes a page, and its whole group with it; or keeps it if one of the group may not go.</summary>
    public void Add(PageEntry entry, EvictionQueue queue)
    {
        if (entry.Group is not { } group)
        {
            Go(entry);
            return;
        }

        if (group.Members.Any(member => member.IsLeased(nowMs) || member.IsHardPinned || member.Copying > 0 || (!mayTakePinned && member.IsSoftPinned(nowMs))))
        {
            queue.PutAside(entry);
            return;
        }

        foreach (var member in group.Members.Where(member => member.IsReadable)) Go(member);
    }

    public void MarkForQuota()
    {
        foreach (var entry in _going) entry.IsQuotaEnding = true;
    }

    public ImmutableArray<IShardEvent> ToEvents()
    {
        var events = ImmutableArray.CreateBuilder<IShardEvent>();
        foreach (var alike in _going.GroupBy(entry => (Tenant: entry.Tenant.Name, OnDisk: !wholly && entry.Replicas.Any(replica => replica.IsOnDisk))))
        {
            if (alike.Key.OnDisk)
            {
                var copies = alike.SelectMany(entry => entry.Replicas.Where(replica => !replica.IsOnDisk).Select(replica => new PageReplica(entry.Key, replica)));
                events.Add(new ReplicasRemoved(alike.Key.Tenant, RemovalCause.Evicted, [.. copies]));
            }
            else
            {
                events.Add(new PagesRemoved(alike.Key.Tenant, RemovalCause.Evicted, [.. alike.Select(entry => entry.Key)]));
            }
        }

        return events.ToImmutable();
    }

    private void Go(PageEntry entry)
    {
        if (!wholly && entry.MemoryReplicas == 0) return;   // One of a group whose others are in memory.
        entry.IsEnding = true;
        _going.Add(entry);
        Bytes += entry.Page.SizeBytes;
    }
}
