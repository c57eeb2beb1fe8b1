using System.Collections.Immutable;
using ActorInference.Actors.Ids;
using ActorInference.Actors.Kv;
using ActorInference.Actors.Protocols;
using static ActorInference.Actors.Protocols.CacheStoreProtocol;

namespace ActorInference.Actors.Serialization;

/// <summary>Forms of what is said to and by cache stores.</summary>
internal static class CacheStoreForms
{
    public static IEnumerable<WireForm> All { get; } =
    [
        new WireForm<StoreReport, Wire.StoreReport>("sr", Wire.StoreReport.Parser, Write, Read),
        new WireForm<StoreLeft, Wire.StoreLeft>(
            "sl", Wire.StoreLeft.Parser,
            static left => new Wire.StoreLeft { Store = CacheParts.Write(left.Store), Epoch = IdForms.Write(left.Epoch), WithDisk = left.WithDisk },
            static (wire, _) => new StoreLeft(new StoreId(wire.Store), CacheParts.Uuid(wire.Epoch, "epoch"), wire.WithDisk)),
        new WireForm<Put, Wire.StorePut>("sp", Wire.StorePut.Parser, Write, static (wire, _) => Read(wire)),
        new WireForm<PutDone, Wire.StorePutDone>("spd", Wire.StorePutDone.Parser, Write, static (wire, _) => new PutDone(CacheParts.Many(wire.Replicas, CacheParts.Read))),
        new WireForm<Keep, Wire.StoreSlots>(
            "sk", Wire.StoreSlots.Parser, static keep => Slots(keep.Epoch, keep.Slots), static (wire, _) => new Keep(CacheParts.Uuid(wire.Epoch, "epoch"), Slots(wire))),
        new WireForm<Free, Wire.StoreSlots>(
            "sf", Wire.StoreSlots.Parser, static free => Slots(free.Epoch, free.Slots), static (wire, _) => new Free(CacheParts.Uuid(wire.Epoch, "epoch"), Slots(wire))),
        new WireForm<Tell, Wire.StoreTell>(
            "st", Wire.StoreTell.Parser, static tell => new Wire.StoreTell { Bucket = tell.Bucket }, static (wire, _) => new Tell(wire.Bucket)),
        new WireForm<FreeDisk, Wire.StoreKeys>(
            "sd", Wire.StoreKeys.Parser, static free => Keys(free.Keys), static (wire, _) => new FreeDisk(CacheParts.Many(wire.Keys, CacheParts.Read))),
        new WireForm<Load, Wire.StoreKeys>(
            "so", Wire.StoreKeys.Parser, static load => Keys(load.Keys), static (wire, _) => new Load(CacheParts.Many(wire.Keys, CacheParts.Read))),
        new WireForm<Pull, Wire.StorePull>("su", Wire.StorePull.Parser, Write, static (wire, _) => new Pull(wire.Bucket, CacheParts.Many(wire.Pages, Read))),
        new WireForm<Govern, Wire.StoreGovern>(
            "sg", Wire.StoreGovern.Parser,
            static govern => new Wire.StoreGovern { Action = (int)govern.Action },
            static (wire, _) => new Govern(CacheParts.Known<StoreAction>(wire.Action, "action"))),
        new WireForm<Governed, Wire.StoreGoverned>(
            "sgd", Wire.StoreGoverned.Parser,
            static governed => new Wire.StoreGoverned { Action = (int)governed.Action, Pages = governed.Pages, Failed = governed.Failed, Message = governed.Message },
            static (wire, _) => new Governed(CacheParts.Known<StoreAction>(wire.Action, "action"), wire.Pages, wire.Failed, wire.Message)),
        new WireForm<GetStoreStatus, Wire.GetStatus>(
            "sgs", Wire.GetStatus.Parser, static _ => new Wire.GetStatus(), static (_, _) => GetStoreStatus.Instance),
        new WireForm<StoreStatus, Wire.StoreStatus>("ss", Wire.StoreStatus.Parser, Write, static (wire, _) => Read(wire)),
    ];

    private static Wire.StoreReport Write(StoreReport report)
    {
        var wire = new Wire.StoreReport
        {
            Store = CacheParts.Write(report.Store), Epoch = IdForms.Write(report.Epoch), Actor = ActorReferences.Write(report.Actor, "actor"), Host = report.Host,
            CapacityBytes = report.CapacityBytes, UsedBytes = report.UsedBytes, IsDraining = report.IsDraining, Refused = report.Refused,
        };
        if (report.SharedPath is { } path) wire.SharedPath = path;
        CacheParts.Many(wire.Views, report.Views, static view => new Wire.PageView { Pool = IdForms.Write(view.Pool.Value), Source = KvTransferForms.Write(view.Source) });
        return wire;
    }

