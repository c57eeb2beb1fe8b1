using System.Collections.Immutable;
using Akka.Actor;
using Akka.Cluster.Sharding.Coordination;
using static Akka.Cluster.Sharding.ShardingProtocol;

namespace Akka.Cluster.Sharding.Storage;

/// <summary>Journals everything that the coordinator goes by.</summary>
internal sealed class CoordinatorStore(string persistenceId, ClusterShardingSettings settings)
    : EventSourcedStore<CoordinatorState>(persistenceId, CoordinatorState.Empty, settings)
{
    public static Props Props(string persistenceId, ClusterShardingSettings settings) =>
        Actor.Props.Create(() => new CoordinatorStore(persistenceId, settings));

    protected override CoordinatorState Apply(CoordinatorState state, object @event) => state.Apply((ICoordinatorEvent)@event);

    protected override object ToMessage(CoordinatorState state) => state;

    protected override CoordinatorState FromMessage(object snapshot) => (CoordinatorState)snapshot;
}

/// <summary>Journals which shards there are, for a coordinator that keeps their places in memory.</summary>
internal sealed class RememberedShardsStore(string persistenceId, ClusterShardingSettings settings)
    : EventSourcedStore<ImmutableHashSet<string>>(persistenceId, [], settings)
{
    public static Props Props(string persistenceId, ClusterShardingSettings settings) =>
        Actor.Props.Create(() => new RememberedShardsStore(persistenceId, settings));

    protected override ImmutableHashSet<string> Apply(ImmutableHashSet<string> state, object @event) => state.Add(((ShardRemembered)@event).Shard);

    protected override object ToMessage(ImmutableHashSet<string> state) => new RememberedShards(state);

    protected override ImmutableHashSet<string> FromMessage(object snapshot) => ((RememberedShards)snapshot).Shards;
}

/// <summary>Journals which entities a shard has.</summary>
internal sealed class RememberedEntitiesStore(string persistenceId, ClusterShardingSettings settings)
    : EventSourcedStore<ImmutableHashSet<string>>(persistenceId, [], settings)
{
    public static Props Props(string persistenceId, ClusterShardingSettings settings) =>
        Actor.Props.Create(() => new RememberedEntitiesStore(persistenceId, settings));

    protected override ImmutableHashSet<string> Apply(ImmutableHashSet<string> state, object @event) => @event switch
    {
        EntitiesStarted started => state.Union(started.Entities),
        EntitiesStopped stopped => state.Except(stopped.Entities),
        _ => throw new ArgumentException($"{@event.GetType()} is no event of a shard.", nameof(@event)),
    };

    protected override object ToMessage(ImmutableHashSet<string> state) => new RememberedEntities(state);

    protected override ImmutableHashSet<string> FromMessage(object snapshot) => ((RememberedEntities)snapshot).Entities;
}
