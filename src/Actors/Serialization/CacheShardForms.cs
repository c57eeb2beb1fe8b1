using System.Collections.Immutable;
using ActorInference.Actors.Ids;
using ActorInference.Actors.Kv;
using ActorInference.Actors.Protocols;
using static ActorInference.Actors.Protocols.CacheShardProtocol;

namespace ActorInference.Actors.Serialization;

/// <summary>Forms of what is said to and by cache shards.</summary>
internal static class CacheShardForms
{
    public static IEnumerable<WireForm> All { get; } =
    [
        new WireForm<PutStart, Wire.CachePutStart>("cps", Wire.CachePutStart.Parser, Write, static (wire, _) => Read(wire)),
        new WireForm<PutStarted, Wire.CachePutStarted>("cpd", Wire.CachePutStarted.Parser, Write, static (wire, _) => Read(wire)),
        new WireForm<PutEnd, Wire.CachePutEnd>("cpe", Wire.CachePutEnd.Parser, Write, static (wire, _) => Read(wire)),
        new WireForm<PutRevoke, Wire.CacheKeys>(
            "cpr", Wire.CacheKeys.Parser,
            static revoke => Keys(revoke.Bucket, revoke.Tenant, revoke.Keys, writer: revoke.Writer),
            static (wire, _) => new PutRevoke(wire.Bucket, wire.Tenant, CacheParts.Uuid(wire.Writer, "writer"), CacheParts.Keys(wire.Keys))),
        new WireForm<Outcomes, Wire.CacheOutcomes>("co", Wire.CacheOutcomes.Parser, Write, static (wire, _) => Read(wire)),
        new WireForm<Query, Wire.CacheKeys>(
            "cq", Wire.CacheKeys.Parser,
            static query => Keys(query.Bucket, query.Tenant, query.Keys, query.Lease),
            static (wire, _) => new Query(wire.Bucket, wire.Tenant, wire.Flag, CacheParts.Keys(wire.Keys))),
        new WireForm<Found, Wire.CacheFound>("cf", Wire.CacheFound.Parser, Write, static (wire, _) => Read(wire)),
        new WireForm<Exists, Wire.CacheKeys>(
            "cx", Wire.CacheKeys.Parser,
            static exists => Keys(exists.Bucket, exists.Tenant, exists.Keys),
            static (wire, _) => new Exists(wire.Bucket, wire.Tenant, CacheParts.Keys(wire.Keys))),
        new WireForm<Remove, Wire.CacheKeys>(
            "cr", Wire.CacheKeys.Parser,
            static remove => Keys(remove.Bucket, remove.Tenant, remove.Keys, remove.Force),
            static (wire, _) => new Remove(wire.Bucket, wire.Tenant, wire.Flag, CacheParts.Keys(wire.Keys))),
        new WireForm<RemoveMatching, Wire.CacheRemoveMatching>(
            "crm", Wire.CacheRemoveMatching.Parser,
            static remove => new Wire.CacheRemoveMatching { Bucket = remove.Bucket, Tenant = remove.Tenant, Force = remove.Force, Pattern = remove.Pattern },
            static (wire, _) => new RemoveMatching(wire.Bucket, wire.Tenant, wire.Force, wire.Pattern)),
        new WireForm<Counted, Wire.CacheCounted>(
            "cc", Wire.CacheCounted.Parser, static counted => new Wire.CacheCounted { Pages = counted.Pages }, static (wire, _) => new Counted(wire.Pages)),
        .. CacheUpkeepForms.All,
    ];

    private static Wire.CacheKeys Keys(int bucket, string tenant, ImmutableArray<KvPageKey> keys, bool flag = false, Guid? writer = null)
    {
        var wire = new Wire.CacheKeys { Bucket = bucket, Tenant = tenant, Flag = flag };
        if (writer is { } id) wire.Writer = IdForms.Write(id);
        CacheParts.Keys(wire.Keys, keys);
        return wire;
    }

    private static Wire.CachePutStart Write(PutStart put)
    {
        var wire = new Wire.CachePutStart
        {
            Bucket = put.Bucket, Tenant = put.Tenant, Writer = IdForms.Write(put.Writer), Host = put.Host, Policy = CacheParts.Write(put.Policy),
        };
        CacheParts.Many(wire.Pages, put.Pages, CacheParts.Write);
        return wire;
    }

    private static PutStart Read(Wire.CachePutStart wire) => new(
        wire.Bucket, wire.Tenant, CacheParts.Uuid(wire.Writer, "writer"), wire.Host, CacheParts.Read(wire.Policy), CacheParts.Many(wire.Pages, CacheParts.Read));

    private static Wire.CachePutStarted Write(PutStarted started)
    {
        var wire = new Wire.CachePutStarted();
        CacheParts.Many(wire.Places, started.Places, static place =>
        {
            var written = new Wire.PutPlace { Outcome = (int)place.Outcome };
            CacheParts.Many(written.Stores, place.Stores, CacheParts.Write);
            return written;
        });
        return wire;
    }

    private static PutStarted Read(Wire.CachePutStarted wire) => new(CacheParts.Many(wire.Places, static place => new PutPlace(
        CacheParts.Known<CacheOutcome>(place.Outcome, "places.outcome"), CacheParts.Many(place.Stores, static store => new StoreId(store)))));

    private static Wire.CachePutEnd Write(PutEnd end)
    {
        var wire = new Wire.CachePutEnd { Bucket = end.Bucket, Tenant = end.Tenant, Writer = IdForms.Write(end.Writer) };
        CacheParts.Many(wire.Pages, end.Pages, static page =>
        {
            var written = new Wire.EndedPage { Key = CacheParts.Write(page.Key), Checksum = page.Checksum };
            CacheParts.Many(written.Replicas, page.Replicas, CacheParts.Write);
            return written;
        });
        return wire;
    }

    private static PutEnd Read(Wire.CachePutEnd wire) => new(
        wire.Bucket, wire.Tenant, CacheParts.Uuid(wire.Writer, "writer"),
        CacheParts.Many(wire.Pages, static page => new EndedPage(CacheParts.Read(page.Key, "pages.key"), page.Checksum, CacheParts.Many(page.Replicas, CacheParts.Read))));

    private static Wire.CacheOutcomes Write(Outcomes outcomes)
    {
        var wire = new Wire.CacheOutcomes();
        CacheParts.Many(wire.Pages, outcomes.Pages, static outcome => (int)outcome);
        return wire;
    }

    private static Outcomes Read(Wire.CacheOutcomes wire) => new(CacheParts.Many(wire.Pages, static outcome => CacheParts.Known<CacheOutcome>(outcome, "pages")));

    private static Wire.CacheFound Write(Found found)
    {
        var wire = new Wire.CacheFound { LeaseMs = found.LeaseMs };
        CacheParts.Many(wire.Pages, found.Pages, static page =>
        {
            var written = new Wire.FoundPage { Outcome = (int)page.Outcome, SizeBytes = page.SizeBytes, Checksum = page.Checksum };
            CacheParts.Many(written.Replicas, page.Replicas, CacheParts.Write);
            return written;
        });
        return wire;
    }

    private static Found Read(Wire.CacheFound wire) => new(wire.LeaseMs, CacheParts.Many(wire.Pages, static page => new FoundPage(
        CacheParts.Known<CacheOutcome>(page.Outcome, "pages.outcome"), page.SizeBytes, page.Checksum, CacheParts.Many(page.Replicas, CacheParts.Read))));
}
