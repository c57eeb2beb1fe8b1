using System.Collections.Frozen;
using System.Collections.Immutable;
using Akka.Actor;
using Akka.Cluster.Sharding.Coordination;
using Akka.Remote.Serialization;
using Akka.Remote.Wire;
using Akka.Serialization;
using static Akka.Cluster.Sharding.ShardingProtocol;

namespace Akka.Cluster.Sharding.Serialization;

/// <summary>Sharding's messages between nodes, and its events and snapshots in the journal. A manifest is never used for anything else.</summary>
public sealed class ClusterShardingMessageSerializer : SerializerWithStringManifest
{
    private readonly FrozenDictionary<Type, Format> _byType;
    private readonly FrozenDictionary<string, Format> _byManifest;

    public ClusterShardingMessageSerializer(ExtendedActorSystem system)
        : base(system)
    {
        Format[] formats = [.. JournalFormats(), .. RegionFormats(), .. QueryFormats()];
        _byType = formats.ToFrozenDictionary(format => format.Type);
        _byManifest = formats.ToFrozenDictionary(format => format.Manifest);
    }

    private delegate object Reading(ref WireReader reader);

    public override int Identifier => 13;

    public override string Manifest(object o) => FormatOf(o).Manifest;

    public override byte[] ToBinary(object obj)
    {
        var writer = new WireWriter();
        FormatOf(obj).Write(writer, obj);
        return writer.ToArray();
    }

    /// <exception cref="WireFormatException">The manifest is unknown, or the bytes are not of its format.</exception>
    public override object FromBinary(byte[] bytes, string manifest)
    {
        if (!_byManifest.TryGetValue(manifest, out var format))
            throw new WireFormatException($"{nameof(ClusterShardingMessageSerializer)} knows no manifest [{manifest}].");
        var reader = new WireReader(bytes);
        return format.Read(ref reader);
    }

    private Format FormatOf(object o) => _byType.TryGetValue(o.GetType(), out var format)
        ? format
        : throw new ArgumentException($"{o.GetType()} is not for {nameof(ClusterShardingMessageSerializer)}.", nameof(o));

    private IEnumerable<Format> JournalFormats() =>
    [
        Of<CoordinatorState>("AA", WriteState, ReadState),
        Of<RegionRegistered>("AB", (w, e) => Ref(w, e.Region), (ref r) => new RegionRegistered(Ref(ref r))),
        Of<RegionTerminated>("AD", (w, e) => Ref(w, e.Region), (ref r) => new RegionTerminated(Ref(ref r))),
        Of<ShardHomeAllocated>("AF", (w, e) => Ref(w.Text(e.Shard), e.Region), (ref r) => new ShardHomeAllocated(r.Text(), Ref(ref r))),
        Of<ShardHomeDeallocated>("AG", (w, e) => w.Text(e.Shard), (ref r) => new ShardHomeDeallocated(r.Text())),
        Of<ShardRemembered>("AH", (w, e) => w.Text(e.Shard), (ref r) => new ShardRemembered(r.Text())),
        Of<RememberedShards>("AI", (w, e) => Texts(w, e.Shards), (ref r) => new RememberedShards([.. Texts(ref r)])),
        Of<RememberedEntities>("CA", (w, e) => Texts(w, e.Entities), (ref r) => new RememberedEntities([.. Texts(ref r)])),
        Of<EntitiesStarted>("CB", (w, e) => Texts(w, e.Entities), (ref r) => new EntitiesStarted([.. Texts(ref r)])),
        Of<EntitiesStopped>("CD", (w, e) => Texts(w, e.Entities), (ref r) => new EntitiesStopped([.. Texts(ref r)])),
    ];

    private IEnumerable<Format> RegionFormats() =>
    [
        Of<Register>("BA", (w, m) => Texts(Ref(w, m.Region), m.Shards), (ref r) => new Register(Ref(ref r), [.. Texts(ref r)])),
        Of<RegisterProxy>("BB", (w, m) => Ref(w, m.Proxy), (ref r) => new RegisterProxy(Ref(ref r))),
        Of<RegisterAck>("BC", (w, m) => Ref(w, m.Coordinator), (ref r) => new RegisterAck(Ref(ref r))),
        Of<GetShardHome>("BD", (w, m) => w.Text(m.Shard), (ref r) => new GetShardHome(r.Text())),
        Of<ShardHome>("BE", (w, m) => Ref(w.Text(m.Shard), m.Region), (ref r) => new ShardHome(r.Text(), Ref(ref r))),
        Of<HostShard>("BF", (w, m) => w.Text(m.Shard), (ref r) => new HostShard(r.Text())),
        Of<ShardStarted>("BG", (w, m) => w.Text(m.Shard), (ref r) => new ShardStarted(r.Text())),
        Of<BeginHandOff>("BH", (w, m) => w.Text(m.Shard), (ref r) => new BeginHandOff(r.Text())),
        Of<BeginHandOffAck>("BI", (w, m) => w.Text(m.Shard), (ref r) => new BeginHandOffAck(r.Text())),
        Of<HandOff>("BJ", (w, m) => w.Text(m.Shard), (ref r) => new HandOff(r.Text())),
        Of<ShardStopped>("BK", (w, m) => w.Text(m.Shard), (ref r) => new ShardStopped(r.Text())),
        Of<GracefulShutdownRequest>("BL", (w, m) => Ref(w, m.Region), (ref r) => new GracefulShutdownRequest(Ref(ref r))),
        Of<RegisterAgain>("BN", (w, _) => w, (ref _) => RegisterAgain.Instance),
        Of<ShardRegion.StartEntity>("EA", (w, m) => w.Text(m.EntityId), (ref r) => new ShardRegion.StartEntity(r.Text())),
        Of<ShardRegion.StartEntityAck>("EB", (w, m) => w.Text(m.EntityId).Text(m.ShardId), (ref r) => new ShardRegion.StartEntityAck(r.Text(), r.Text())),
        Of<ShardingEnvelope>(
            "SE", (w, m) => w.Text(m.EntityId).Payload(system.Serialization, m.Message), (ref r) => new ShardingEnvelope(r.Text(), r.Payload(system.Serialization))),
    ];