    private static StoreReport Read(Wire.StoreReport wire, ActorReferences references) => new(
        new StoreId(wire.Store), CacheParts.Uuid(wire.Epoch, "epoch"), references.Read(wire.Actor, "actor"), wire.Host, wire.CapacityBytes, wire.UsedBytes,
        wire.HasSharedPath ? wire.SharedPath : null, wire.IsDraining, wire.Refused,
        CacheParts.Many(wire.Views, static view => new PageView(
            new KvPoolId(CacheParts.Uuid(view.Pool, "views.pool")), KvTransferForms.ReadSource(Fields.Required(view.Source, "views.source"), "views.source"))));

    private static Wire.StorePut Write(Put put)
    {
        var wire = new Wire.StorePut { Tenant = put.Tenant, Pool = IdForms.Write(put.Pool.Value), Source = put.Source is { } source ? KvTransferForms.Write(source) : null };
        CacheParts.Many(wire.Pages, put.Pages, static page => new Wire.GivenPage
        {
            Page = CacheParts.Write(page.Page), FromPage = page.From.Page, FromGeneration = page.From.Generation, Checksum = page.Checksum,
        });
        return wire;
    }

    private static Put Read(Wire.StorePut wire) => new(
        wire.Tenant, new KvPoolId(CacheParts.Uuid(wire.Pool, "pool")), wire.Source is { } source ? KvTransferForms.ReadSource(source, "source") : null,
        CacheParts.Many(wire.Pages, static page => new GivenPage(CacheParts.Read(page.Page), new KvPageReference(page.FromPage, page.FromGeneration), page.Checksum)));

    private static Wire.StorePutDone Write(PutDone done)
    {
        var wire = new Wire.StorePutDone();
        CacheParts.Many(wire.Replicas, done.Replicas, CacheParts.Write);
        return wire;
    }

    private static Wire.StoreSlots Slots(Guid epoch, ImmutableArray<SlotUse> slots)
    {
        var wire = new Wire.StoreSlots { Epoch = IdForms.Write(epoch) };
        CacheParts.Many(wire.Slots, slots, static use => new Wire.SlotUse { Slot = use.Slot, Generation = use.Generation });
        return wire;
    }

    private static ImmutableArray<SlotUse> Slots(Wire.StoreSlots wire) =>
        CacheParts.Many(wire.Slots, static use => new SlotUse(use.Slot, use.Generation));

    private static Wire.StoreKeys Keys(ImmutableArray<CacheShardProtocol.TenantKey> keys)
    {
        var wire = new Wire.StoreKeys();
        CacheParts.Many(wire.Keys, keys, CacheParts.Write);
        return wire;
    }

    private static Wire.StorePull Write(Pull pull)
    {
        var wire = new Wire.StorePull { Bucket = pull.Bucket };
        CacheParts.Many(wire.Pages, pull.Pages, static page => new Wire.PullPage
        {
            Tenant = page.Tenant, Page = CacheParts.Write(page.Page), Checksum = page.Checksum, From = CacheParts.Write(page.From),
        });
        return wire;
    }

    private static PullPage Read(Wire.PullPage wire) => new(wire.Tenant, CacheParts.Read(wire.Page), wire.Checksum, CacheParts.Read(wire.From));

    private static Wire.StoreStatus Write(StoreStatus status)
    {
        var wire = new Wire.StoreStatus
        {
            Store = CacheParts.Write(status.Store), CapacityBytes = status.CapacityBytes, UsedBytes = status.UsedBytes, Pages = status.Pages,
            LargestFreeBytes = status.LargestFreeBytes, DiskPath = status.DiskPath, DiskQuotaBytes = status.DiskQuotaBytes, DiskUsedBytes = status.DiskUsedBytes,
            DiskPages = status.DiskPages, FailedWrites = status.FailedWrites, CorruptPages = status.CorruptPages, LoadMs = status.LoadMs, Warmed = status.Warmed,
        };
        Fields.Add(wire.Alerts, status.Alerts);
        return wire;
    }

    private static StoreStatus Read(Wire.StoreStatus wire) => new(
        new StoreId(wire.Store), wire.CapacityBytes, wire.UsedBytes, wire.Pages, wire.LargestFreeBytes, wire.DiskPath, wire.DiskQuotaBytes, wire.DiskUsedBytes,
        wire.DiskPages, wire.FailedWrites, wire.CorruptPages, wire.LoadMs, wire.Warmed, Fields.Array(wire.Alerts));
}
