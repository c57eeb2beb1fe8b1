using System.Diagnostics;
using Akka.Actor;

namespace ActorInference.Sharding.Tests;

/// <summary>Entities that go when they are not needed.</summary>
public sealed class PassivationTests
{
    private readonly EntityTable _table = new();

    [Fact]
    public async Task An_entity_that_asks_for_it_stops_and_comes_back_with_the_next_message()
    {
        var nodes = await ShardingNode.FormAsync(2, _table);
        await nodes[0].AskAsync("e");

        await nodes[0].Region.Ask<string>($"e|{EchoEntity.Passivate}", ShardingNode.Patience);
        await ShardingNode.UntilAsync("it has gone", () => Task.FromResult(!_table.Lives("e")));
        await nodes[1].AskAsync("e");

        Assert.Equal(2, _table.StartsOf("e"));
        await ShardingNode.StopAllAsync(nodes);
    }

    [Fact]
    public async Task Messages_that_come_while_it_stops_reach_the_next_incarnation_in_order()
    {
        var nodes = await ShardingNode.FormAsync(2, _table);
        await nodes[0].AskAsync("e");
        var inbox = Inbox.Create(nodes[0].System);

        for (var i = 0; i < 300; i++)
        {
            nodes[0].Region.Tell($"e|{i}", inbox.Receiver);
            if (i % 100 == 50) nodes[0].Region.Tell($"e|{EchoEntity.Passivate}", ActorRefs.NoSender);
        }

        for (var i = 0; i < 300; i++) Assert.StartsWith($"e|{i}|", (string)await inbox.ReceiveAsync(ShardingNode.Patience));
        Assert.Empty(_table.Twins);
        await ShardingNode.StopAllAsync(nodes);
    }

    [Fact]
    public async Task An_entity_that_hears_nothing_goes_and_one_that_does_stays()
    {
        var idleAfter = TimeSpan.FromSeconds(1);
        var nodes = await ShardingNode.FormAsync(1, _table, $"akka.cluster.sharding.passivate-idle-entity-after = {idleAfter.TotalSeconds}s");
        await nodes[0].AskAsync("idle");
        var (watch, answeredAt, pauses) = (Stopwatch.StartNew(), TimeSpan.Zero, 0);

        await ShardingNode.UntilAsync("the idle one has gone, and the busy one was busy for longer", async () =>
        {
            await nodes[0].AskAsync("busy");
            if (watch.Elapsed - answeredAt > idleAfter / 2) pauses++;
            answeredAt = watch.Elapsed;
            return !_table.Lives("idle") && answeredAt > 2 * idleAfter;
        });

        // Where the machine held the test up, the busy one may have gone before and after the question that was late.
        Assert.InRange(_table.StartsOf("busy"), 1, 1 + (2 * pauses));
        await ShardingNode.StopAllAsync(nodes);
    }
}
