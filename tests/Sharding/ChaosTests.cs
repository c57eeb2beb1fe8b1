namespace ActorInference.Sharding.Tests;

/// <summary>Nodes join, leave and are killed at random, under load, and no entity ever lives twice.</summary>
public sealed class ChaosTests
{
    private const int Steps = 10;

    private static readonly string[] Entities = [.. Enumerable.Range(0, 100).Select(i => $"e{i}")];

    private readonly EntityTable _table = new();
    private readonly List<ShardingNode> _nodes = [];
    private readonly List<string> _story = [];

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, false)]
    [InlineData(3, true)]
    public async Task No_entity_ever_lives_twice(int seed, bool isJournaled)
    {
        using var database = new SharedDatabase();
        var hocon = isJournaled ? database.Hocon : "";
        var random = new Random(seed);
        _nodes.AddRange(await ShardingNode.FormAsync(4, _table, hocon));
        using var stop = new CancellationTokenSource();
        var load = Task.WhenAll(Enumerable.Range(0, 4).Select(i => Task.Run(() => Load(seed * 100 + i, stop.Token))));

        for (var step = 0; step < Steps; step++) await Step(random, hocon);
        await stop.CancelAsync();
        var answers = await load;

        // Everything is reached from everywhere in the end.
        foreach (var node in _nodes) await Task.WhenAll(Entities.Select(entity => node.AskAsync(entity)));
        Assert.True(_table.Twins.Count == 0, $"Seed {seed}: {string.Join("; ", _table.Twins)}. It went: {string.Join(", ", _story)}.");
        Assert.True(answers.Sum() > 0);
        await ShardingNode.StopAllAsync(_nodes);
    }

    /// <summary>Three nodes stay at least, so that a majority outlives each kill.</summary>
    private async Task Step(Random random, string hocon)
    {
        ShardingNode node;
        lock (_nodes) node = _nodes[random.Next(_nodes.Count)];
        var action = _nodes.Count <= 3 ? 2 : _nodes.Count >= 5 ? random.Next(2) : random.Next(3);
        switch (action)
        {
            case 0:
                _story.Add($"{node.Number} leaves");
                lock (_nodes) _nodes.Remove(node);
                await node.LeaveAsync();
                break;
            case 1:
                _story.Add($"{node.Number} is killed");
                lock (_nodes) _nodes.Remove(node);
                await node.KillAsync();
                await ShardingNode.UntilAsync(
                    $"{node.Number} is removed", () => Task.FromResult(_nodes.All(other => other.Cluster.State.Members.All(member => !member.Address.Equals(node.Address)))));
                break;
            default:
                var joining = new ShardingNode(_table, hocon);
                _story.Add($"{joining.Number} joins");
                await joining.JoinAsync(node);
                lock (_nodes) _nodes.Add(joining);
                break;
        }
    }

    /// <summary>Asks entities at random from nodes at random; an answer may fail to come from a node that goes.</summary>
    private async Task<int> Load(int seed, CancellationToken stop)
    {
        var random = new Random(seed);
        var answers = 0;
        while (!stop.IsCancellationRequested)
        {
            ShardingNode node;
            lock (_nodes) node = _nodes[random.Next(_nodes.Count)];
            var word = random.Next(20) == 0 ? EchoEntity.Passivate : "hello";
            if (await node.AskOrNullAsync<string>($"{Entities[random.Next(Entities.Length)]}|{word}") is not null) answers++;
        }

        return answers;
    }
}
