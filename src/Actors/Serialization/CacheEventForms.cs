using ActorInference.Actors.Ids;
using static ActorInference.Actors.Protocols.CacheShardEvents;

namespace ActorInference.Actors.Serialization;

/// <summary>Forms of what cache shards journal. They are read for ever.</summary>
internal static class CacheEventForms
{
    public static IEnumerable<WireForm> All { get; } =
    [
        new WireForm<PagesStored, Wire.PagesStored>("es", Wire.PagesStored.Parser, Write, static (wire, _) => Read(wire)),
        new WireForm<PagesRemoved, Wire.PagesRemoved>("er", Wire.PagesRemoved.Parser, Write, static (wire, _) => new PagesRemoved(
            wire.Tenant, CacheParts.Known<RemovalCause>(wire.Cause, "cause"), CacheParts.Keys(wire.Keys))),
        new WireForm<ReplicasAdded, Wire.ReplicasChanged>("ea", Wire.ReplicasChanged.Parser, Write, static (wire, _) => new ReplicasAdded(
            wire.Tenant, CacheParts.Many(wire.Replicas, Read))),
        new WireForm<ReplicasRemoved, Wire.ReplicasChanged>("ed", Wire.ReplicasChanged.Parser, Write, static (wire, _) => new ReplicasRemoved(
            wire.Tenant, CacheParts.Known<RemovalCause>(wire.Cause, "cause"), CacheParts.Many(wire.Replicas, Read))),
        new WireForm<StoreLost, Wire.StoreLost>(
            "el", Wire.StoreLost.Parser,
            static lost => new Wire.StoreLost { Store = CacheParts.Write(lost.Store), PresentEpoch = IdForms.Write(lost.PresentEpoch), WithDisk = lost.WithDisk },
            static (wire, _) => new StoreLost(new StoreId(wire.Store), CacheParts.Uuid(wire.PresentEpoch, "present_epoch"), wire.WithDisk)),
        new WireForm<PagesPinned, Wire.PagesPinned>("ep", Wire.PagesPinned.Parser, Write, static (wire, _) => new PagesPinned(
            wire.Tenant, wire.PinUntilMs, CacheParts.Keys(wire.Keys))),
        new WireForm<QuotaSet, Wire.QuotaSet>("eq", Wire.QuotaSet.Parser, Write, static (wire, _) => Read(wire)),
        new WireForm<ShardSnapshot, Wire.ShardSnapshot>("eh", Wire.ShardSnapshot.Parser, Write, static (wire, _) => new ShardSnapshot(
            CacheParts.Many(wire.Quotas, Read), CacheParts.Many(wire.Pages, Read))),
    ];

    private static Wire.PagesStored Write(PagesStored stored)
    {
        var wire = new Wire.PagesStored
        {
            Tenant = stored.Tenant, Group = stored.Group, HardPin = stored.HardPin, PinUntilMs = stored.PinUntilMs, KeepsPin = stored.KeepsPin,
        };
        CacheParts.Many(wire.Pages, stored.Pages, static record =>
        {
            var written = new Wire.PageRecord { Page = CacheParts.Write(record.Page), Checksum = record.Checksum, Wanted = record.Wanted };
            CacheParts.Many(written.Replicas, record.Replicas, CacheParts.Write);
            return written;
        });
        return wire;
    }

    private static PagesStored Read(Wire.PagesStored wire) => new(
        wire.Tenant, wire.Group, wire.HardPin, wire.PinUntilMs, wire.KeepsPin,
        CacheParts.Many(wire.Pages, static record => new PageRecord(
            CacheParts.Read(record.Page), record.Checksum, record.Wanted, CacheParts.Many(record.Replicas, CacheParts.Read))));

    private static Wire.PagesRemoved Write(PagesRemoved removed)
    {
        var wire = new Wire.PagesRemoved { Tenant = removed.Tenant, Cause = (int)removed.Cause };
        CacheParts.Keys(wire.Keys, removed.Keys);
        return wire;
    }

    private static Wire.ReplicasChanged Write(ReplicasAdded added)
    {
        var wire = new Wire.ReplicasChanged { Tenant = added.Tenant };
        CacheParts.Many(wire.Replicas, added.Replicas, Write);
        return wire;
    }

    private static Wire.ReplicasChanged Write(ReplicasRemoved removed)
    {
        var wire = new Wire.ReplicasChanged { Tenant = removed.Tenant, Cause = (int)removed.Cause };
        CacheParts.Many(wire.Replicas, removed.Replicas, Write);
        return wire;
    }

    private static Wire.PageReplica Write(PageReplica page) => new() { Key = CacheParts.Write(page.Key), Replica = CacheParts.Write(page.Replica) };

    private static PageReplica Read(Wire.PageReplica wire) => new(CacheParts.Read(wire.Key, "replicas.key"), CacheParts.Read(wire.Replica));

    private static Wire.PagesPinned Write(PagesPinned pinned)
    {
        var wire = new Wire.PagesPinned { Tenant = pinned.Tenant, PinUntilMs = pinned.PinUntilMs };
        CacheParts.Keys(wire.Keys, pinned.Keys);
        return wire;
    }

    private static Wire.QuotaSet Write(QuotaSet quota)
    {
        var wire = new Wire.QuotaSet { Tenant = quota.Tenant };
        if (quota.Bytes is { } bytes) wire.Bytes = bytes;
        return wire;
    }

    private static QuotaSet Read(Wire.QuotaSet wire) => new(wire.Tenant, wire.HasBytes ? wire.Bytes : null);

    private static Wire.ShardSnapshot Write(ShardSnapshot snapshot)
    {
        var wire = new Wire.ShardSnapshot();
        CacheParts.Many(wire.Quotas, snapshot.Quotas, Write);
        CacheParts.Many(wire.Pages, snapshot.Pages, Write);
        return wire;
    }
}
