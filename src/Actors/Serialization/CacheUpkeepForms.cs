using ActorInference.Actors.Ids;
using static ActorInference.Actors.Protocols.CacheShardProtocol;

namespace ActorInference.Actors.Serialization;

/// <summary>Forms of what operators and stores say to cache shards.</summary>
internal static class CacheUpkeepForms
{
    public static IEnumerable<WireForm> All { get; } =
    [
        new WireForm<Pin, Wire.CachePin>("cn", Wire.CachePin.Parser, Write, static (wire, _) => new Pin(
            wire.Bucket, wire.Tenant, CacheParts.Known<PinAction>(wire.Action, "action"), wire.PinMs, CacheParts.Keys(wire.Keys))),
        new WireForm<Copy, Wire.CacheCopy>("cy", Wire.CacheCopy.Parser, Write, static (wire, _) => new Copy(
            wire.Bucket, wire.Tenant, new StoreId(wire.To), new StoreId(wire.From), CacheParts.Keys(wire.Keys))),
        new WireForm<Broken, Wire.CacheBroken>(
            "cb", Wire.CacheBroken.Parser,
            static broken => new Wire.CacheBroken
            {
                Bucket = broken.Bucket, Tenant = broken.Tenant, Key = CacheParts.Write(broken.Key), Replica = CacheParts.Write(broken.Replica),
            },
            static (wire, _) => new Broken(wire.Bucket, wire.Tenant, CacheParts.Read(wire.Key, "key"), CacheParts.Read(wire.Replica))),
        new WireForm<SetQuota, Wire.CacheSetQuota>("ct", Wire.CacheSetQuota.Parser, Write, static (wire, _) => new SetQuota(
            wire.Bucket, wire.Tenant, wire.HasBytes ? wire.Bytes : null)),
        new WireForm<List, Wire.CacheList>(
            "cl", Wire.CacheList.Parser,
            static list => new Wire.CacheList { Bucket = list.Bucket, Tenant = list.Tenant, After = CacheParts.Write(list.After), Limit = list.Limit },
            static (wire, _) => new List(wire.Bucket, wire.Tenant, CacheParts.Read(wire.After, "after"), wire.Limit)),
        new WireForm<Listed, Wire.CacheListed>("cld", Wire.CacheListed.Parser, Write, static (wire, _) => new Listed(CacheParts.Many(wire.Pages, Read))),
        new WireForm<GetShardStatus, Wire.StoreTell>(
            "cg", Wire.StoreTell.Parser, static get => new Wire.StoreTell { Bucket = get.Bucket }, static (wire, _) => new GetShardStatus(wire.Bucket)),
        new WireForm<ShardStatus, Wire.CacheShardStatus>("cs", Wire.CacheShardStatus.Parser, Write, static (wire, _) => Read(wire)),
        new WireForm<Adopt, Wire.CacheAdopt>("ca", Wire.CacheAdopt.Parser, Write, static (wire, _) => new Adopt(
            wire.Bucket, new StoreId(wire.Store), CacheParts.Many(wire.Pages, Read))),
        new WireForm<DiskChanged, Wire.CacheDiskChanged>("cd", Wire.CacheDiskChanged.Parser, Write, static (wire, _) => new DiskChanged(
            wire.Bucket, new StoreId(wire.Store), wire.IsAdded, CacheParts.Many(wire.Keys, CacheParts.Read))),
        new WireForm<Pulled, Wire.CachePulled>("cpl", Wire.CachePulled.Parser, Write, static (wire, _) => new Pulled(wire.Bucket, CacheParts.Many(wire.Pages, Read))),
    ];

    private static Wire.CachePin Write(Pin pin)
    {
        var wire = new Wire.CachePin { Bucket = pin.Bucket, Tenant = pin.Tenant, Action = (int)pin.Action, PinMs = pin.PinMs };
        CacheParts.Keys(wire.Keys, pin.Keys);
        return wire;
    }

