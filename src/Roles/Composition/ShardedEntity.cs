using Akka.Actor;
using Akka.Cluster.Sharding;
using Akka.Hosting;

namespace ActorInference.Roles.Composition;

/// <summary>A kind of entity that lives once in the cluster, wherever that is, and is told messages through the region of any node.</summary>
public sealed record ShardedEntity
{
    /// <summary>In kebab-case, the same on all nodes and for the life of the cluster.</summary>
    public required string TypeName { get; init; }

    /// <summary>
    /// What the registry of every node has the region under, or the proxy where the node hosts none of them: by custom the class of the
    /// entity's actor.
    /// </summary>
    public required Type Key { get; init; }

    /// <summary>Nodes with this role host the entities; null for all nodes.</summary>
    public NodeRole? Role { get; init; }

    /// <summary>Makes, once a node, what makes the actor of an entity from its id.</summary>
    public required Func<ActorSystem, IReadOnlyActorRegistry, Func<string, Props>> Props { get; init; }

    /// <summary>The same on all nodes and for the life of the cluster.</summary>
    public required IMessageExtractor Extractor { get; init; }

    /// <summary>Where shards go; null for the least-shard strategy of <c>akka.cluster.sharding</c>.</summary>
    public IShardAllocationStrategy? Strategy { get; init; }

    /// <summary>What an entity is told that has to go; it must stop then.</summary>
    public object StopMessage { get; init; } = PoisonPill.Instance;

    /// <summary>How long one that is told nothing stays; zero for ever, null as <c>akka.cluster.sharding</c> says.</summary>
    public TimeSpan? PassivateAfter { get; init; }

    /// <summary>Whether entities begin again by themselves where their shard goes.</summary>
    public bool RememberEntities { get; init; }

    /// <summary>Starts the region of this node, or a proxy where the node lacks the role, and registers it.</summary>
    internal async Task StartAsync(ActorSystem system, IActorRegistry registry)
    {
        var sharding = ClusterSharding.Get(system);
        var settings = ClusterShardingSettings.Create(system).WithRememberEntities(RememberEntities);
        if (Role is { } role) settings = settings.WithRole(role.Name());
        if (PassivateAfter is { } idle) settings = settings.WithPassivateIdleAfter(idle);
        var strategy = Strategy ?? sharding.DefaultShardAllocationStrategy(settings);
        var region = await sharding.StartAsync(TypeName, Props(system, registry), settings, Extractor, strategy, StopMessage).ConfigureAwait(false);
        registry.TryRegister(Key, region);
    }
}
