using Akka.Actor;
using Akka.Cluster.Sharding;

namespace ActorInference.Sharding.Tests;

/// <summary>Nodes come and go, and entities with them.</summary>
public sealed class MovingTests
{
    private static readonly string[] Entities = [.. Enumerable.Range(0, 60).Select(i => $"e{i}")];

    private readonly EntityTable _table = new();

    [Theory]
    [InlineData(0, false)]
    [InlineData(2, false)]
    [InlineData(0, true)]
    public async Task A_node_that_leaves_hands_off_first_and_no_repeated_message_is_lost(int leaver, bool isJournaled)
    {
        using var database = new SharedDatabase();
        var nodes = await ShardingNode.FormAsync(3, _table, isJournaled ? database.Hocon : "");
        await AskAll(nodes[1]);
        using var stop = new CancellationTokenSource();
        var load = Load(nodes[1], stop.Token);

        await nodes[leaver].LeaveAsync();

        await stop.CancelAsync();
        Assert.True(await load > 0);
        await AskAll(nodes[1]);
        Assert.DoesNotContain(Entities, entity => _table.NodeOf(entity) == nodes[leaver].Number);
        Assert.Empty(_table.Twins);
        await ShardingNode.StopAllAsync(nodes);
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(2, false)]
    [InlineData(0, true)]
    [InlineData(2, true)]
    public async Task Entities_of_a_node_that_dies_come_back_elsewhere(int victim, bool isJournaled)
    {
        using var database = new SharedDatabase();
        var nodes = await ShardingNode.FormAsync(3, _table, isJournaled ? database.Hocon : "");
        await AskAll(nodes[1]);
        var unharmed = Entities.Where(entity => _table.NodeOf(entity) != nodes[victim].Number).ToArray();
        Assert.InRange(unharmed.Length, 1, Entities.Length - 1);

        await nodes[victim].KillAsync();

        await AskAll(nodes[1]);
        Assert.All(unharmed, entity => Assert.Equal(1, _table.StartsOf(entity)));
        Assert.Empty(_table.Twins);
        await ShardingNode.StopAllAsync(nodes);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_new_coordinator_places_new_shards_and_leaves_the_others_where_they_are(bool isJournaled)
    {
        using var database = new SharedDatabase();
        var nodes = await ShardingNode.FormAsync(3, _table, isJournaled ? database.Hocon : "");
        await AskAll(nodes[0]);   // The others know the homes of their own shards only, and have to ask the next coordinator.
        var unharmed = Entities.Where(entity => _table.NodeOf(entity) != nodes[0].Number).ToArray();
        var before = unharmed.Select(_table.NodeOf).ToArray();

        await nodes[0].KillAsync();

        await Task.WhenAll(AskAll(nodes[1]), AskAll(nodes[2]));
        var hosts = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => nodes[1 + i % 2].AskAsync($"new{i}")));
        Assert.Equal([nodes[1].Number, nodes[2].Number], hosts.Distinct().Order());
        Assert.Equal(before, unharmed.Select(_table.NodeOf));
        Assert.All(unharmed, entity => Assert.Equal(1, _table.StartsOf(entity)));
        Assert.Empty(_table.Twins);
        await ShardingNode.StopAllAsync(nodes);
    }

    [Fact]
    public async Task Shards_move_to_a_node_that_joins()
    {
        var nodes = await ShardingNode.FormAsync(2, _table, """
            akka.cluster.sharding.least-shard-allocation-strategy {
              rebalance-absolute-limit = 20
              rebalance-relative-limit = 0.5
            }
            """);
        await AskAll(nodes[0]);
        var third = new ShardingNode(_table);
        await third.JoinAsync(nodes[0]);

        await ShardingNode.UntilAsync("the third has its part of the shards", async () =>
        {
            await AskAll(nodes[0]);
            return Entities.Count(entity => _table.NodeOf(entity) == third.Number) >= Entities.Length / 5;
        });

        Assert.Empty(_table.Twins);
        await ShardingNode.StopAllAsync([.. nodes, third]);
    }

    [Fact]
    public async Task The_first_strategy_levels_regions_too()
    {
        var strategy = new LeastShardAllocationStrategy(1, 10);
        var first = new ShardingNode(_table, strategy: strategy);
        await first.JoinAsync(first);
        await AskAll(first);
        var second = new ShardingNode(_table, strategy: strategy);
        await second.JoinAsync(first);

        await ShardingNode.UntilAsync("the second has about half", async () =>
        {
            await AskAll(first);
            return Entities.Count(entity => _table.NodeOf(entity) == second.Number) >= Entities.Length / 3;
        });

        Assert.Empty(_table.Twins);
        await ShardingNode.StopAllAsync(first, second);
    }

    [Fact]
    public async Task A_region_that_shuts_down_gracefully_ends_when_its_shards_have_moved()
    {
        var nodes = await ShardingNode.FormAsync(2, _table);
        await AskAll(nodes[0]);

        Assert.True(await nodes[1].Region.GracefulStop(ShardingNode.Patience, GracefulShutdown.Instance));

        await AskAll(nodes[0]);
        Assert.All(Entities, entity => Assert.Equal(nodes[0].Number, _table.NodeOf(entity)));
        Assert.Empty(_table.Twins);
        await ShardingNode.StopAllAsync(nodes);
    }

    [Fact]
    public async Task The_last_node_can_leave()
    {
        var nodes = await ShardingNode.FormAsync(1, _table);
        await AskAll(nodes[0]);

        await nodes[0].LeaveAsync();

        Assert.Equal(0, _table.Count);
    }

    private static Task AskAll(ShardingNode from) => Task.WhenAll(Entities.Select(entity => from.AskAsync(entity)));

    /// <summary>Asks all the time, each entity again when it has answered.</summary>
    /// <returns>How many answers came; each ask had one.</returns>
    private static async Task<int> Load(ShardingNode from, CancellationToken stop)
    {
        var answers = 0;
        await Task.WhenAll(Entities.Select(async entity =>
        {
            while (!stop.IsCancellationRequested)
            {
                await from.AskAsync(entity);
                Interlocked.Increment(ref answers);
            }
        }));
        return answers;
    }
}
