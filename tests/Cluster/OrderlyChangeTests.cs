using System.Globalization;

namespace ActorInference.Cluster.Tests;

/// <summary>Nodes that come and go as they should, and one that is only slow.</summary>
public sealed class OrderlyChangeTests : IDisposable
{
    private readonly Journals _journals = Journals.Sqlite();

    public void Dispose() => _journals.Dispose();

    [Fact]
    public async Task A_rolling_restart_of_all_nodes_loses_no_ask()
    {
        await using var cluster = new NodeCluster(_journals.Journal);
        var nodes = await cluster.FormAsync(3);
        var ledgers = new Ledgers(cluster, entities: 200, seed: 2);
        ledgers.Begin();
        await ledgers.UntilMoreAsync(1);

        foreach (var old in nodes)
        {
            await old.AskAsync("leave");
            Assert.Equal(0, await old.ExitAsync());
            await cluster.AddAsync(cluster.Living[^1]);
            await NodeCluster.UntilAllUpAsync(cluster.Living);
            await ledgers.UntilMoreAsync(1);
        }

        await ledgers.EndAsync();
        await ledgers.VerifyAsync();
        Assert.DoesNotContain(cluster.Living.SelectMany(node => node.Events), @event => @event.StartsWith("MemberDowned", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_leaving_node_hands_its_shards_off_before_it_goes()
    {
        await using var cluster = new NodeCluster(_journals.Journal);
        var nodes = await cluster.FormAsync(3);
        var ledgers = new Ledgers(cluster, entities: 200, seed: 3);
        ledgers.Begin();
        await ledgers.UntilMoreAsync(1);
        var leaver = nodes[1];
        Assert.NotEqual(0, await LivingAsync(leaver));

        await leaver.AskAsync("leave");

        Assert.Equal(0, await leaver.ExitAsync());
        Assert.Contains("leaves with 0 entities as Up", leaver.Events);
        await ledgers.UntilMoreAsync(1);
        await ledgers.EndAsync();
        // Those of a shard that is just being moved live again when they are asked.
        await Until.HoldsAsync("each ledger lives once", async () =>
        {
            await ledgers.VerifyAsync();
            return (await Task.WhenAll(cluster.Living.Select(LivingAsync))).Sum() == 200;
        });
        foreach (var node in cluster.Living)
            await node.UntilEventsAsync("that the leaver was removed after it had gone", events => events.Contains($"MemberRemoved {leaver.Address} Exiting"));
    }

    [Fact]
    public async Task A_slow_node_is_not_downed_at_the_default_settings()
    {
        await using var cluster = new NodeCluster(_journals.Journal);
        var nodes = await cluster.FormAsync(3);
        var before = await nodes[0].MembersAsync();
        var slow = nodes[2];

        await slow.SignalAsync("STOP");
        foreach (var node in nodes[..2]) await node.UntilEventsAsync("that the slow one is unreachable", events => events.Contains($"UnreachableMember {slow.Address}"));
        await slow.SignalAsync("CONT");

        foreach (var node in nodes[..2]) await node.UntilEventsAsync("that the slow one is reachable again", events => events.Contains($"ReachableMember {slow.Address}"));
        await NodeCluster.UntilAllUpAsync(nodes);
        Assert.Equal(before, await nodes[1].MembersAsync());
        Assert.DoesNotContain(nodes.SelectMany(node => node.Events), @event => @event.StartsWith("MemberDowned", StringComparison.Ordinal));
    }

    private static async Task<int> LivingAsync(NodeProcess node) => int.Parse(await node.AskAsync("living"), CultureInfo.InvariantCulture);
}