    private static IEnumerable<Format> QueryFormats() =>
    [
        Of<GetShardRegionStats>("DC", (w, _) => w, (ref _) => GetShardRegionStats.Instance),
        Of<ShardRegionStats>("DD", (w, m) => WriteStats(w, m), (ref r) => ReadStats(ref r)),
        Of<GetClusterShardingStats>("GS", (w, m) => w.VarInt(m.Timeout.Ticks), (ref r) => new GetClusterShardingStats(new TimeSpan(r.VarInt()))),
        Of<ClusterShardingStats>("CS", WriteClusterStats, ReadClusterStats),
        Of<GetCurrentRegions>("GR", (w, _) => w, (ref _) => GetCurrentRegions.Instance),
        Of<CurrentRegions>(
            "CR",
            (w, m) => Texts(w, [.. m.Regions.Select(address => address.ToString())]),
            (ref r) => new CurrentRegions(Texts(ref r).Select(Address.Parse).ToImmutableHashSet())),
        Of<GetShardRegionState>("FA", (w, _) => w, (ref _) => GetShardRegionState.Instance),
        Of<CurrentShardRegionState>("FB", WriteRegionState, ReadRegionState),
    ];

    private static WireWriter Ref(WireWriter writer, IActorRef actor) => writer.Text(Akka.Serialization.Serialization.SerializedActorPath(actor));

    private static WireWriter Texts(WireWriter writer, IReadOnlyCollection<string> texts)
    {
        writer.VarUInt((ulong)texts.Count);
        foreach (var text in texts) writer.Text(text);
        return writer;
    }

    private static List<string> Texts(ref WireReader reader)
    {
        var texts = new List<string>();
        for (var left = reader.VarUInt(); left > 0; left--) texts.Add(reader.Text());
        return texts;
    }

    private static WireWriter WriteState(WireWriter writer, CoordinatorState state)
    {
        writer.VarUInt((ulong)state.Regions.Count);
        foreach (var (region, shards) in state.Regions) Texts(Ref(writer, region), [.. shards]);
        return Texts(writer, state.Unallocated);
    }

    private static WireWriter WriteStats(WireWriter writer, ShardRegionStats stats)
    {
        writer.VarUInt((ulong)stats.Stats.Count);
        foreach (var (shard, entities) in stats.Stats) writer.Text(shard).VarInt(entities);
        return Texts(writer, [.. stats.Failed]);
    }

    private static ShardRegionStats ReadStats(ref WireReader reader)
    {
        var stats = ImmutableDictionary.CreateBuilder<string, int>();
        for (var left = reader.VarUInt(); left > 0; left--) stats.Add(reader.Text(), reader.Int32());
        return new ShardRegionStats(stats.ToImmutable(), Texts(ref reader).ToImmutableHashSet());
    }

    private static WireWriter WriteClusterStats(WireWriter writer, ClusterShardingStats stats)
    {
        writer.VarUInt((ulong)stats.Regions.Count);
        foreach (var (address, region) in stats.Regions) WriteStats(writer.Text(address.ToString()), region);
        return writer;
    }

    private static object ReadClusterStats(ref WireReader reader)
    {
        var regions = ImmutableDictionary.CreateBuilder<Address, ShardRegionStats>();
        for (var left = reader.VarUInt(); left > 0; left--) regions.Add(Address.Parse(reader.Text()), ReadStats(ref reader));
        return new ClusterShardingStats(regions.ToImmutable());
    }

    private static WireWriter WriteRegionState(WireWriter writer, CurrentShardRegionState state)
    {
        writer.VarUInt((ulong)state.Shards.Count);
        foreach (var shard in state.Shards) Texts(writer.Text(shard.ShardId), [.. shard.EntityIds]);
        return Texts(writer, [.. state.Failed]);
    }

    private static object ReadRegionState(ref WireReader reader)
    {
        var shards = ImmutableHashSet.CreateBuilder<ShardState>();
        for (var left = reader.VarUInt(); left > 0; left--) shards.Add(new ShardState(reader.Text(), Texts(ref reader).ToImmutableHashSet()));
        return new CurrentShardRegionState(shards.ToImmutable(), Texts(ref reader).ToImmutableHashSet());
    }

    private static Format Of<T>(string manifest, Func<WireWriter, T, WireWriter> write, Reading read) =>
        new(typeof(T), manifest, (writer, message) => write(writer, (T)message), read);

    private object ReadState(ref WireReader reader)
    {
        var shards = ImmutableDictionary.CreateBuilder<string, IActorRef>();
        var regions = ImmutableDictionary.CreateBuilder<IActorRef, IImmutableList<string>>();
        for (var left = reader.VarUInt(); left > 0; left--)
        {
            var region = Ref(ref reader);
            var its = Texts(ref reader).ToImmutableList();
            regions[region] = its;
            foreach (var shard in its) shards[shard] = region;
        }

        return new CoordinatorState(shards.ToImmutable(), regions.ToImmutable(), [.. Texts(ref reader)]);
    }

    private IActorRef Ref(ref WireReader reader) => system.Provider.ResolveActorRef(reader.Text());

    private sealed record Format(Type Type, string Manifest, Action<WireWriter, object> Write, Reading Read);
}
