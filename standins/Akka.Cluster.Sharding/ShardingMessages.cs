using System.Collections.Immutable;
using Akka.Actor;
using Akka.Util;

namespace Akka.Cluster.Sharding;

/// <summary>Of what sharding says between nodes and to its journal; written by <see cref="Serialization.ClusterShardingMessageSerializer"/>.</summary>
public interface IClusterShardingSerializable;

/// <summary>An order to a region that is for the region itself.</summary>
public interface IShardRegionCommand;

/// <summary>A question to a region that is for the region itself.</summary>
public interface IShardRegionQuery;

/// <summary>An entity tells its parent that it may go: it is told <see cref="StopMessage"/> in turn, and messages that come meanwhile wait.</summary>
public sealed class Passivate(object stopMessage) : IShardRegionCommand
{
    public object StopMessage { get; } = stopMessage;
}

/// <summary>Tells a region to hand off all its shards and then to stop.</summary>
public sealed class GracefulShutdown : IShardRegionCommand
{
    public static readonly GracefulShutdown Instance = new();

    private GracefulShutdown()
    {
    }
}

/// <summary>Asks for the nodes that host shards. Answered by <see cref="CurrentRegions"/>.</summary>
public sealed class GetCurrentRegions : IShardRegionQuery, IClusterShardingSerializable
{
    public static readonly GetCurrentRegions Instance = new();

    private GetCurrentRegions()
    {
    }
}

public sealed class CurrentRegions(IImmutableSet<Address> regions) : IClusterShardingSerializable
{
    public IImmutableSet<Address> Regions { get; } = regions;
}

/// <summary>Asks how many entities each shard of each region has. Answered by <see cref="ClusterShardingStats"/>.</summary>
public sealed class GetClusterShardingStats(TimeSpan timeout) : IShardRegionQuery, IClusterShardingSerializable
{
    /// <summary>How long to wait for each region.</summary>
    public TimeSpan Timeout { get; } = timeout;
}

public sealed class ClusterShardingStats(IImmutableDictionary<Address, ShardRegionStats> regions) : IClusterShardingSerializable
{
    /// <summary>Those that answered in time.</summary>
    public IImmutableDictionary<Address, ShardRegionStats> Regions { get; } = regions;
}

/// <summary>Asks how many entities each shard of this region has. Answered by <see cref="ShardRegionStats"/>.</summary>
public sealed class GetShardRegionStats : IShardRegionQuery, IClusterShardingSerializable
{
    public static readonly GetShardRegionStats Instance = new();

    private GetShardRegionStats()
    {
    }
}

public sealed class ShardRegionStats(IImmutableDictionary<string, int> stats, IImmutableSet<string> failed) : IClusterShardingSerializable
{
    public ShardRegionStats(IImmutableDictionary<string, int> stats)
        : this(stats, ImmutableHashSet<string>.Empty)
    {
    }

    /// <summary>Entities by shard.</summary>
    public IImmutableDictionary<string, int> Stats { get; } = stats;

    /// <summary>Shards that did not answer in time.</summary>
    public IImmutableSet<string> Failed { get; } = failed;
}

/// <summary>Asks for the entities of this region. Answered by <see cref="CurrentShardRegionState"/>.</summary>
public sealed class GetShardRegionState : IShardRegionQuery, IClusterShardingSerializable
{
    public static readonly GetShardRegionState Instance = new();

    private GetShardRegionState()
    {
    }
}

public sealed class CurrentShardRegionState(IImmutableSet<ShardState> shards, IImmutableSet<string> failed) : IClusterShardingSerializable
{
    public CurrentShardRegionState(IImmutableSet<ShardState> shards)
        : this(shards, ImmutableHashSet<string>.Empty)
    {
    }

    public IImmutableSet<ShardState> Shards { get; } = shards;

    /// <summary>Shards that did not answer in time.</summary>
    public IImmutableSet<string> Failed { get; } = failed;
}

public sealed class ShardState(string shardId, IImmutableSet<string> entityIds) : IEquatable<ShardState>
{
    public string ShardId { get; } = shardId;

    public IImmutableSet<string> EntityIds { get; } = entityIds;

    public bool Equals(ShardState other) => other is not null && ShardId == other.ShardId && EntityIds.SetEquals(other.EntityIds);

    public override bool Equals(object obj) => Equals(obj as ShardState);

    public override int GetHashCode() => HashCode.Combine(ShardId, EntityIds.Count);
}

/// <summary>Asks where an entity is. Answered by <see cref="EntityLocation"/>.</summary>
public sealed class GetEntityLocation(string entityId, TimeSpan timeout) : IShardRegionQuery
{
    public string EntityId { get; } = entityId;

    public TimeSpan Timeout { get; } = timeout;
}

public sealed class EntityLocation(string entityId, string shardId, Address shardRegion, Option<IActorRef> entityRef)
{
    public string EntityId { get; } = entityId;

    public string ShardId { get; } = shardId;

    /// <summary>The node of its shard; <see cref="Address.AllSystems"/> if that is not known here.</summary>
    public Address ShardRegion { get; } = shardRegion;

    /// <summary>None if it does not run.</summary>
    public Option<IActorRef> EntityRef { get; } = entityRef;
}
