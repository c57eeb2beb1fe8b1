using Akka.Actor;
using Akka.Cluster.Sharding;

namespace ActorInference.Sharding.Tests;

/// <summary>What regions can be asked.</summary>
public sealed class QueryTests
{
    private readonly EntityTable _table = new();

    [Fact]
    public async Task They_tell_what_is_where()
    {
        var nodes = await ShardingNode.FormAsync(3, _table);
        var entities = Enumerable.Range(0, 40).Select(i => $"e{i}").ToArray();
        await Task.WhenAll(entities.Select(entity => nodes[0].AskAsync(entity)));

        foreach (var node in nodes)
        {
            var here = entities.Where(entity => _table.NodeOf(entity) == node.Number).ToArray();
            var state = await node.Region.Ask<CurrentShardRegionState>(GetShardRegionState.Instance, ShardingNode.Patience);
            var stats = await node.Region.Ask<ShardRegionStats>(GetShardRegionStats.Instance, ShardingNode.Patience);
            var cluster = await node.Region.Ask<ClusterShardingStats>(new GetClusterShardingStats(ShardingNode.Patience), ShardingNode.Patience);
            var regions = await node.Region.Ask<CurrentRegions>(GetCurrentRegions.Instance, ShardingNode.Patience);

            Assert.Equal(here.Order(), state.Shards.SelectMany(shard => shard.EntityIds).Order());
            Assert.All(state.Shards, shard => Assert.All(shard.EntityIds, entity => Assert.Equal(shard.ShardId, EchoEntity.Extractor.ShardId(entity))));
            Assert.Equal(here.Length, stats.Stats.Values.Sum());
            Assert.Equal(here.Length, cluster.Regions[node.Address].Stats.Values.Sum());
            Assert.Equal(nodes.Select(each => each.Address).ToHashSet(), regions.Regions.ToHashSet());
        }

        await ShardingNode.StopAllAsync(nodes);
    }

    [Fact]
    public async Task An_entity_is_located_on_its_node_from_any_that_has_heard_of_it()
    {
        var nodes = await ShardingNode.FormAsync(2, _table);

        foreach (var entity in Enumerable.Range(0, 10).Select(i => $"e{i}"))
        {
            var host = await nodes[0].AskAsync(entity);
            var location = await nodes[0].Region.Ask<EntityLocation>(new GetEntityLocation(entity, ShardingNode.Patience), ShardingNode.Patience);
            Assert.Equal(nodes.Single(node => node.Number == host).Address, location.ShardRegion);
            Assert.Equal(entity, location.EntityRef.Value.Path.Name);
            Assert.Equal($"{entity}|direct|{host}", await location.EntityRef.Value.Ask<string>($"{entity}|direct", ShardingNode.Patience));
        }

        await ShardingNode.StopAllAsync(nodes);
    }

    [Fact]
    public async Task A_type_that_was_not_started_has_no_region()
    {
        var nodes = await ShardingNode.FormAsync(1, _table);
        var sharding = ClusterSharding.Get(nodes[0].System);

        Assert.Contains(ShardingNode.TypeName, sharding.ShardTypeNames);
        Assert.Same(nodes[0].Region, sharding.ShardRegion(ShardingNode.TypeName));
        var error = Assert.ThrowsAny<Exception>(() => sharding.ShardRegion("other"));
        Assert.Contains("other", error.Message, StringComparison.Ordinal);
        await ShardingNode.StopAllAsync(nodes);
    }
}
