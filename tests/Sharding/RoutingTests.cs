using Akka.Actor;
using Akka.Cluster.Sharding;

namespace ActorInference.Sharding.Tests;

/// <summary>Messages find their entity, wherever it is.</summary>
public sealed class RoutingTests
{
    private readonly EntityTable _table = new();

    [Fact]
    public async Task One_node_hosts_every_entity()
    {
        var nodes = await ShardingNode.FormAsync(1, _table);

        var hosts = await Task.WhenAll(Enumerable.Range(0, 50).Select(i => nodes[0].AskAsync($"e{i}")));

        Assert.All(hosts, host => Assert.Equal(nodes[0].Number, host));
        Assert.Equal(50, _table.Count);
        await ShardingNode.StopAllAsync(nodes);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task From_every_node_the_same_incarnation_is_reached(bool isJournaled)
    {
        using var database = new SharedDatabase();
        var nodes = await ShardingNode.FormAsync(3, _table, isJournaled ? database.Hocon : "");
        var entities = Enumerable.Range(0, 60).Select(i => $"e{i}").ToArray();

        foreach (var entity in entities)
        {
            var hosts = await Task.WhenAll(nodes.Select(node => node.AskAsync(entity)));
            Assert.Single(hosts.Distinct());
        }

        Assert.All(entities, entity => Assert.Equal(1, _table.StartsOf(entity)));
        Assert.Empty(_table.Twins);
        Assert.True(entities.Select(_table.NodeOf).Distinct().Count() == 3, "All nodes host some of the entities.");
        await ShardingNode.StopAllAsync(nodes);
    }

    [Fact]
    public async Task Messages_before_there_is_a_cluster_wait_for_it_in_their_order()
    {
        await using var node = new ShardingNode(_table);
        var answers = Enumerable.Range(0, 100).Select(i => node.Region.Ask<string>($"e|{i}", ShardingNode.Patience)).ToArray();
        var inbox = Inbox.Create(node.System);
        for (var i = 0; i < 100; i++) node.Region.Tell($"e|{i}", inbox.Receiver);

        await node.JoinAsync(node);

        await Task.WhenAll(answers).WaitAsync(ShardingNode.Patience);
        for (var i = 0; i < 100; i++) Assert.Equal($"e|{i}|{node.Number}", await inbox.ReceiveAsync(ShardingNode.Patience));
    }

    [Fact]
    public async Task A_proxy_reaches_entities_and_hosts_none()
    {
        const string OfHosts = "akka.cluster.sharding.role = host";
        var host = new ShardingNode(_table, OfHosts + "\nakka.cluster.roles = [host]");
        var proxy = new ShardingNode(_table, OfHosts, isProxy: true);
        var notAHost = new ShardingNode(_table, OfHosts);   // Started as a region on a node without the role: a proxy.
        ShardingNode[] nodes = [host, proxy, notAHost];
        foreach (var node in nodes) await node.JoinAsync(host);

        foreach (var from in new[] { proxy, notAHost })
        {
            var hosts = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => from.AskAsync($"e{i}")));
            Assert.All(hosts, number => Assert.Equal(host.Number, number));
        }

        Assert.Same(proxy.Region, ClusterSharding.Get(proxy.System).ShardRegionProxy(ShardingNode.TypeName));
        await ShardingNode.StopAllAsync(nodes);
    }

    [Fact]
    public async Task An_envelope_is_unwrapped_for_its_entity()
    {
        var nodes = await ShardingNode.FormAsync(2, _table);
        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => nodes[0].AskAsync($"e{i}")));

        foreach (var node in nodes)
        {
            for (var i = 0; i < 20; i++)
            {
                var answer = await node.Region.Ask<string>(new ShardingEnvelope($"e{i}", "anything"), ShardingNode.Patience);
                Assert.Equal($"anything|{_table.NodeOf($"e{i}")}", answer);
            }
        }

        await ShardingNode.StopAllAsync(nodes);
    }

    [Fact]
    public async Task An_entity_can_be_started_without_a_message()
    {
        var nodes = await ShardingNode.FormAsync(2, _table);

        for (var i = 0; i < 10; i++)
        {
            var started = await nodes[0].Region.Ask<ShardRegion.StartEntityAck>(new ShardRegion.StartEntity($"e{i}"), ShardingNode.Patience);
            Assert.Equal($"e{i}", started.EntityId);
            Assert.True(_table.Lives($"e{i}") || await Lives($"e{i}"));
        }

        await ShardingNode.StopAllAsync(nodes);

        async Task<bool> Lives(string entity)
        {
            await ShardingNode.UntilAsync($"{entity} lives", () => Task.FromResult(_table.Lives(entity)));
            return true;
        }
    }

    [Fact]
    public async Task A_message_for_no_entity_is_a_dead_letter_and_harms_nobody()
    {
        var nodes = await ShardingNode.FormAsync(1, _table);
        await nodes[0].AskAsync("e");

        nodes[0].Region.Tell("without a bar", ActorRefs.NoSender);
        nodes[0].Region.Tell(42, ActorRefs.NoSender);

        await nodes[0].AskAsync("e");
        Assert.Equal(1, _table.StartsOf("e"));
        await ShardingNode.StopAllAsync(nodes);
    }

    [Fact]
    public async Task An_entity_that_fails_is_restarted_in_its_place()
    {
        var nodes = await ShardingNode.FormAsync(2, _table);
        var host = await nodes[0].AskAsync("e");

        nodes[0].Region.Tell($"e|{EchoEntity.Fail}", ActorRefs.NoSender);

        Assert.Equal(host, await nodes[0].AskAsync("e"));
        await ShardingNode.UntilAsync("it has been restarted", () => Task.FromResult(_table.StartsOf("e") == 2));
        Assert.Empty(_table.Twins);
        await ShardingNode.StopAllAsync(nodes);
    }

    [Theory]
    [InlineData("a b/c?d#e")]
    [InlineData("ü€𝄞")]
    [InlineData("%2F")]
    public async Task Entity_ids_may_be_any_text(string entity)
    {
        var nodes = await ShardingNode.FormAsync(2, _table);

        foreach (var node in nodes) await node.AskAsync(entity);

        Assert.Equal(1, _table.StartsOf(entity));
        await ShardingNode.StopAllAsync(nodes);
    }
}