    private static Wire.CacheCopy Write(Copy copy)
    {
        var wire = new Wire.CacheCopy { Bucket = copy.Bucket, Tenant = copy.Tenant, To = CacheParts.Write(copy.To), From = CacheParts.Write(copy.From) };
        CacheParts.Keys(wire.Keys, copy.Keys);
        return wire;
    }

    private static Wire.CacheSetQuota Write(SetQuota quota)
    {
        var wire = new Wire.CacheSetQuota { Bucket = quota.Bucket, Tenant = quota.Tenant };
        if (quota.Bytes is { } bytes) wire.Bytes = bytes;
        return wire;
    }

    private static Wire.CacheListed Write(Listed listed)
    {
        var wire = new Wire.CacheListed();
        CacheParts.Many(wire.Pages, listed.Pages, static page => new Wire.ListedPage
        {
            Key = CacheParts.Write(page.Key), Depth = page.Depth, SizeBytes = page.SizeBytes, MemoryReplicas = page.MemoryReplicas,
            DiskReplicas = page.DiskReplicas, IsLeased = page.IsLeased, IsPinned = page.IsPinned,
        });
        return wire;
    }

    private static ListedPage Read(Wire.ListedPage page) => new(
        CacheParts.Read(page.Key, "pages.key"), page.Depth, page.SizeBytes, page.MemoryReplicas, page.DiskReplicas, page.IsLeased, page.IsPinned);

    private static Wire.CacheShardStatus Write(ShardStatus status) => new()
    {
        Bucket = status.Bucket, Pages = status.Pages, Bytes = status.Bytes, Unfinished = status.Unfinished, SoftPinned = status.SoftPinned,
        UnderReplicated = status.UnderReplicated, Queried = status.Queried, Hits = status.Hits, Evicted = status.Evicted, Lost = status.Lost,
    };

    private static ShardStatus Read(Wire.CacheShardStatus wire) => new(
        wire.Bucket, wire.Pages, wire.Bytes, wire.Unfinished, wire.SoftPinned, wire.UnderReplicated, wire.Queried, wire.Hits, wire.Evicted, wire.Lost);

    private static Wire.CacheAdopt Write(Adopt adopt)
    {
        var wire = new Wire.CacheAdopt { Bucket = adopt.Bucket, Store = CacheParts.Write(adopt.Store) };
        CacheParts.Many(wire.Pages, adopt.Pages, static page => new Wire.HeldPage
        {
            Tenant = page.Tenant, Page = CacheParts.Write(page.Page), Checksum = page.Checksum, Replica = CacheParts.Write(page.Replica), IsCertain = page.IsCertain,
        });
        return wire;
    }

    private static HeldPage Read(Wire.HeldPage wire) => new(wire.Tenant, CacheParts.Read(wire.Page), wire.Checksum, CacheParts.Read(wire.Replica), wire.IsCertain);

    private static Wire.CacheDiskChanged Write(DiskChanged changed)
    {
        var wire = new Wire.CacheDiskChanged { Bucket = changed.Bucket, Store = CacheParts.Write(changed.Store), IsAdded = changed.IsAdded };
        CacheParts.Many(wire.Keys, changed.Keys, CacheParts.Write);
        return wire;
    }

    private static Wire.CachePulled Write(Pulled pulled)
    {
        var wire = new Wire.CachePulled { Bucket = pulled.Bucket };
        CacheParts.Many(wire.Pages, pulled.Pages, static page => new Wire.PulledPage
        {
            Page = CacheParts.Write(page.Page), Store = CacheParts.Write(page.Store), Replica = page.Replica is { } replica ? CacheParts.Write(replica) : null,
        });
        return wire;
    }

    private static PulledPage Read(Wire.PulledPage wire) =>
        new(CacheParts.Read(wire.Page), new StoreId(wire.Store), wire.Replica is { } replica ? CacheParts.Read(replica) : null);
}
