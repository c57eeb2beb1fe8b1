using System.Collections.Immutable;
using System.Diagnostics;
using Akka.Actor;
using static Akka.Cluster.Sharding.ShardingProtocol;

namespace Akka.Cluster.Sharding.Coordination;

/// <summary>Which region has which shards. Pure: events in, state out.</summary>
/// <param name="Shards">The region of each shard that has one.</param>
/// <param name="Regions">The shards of each region, in the order in which it got them.</param>
/// <param name="Unallocated">Shards that had a region and have none now.</param>
internal sealed record CoordinatorState(
    ImmutableDictionary<string, IActorRef> Shards,
    ImmutableDictionary<IActorRef, IImmutableList<string>> Regions,
    ImmutableHashSet<string> Unallocated) : IClusterShardingSerializable
{
    public static CoordinatorState Empty { get; } = new(
        ImmutableDictionary<string, IActorRef>.Empty, ImmutableDictionary<IActorRef, IImmutableList<string>>.Empty, []);

    /// <summary>The state after an event. What does not fit is ignored: a journal may end between two events that belong together.</summary>
    public CoordinatorState Apply(ICoordinatorEvent @event) => @event switch
    {
        RegionRegistered e => Regions.ContainsKey(e.Region) ? this : this with { Regions = Regions.Add(e.Region, ImmutableList<string>.Empty) },
        RegionTerminated e => Without(e.Region),
        ShardHomeAllocated e => Allocate(e.Shard, e.Region),
        ShardHomeDeallocated e => Deallocate(e.Shard),
        _ => throw new UnreachableException($"{@event.GetType()} is no event of a coordinator."),
    };

    private CoordinatorState Without(IActorRef region) => Regions.TryGetValue(region, out var shards)
        ? new CoordinatorState(Shards.RemoveRange(shards), Regions.Remove(region), Unallocated.Union(shards))
        : this;

    private CoordinatorState Allocate(string shard, IActorRef region) => Regions.TryGetValue(region, out var shards) && !Shards.ContainsKey(shard)
        ? new CoordinatorState(Shards.Add(shard, region), Regions.SetItem(region, shards.Add(shard)), Unallocated.Remove(shard))
        : this;

    private CoordinatorState Deallocate(string shard) => Shards.TryGetValue(shard, out var region)
        ? new CoordinatorState(Shards.Remove(shard), Regions.SetItem(region, Regions[region].Remove(shard)), Unallocated.Add(shard))
        : this;
}
