using System.Collections.Immutable;
using Akka.Actor;
using Akka.Event;

namespace Akka.Cluster.Sharding;

/// <summary>What regions, shards and the coordinator say to one another.</summary>
internal static class ShardingProtocol
{
    /// <summary>A region presents itself to who may be the coordinator. Answered by <see cref="RegisterAck"/>, or not at all.</summary>
    /// <param name="Shards">Those that it has.</param>
    public sealed record Register(IActorRef Region, ImmutableList<string> Shards) : IClusterShardingSerializable, IDeadLetterSuppression;

    /// <summary>The same of a region that hosts none.</summary>
    public sealed record RegisterProxy(IActorRef Proxy) : IClusterShardingSerializable, IDeadLetterSuppression;

    public sealed record RegisterAck(IActorRef Coordinator) : IClusterShardingSerializable;

    /// <summary>A new coordinator asks a region to present itself; it takes no more orders from the one before.</summary>
    public sealed record RegisterAgain : IClusterShardingSerializable
    {
        public static readonly RegisterAgain Instance = new();
    }

    /// <summary>Where is the shard? Answered when it has a place.</summary>
    public sealed record GetShardHome(string Shard) : IClusterShardingSerializable, IDeadLetterSuppression;

    public sealed record ShardHome(string Shard, IActorRef Region) : IClusterShardingSerializable;

    /// <summary>Start the shard. Answered by <see cref="ShardStarted"/>.</summary>
    public sealed record HostShard(string Shard) : IClusterShardingSerializable;

    public sealed record ShardStarted(string Shard) : IClusterShardingSerializable;

    /// <summary>The shard will move: hold its messages. Answered by <see cref="BeginHandOffAck"/>.</summary>
    public sealed record BeginHandOff(string Shard) : IClusterShardingSerializable;

    public sealed record BeginHandOffAck(string Shard) : IClusterShardingSerializable;

    /// <summary>Stop the shard. Answered by <see cref="ShardStopped"/> when nothing of it runs.</summary>
    public sealed record HandOff(string Shard) : IClusterShardingSerializable;

    public sealed record ShardStopped(string Shard) : IClusterShardingSerializable;

    /// <summary>The region is to go: move all its shards.</summary>
    public sealed record GracefulShutdownRequest(IActorRef Region) : IClusterShardingSerializable, IDeadLetterSuppression;

    /// <summary>Stops the coordinator, for another one to take over.</summary>
    public sealed record Terminate : IDeadLetterSuppression
    {
        public static readonly Terminate Instance = new();
    }

    /// <summary>Answered by <see cref="ShardState"/>. Between a region and its own shards.</summary>
    public sealed record GetShardState : INoSerializationVerificationNeeded
    {
        public static readonly GetShardState Instance = new();
    }

    /// <summary>A fact that a coordinator goes by, and journals.</summary>
    public interface ICoordinatorEvent : IClusterShardingSerializable;

    public sealed record RegionRegistered(IActorRef Region) : ICoordinatorEvent;

    public sealed record RegionTerminated(IActorRef Region) : ICoordinatorEvent;

    public sealed record ShardHomeAllocated(string Shard, IActorRef Region) : ICoordinatorEvent;

    public sealed record ShardHomeDeallocated(string Shard) : ICoordinatorEvent;

    /// <summary>There is such a shard, wherever it is.</summary>
    public sealed record ShardRemembered(string Shard) : IClusterShardingSerializable;

    public sealed record RememberedShards(ImmutableHashSet<string> Shards) : IClusterShardingSerializable;

    public sealed record EntitiesStarted(ImmutableList<string> Entities) : IClusterShardingSerializable;

    public sealed record EntitiesStopped(ImmutableList<string> Entities) : IClusterShardingSerializable;

    public sealed record RememberedEntities(ImmutableHashSet<string> Entities) : IClusterShardingSerializable;
}
