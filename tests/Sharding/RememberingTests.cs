using Akka.Actor;

namespace ActorInference.Sharding.Tests;

/// <summary>Entities that run wherever their shard does, without being told anything.</summary>
public sealed class RememberingTests : IDisposable
{
    private static readonly string[] Entities = [.. Enumerable.Range(0, 40).Select(i => $"e{i}")];

    private readonly EntityTable _table = new();
    private readonly SharedDatabase _database = new();

    public void Dispose() => _database.Dispose();

    [Theory]
    [InlineData("state-store-mode = persistence", "all")]
    [InlineData("state-store-mode = persistence", "constant")]
    [InlineData("state-store-mode = ddata", "all")]
    public async Task They_come_back_when_their_node_dies(string stateStore, string recovery)
    {
        var nodes = await ShardingNode.FormAsync(3, _table, Hocon(stateStore, recovery));
        await Task.WhenAll(Entities.Select(entity => nodes[1].AskAsync(entity)));

        await nodes[0].KillAsync();

        await ShardingNode.UntilAsync("all live", () => Task.FromResult(_table.Count == Entities.Length));
        Assert.DoesNotContain(Entities, entity => _table.NodeOf(entity) == nodes[0].Number);
        Assert.Empty(_table.Twins);
        await ShardingNode.StopAllAsync(nodes);
    }

    [Theory]
    [InlineData("state-store-mode = persistence")]
    [InlineData("state-store-mode = ddata")]
    public async Task They_come_back_when_the_whole_cluster_starts_anew(string stateStore)
    {
        var before = await ShardingNode.FormAsync(2, _table, Hocon(stateStore));
        await Task.WhenAll(Entities.Select(entity => before[0].AskAsync(entity)));
        await ShardingNode.StopAllAsync(before);
        Assert.Equal(0, _table.Count);

        var after = await ShardingNode.FormAsync(2, _table, Hocon(stateStore));

        await ShardingNode.UntilAsync("all live", () => Task.FromResult(_table.Count == Entities.Length));
        Assert.Empty(_table.Twins);
        await ShardingNode.StopAllAsync(after);
    }

    [Fact]
    public async Task One_that_has_been_passivated_is_forgotten()
    {
        var before = await ShardingNode.FormAsync(1, _table, Hocon("state-store-mode = persistence"));
        await before[0].AskAsync("stays");
        await before[0].AskAsync("goes");
        await before[0].Region.Ask<string>($"goes|{EchoEntity.Passivate}", ShardingNode.Patience);
        await ShardingNode.UntilAsync("its shard knows that it has gone", () => before[0].HasEndedAsync("goes"));
        await before[0].LeaveAsync();

        var after = await ShardingNode.FormAsync(1, _table, Hocon("state-store-mode = persistence"));

        await ShardingNode.UntilAsync("the other is back", () => Task.FromResult(_table.StartsOf("stays") == 2));
        Assert.Equal(1, _table.StartsOf("goes"));
        await ShardingNode.StopAllAsync(after);
    }

    private string Hocon(string stateStore, string recovery = "all") =>
        $$"""
        {{_database.Hocon}}
        akka.cluster.sharding {
          {{stateStore}}
          remember-entities = on
          remember-entities-store = eventsourced
          entity-recovery-strategy = {{recovery}}
        }
        """;
}
