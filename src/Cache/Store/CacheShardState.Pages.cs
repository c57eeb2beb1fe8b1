using ActorInference.Actors.Kv;
using static ActorInference.Actors.Protocols.CacheShardEvents;
using static ActorInference.Actors.Protocols.CacheShardProtocol;

namespace ActorInference.Cache.Store;

/// <summary>What events do to the tables.</summary>
public sealed partial class CacheShardState
{
    private void Store(PagesStored stored, in PageRecord record, IShardEffects? effects)
    {
        var tenant = TenantOf(stored.Tenant);
        EndPut(tenant, record.Page.Key);
        if (!tenant.Pages.TryGetValue(record.Page.Key, out var entry))
        {
            entry = new PageEntry(tenant, record.Page, record.Checksum, record.Wanted) { IsHardPinned = stored.HardPin };
            tenant.Pages.Add(entry.Key, entry);
            tenant.UsedBytes += record.Page.SizeBytes;
            PageCount++;
            Bytes += record.Page.SizeBytes;
            Join(entry, stored.Group);
            Touch(entry, _nowMs);
            tenant.Order.Add(entry, tenant.Pages.Values);
        }

        if (entry.Checksum != record.Checksum) Replace(entry, record, effects);
        if (!stored.KeepsPin && entry.PinUntilMs != stored.PinUntilMs) SetPin(entry, stored.PinUntilMs);
        foreach (var replica in record.Replicas) AddReplica(entry, replica, effects);
        CheckReplication(entry);
    }

    /// <summary>The page was computed anew while no copy could be read; what comes back of the old ones is not the same bytes.</summary>
    private void Replace(PageEntry entry, in PageRecord record, IShardEffects? effects)
    {
        foreach (var replica in entry.Replicas)
        {
            Free(effects, entry.Tenant.Name, replica, entry.Key);
            DropReplica(entry, replica);
        }

        entry.Checksum = record.Checksum;
    }

    /// <summary>An unfinished put has its bytes counted until it ends.</summary>
    private static void EndPut(CacheTenant tenant, KvPageKey key)
    {
        if (tenant.Puts.Remove(key, out var put)) tenant.UsedBytes -= put.Page.SizeBytes;
    }

    private static void Join(PageEntry entry, string name)
    {
        if (name.Length == 0) return;
        if (!entry.Tenant.Groups.TryGetValue(name, out var group)) entry.Tenant.Groups.Add(name, group = new PageGroup(name));
        group.Members.Add(entry);
        entry.Group = group;
    }

    private void AddReplica(string tenant, KvPageKey key, in Replica replica, IShardEffects? effects)
    {
        if (Find(tenant, key) is not { } entry)
        {
            Free(effects, tenant, replica, key);   // It went while the copy was made.
            return;
        }

        AddReplica(entry, replica, effects);
        CheckReplication(entry);
    }

    private void AddReplica(PageEntry entry, Replica replica, IShardEffects? effects)
    {
        // One copy a store, in memory and on disk each: a second one takes the place of the first.
        for (var i = 0; i < entry.Replicas.Length; i++)
        {
            var old = entry.Replicas[i];
            if (old.Store != replica.Store || old.IsOnDisk != replica.IsOnDisk) continue;
            if (old != replica)
            {
                if (!old.IsOnDisk) Free(effects, entry.Tenant.Name, old, entry.Key);
                entry.Replicas = entry.Replicas.SetItem(i, replica);
            }

            if (!replica.IsOnDisk) effects?.Keep(replica);
            return;
        }

        entry.Replicas = entry.Replicas.Add(replica);
        var content = ContentOf(replica.Store);
        if (replica.IsOnDisk)
        {
            content.Disk.Add(entry);
            return;
        }

        content.Memory.Add(entry);
        content.MemoryBytes += entry.Page.SizeBytes;
        content.Order.Add(entry, content.Memory);
        effects?.Keep(replica);
    }

    private void RemoveReplica(string tenant, KvPageKey key, in Replica replica, RemovalCause cause, IShardEffects? effects)
    {
        if (Find(tenant, key) is not { } entry || !entry.Replicas.Contains(replica)) return;
        entry.IsEnding = false;
        if (cause != RemovalCause.Lost || !replica.IsOnDisk) Free(effects, tenant, replica, key);
        DropReplica(entry, replica);
        if (entry.Replicas.IsEmpty)
        {
            End(entry, cause);
            return;
        }

        CheckReplication(entry);
        if (cause == RemovalCause.Evicted) entry.Tenant.Order.Add(entry, entry.Tenant.Pages.Values);   // For its tenant it is there still.
    }

    private void Free(IShardEffects? effects, string tenant, in Replica replica, KvPageKey key)
    {
        if (effects is null) return;
        effects.Free(tenant, replica, key);
        if (!replica.IsOnDisk) _freed.Add(replica);
    }

    private void DropReplica(PageEntry entry, in Replica replica)
    {
        entry.Replicas = entry.Replicas.Remove(replica);
        var content = ContentOf(replica.Store);
        if (replica.IsOnDisk) content.Disk.Remove(entry);
        else if (content.Memory.Remove(entry)) content.MemoryBytes -= entry.Page.SizeBytes;
    }

    private void Remove(string tenant, KvPageKey key, RemovalCause cause, IShardEffects? effects)
    {
        if (Find(tenant, key) is not { } entry) return;
        foreach (var replica in entry.Replicas)
        {
            Free(effects, tenant, replica, key);
            DropReplica(entry, replica);
        }

        End(entry, cause);
    }

    private void End(PageEntry entry, RemovalCause cause)
    {
        entry.IsAlive = false;
        entry.Tenant.Pages.Remove(entry.Key);
        entry.Tenant.UsedBytes -= entry.Page.SizeBytes;
        if (entry.IsQuotaEnding) entry.Tenant.EndingBytes -= entry.Page.SizeBytes;
        if (entry.Group is { } group && group.Members.Remove(entry) && group.Members.Count == 0) entry.Tenant.Groups.Remove(group.Name);
        _underReplicated.Remove(entry);
        PageCount--;
        Bytes -= entry.Page.SizeBytes;
        if (cause == RemovalCause.Evicted) Evicted++;
        if (cause == RemovalCause.Lost) Lost++;
    }

    private void Lose(StoreLost lost)
    {
        if (!_contents.TryGetValue(lost.Store, out var content)) return;
        foreach (var entry in content.Memory.Concat(lost.WithDisk ? content.Disk : []).Distinct().ToList())
        {
            foreach (var replica in entry.Replicas)
            {
                if (replica.Store != lost.Store || (replica.IsOnDisk ? !lost.WithDisk : replica.Epoch == lost.PresentEpoch)) continue;
                DropReplica(entry, replica);
            }

            if (entry.Replicas.IsEmpty) End(entry, RemovalCause.Lost);
            else CheckReplication(entry);
        }
    }

    private void SetPin(string tenant, KvPageKey key, long untilMs)
    {
        if (Find(tenant, key) is { } entry) SetPin(entry, untilMs);
    }

    private void SetPin(PageEntry entry, long untilMs)
    {
        entry.PinUntilMs = untilMs;
        entry.Tenant.Order.Add(entry, entry.Tenant.Pages.Values);
        foreach (var replica in entry.Replicas)
        {
            if (replica.IsOnDisk) continue;
            var content = ContentOf(replica.Store);
            content.Order.Add(entry, content.Memory);
        }
    }

    private void CheckReplication(PageEntry entry)
    {
        if (entry.IsAlive && entry.Stores < entry.Wanted) _underReplicated.Add(entry);
        else _underReplicated.Remove(entry);
    }
}
