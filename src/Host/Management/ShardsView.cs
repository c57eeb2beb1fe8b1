using ActorInference.Roles.Composition;
using ActorInference.Roles.Configuration;
using Akka.Actor;
using Akka.Cluster;
using Akka.Cluster.Sharding;

namespace ActorInference.Host.Management;

/// <summary>Where the entities of one type are in the cluster.</summary>
/// <param name="Nodes">In the order of their addresses.</param>
public sealed record ShardsView(string Type, IReadOnlyList<ShardNodeView> Nodes)
{
    /// <summary>For each node to answer for its shards.</summary>
    private static readonly TimeSpan NodeTimeout = TimeSpan.FromSeconds(3);

    /// <summary>For the coordinator to answer for all nodes.</summary>
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    /// <summary>The types that the nodes of the cluster can be asked for, in order.</summary>
    public static IReadOnlyList<string> TypesOf(ActorSystem system) =>
    [
        .. ShardedEntities.Of(InferenceSettings.Read(system.Settings.Config)).Select(entity => entity.TypeName)
            .Union(ClusterSharding.Get(system).ShardTypeNames).Order(StringComparer.Ordinal),
    ];

    /// <exception cref="ShardsUnknownException">There is no such type, or its coordinator does not answer.</exception>
    public static async Task<ShardsView> OfAsync(ActorSystem system, string type)
    {
        if (!ClusterView.IsMember(system)) throw new ShardsUnknownException(ClusterView.NoCluster, isTypeUnknown: true);
        var types = TypesOf(system);
        if (!types.Contains(type))
        {
            throw new ShardsUnknownException(
                $"type is '{type}'; expected {(types.Count == 0 ? "a type of entity, but there is none" : $"one of {string.Join(", ", types)}")}.", isTypeUnknown: true);
        }

        try
        {
            var stats = await ClusterSharding.Get(system).ShardRegion(type).Ask<ClusterShardingStats>(new GetClusterShardingStats(NodeTimeout), Timeout);
            return new ShardsView(type, [.. stats.Regions.Select(region => Node(region.Key, region.Value, Cluster.Get(system).SelfAddress)).OrderBy(node => node.Node, StringComparer.Ordinal)]);
        }
        catch (AskTimeoutException cause)
        {
            throw new ShardsUnknownException($"No coordinator answered for '{type}' within {Timeout.TotalSeconds:0} s.", isTypeUnknown: false, cause);
        }
    }

    private static ShardNodeView Node(Address address, ShardRegionStats stats, Address self) => new(
        (address.HasLocalScope ? self : address).ToString(),
        [.. stats.Stats.OrderBy(shard => shard.Key.Length).ThenBy(shard => shard.Key, StringComparer.Ordinal).Select(shard => new ShardView(shard.Key, shard.Value))]);
}

public sealed record ShardNodeView(string Node, IReadOnlyList<ShardView> Shards);

/// <param name="Entities">How many of it run.</param>
public sealed record ShardView(string Shard, int Entities);

/// <summary>Nobody can say where the entities of a type are.</summary>
public sealed class ShardsUnknownException(string message, bool isTypeUnknown, Exception? cause = null) : Exception(message, cause)
{
    /// <summary>Whether there is no such type, rather than no answer.</summary>
    public bool IsTypeUnknown { get; } = isTypeUnknown;
}
