using System.Collections.Immutable;
using Akka.Actor;
using Akka.Cluster.Sharding;

namespace ActorInference.Sharding.Tests;

/// <summary>Who decides where shards are, and how.</summary>
public sealed class StrategyTests
{
    private readonly EntityTable _table = new();

    [Fact]
    public async Task A_custom_strategy_places_every_shard_and_moves_those_it_says()
    {
        var strategy = new OnOneNode();
        var nodes = await ShardingNode.FormAsync(3, _table, strategy: strategy);
        strategy.Port = nodes[2].Address.Port!.Value;
        var entities = Enumerable.Range(0, 30).Select(i => $"e{i}").ToArray();

        var hosts = await Task.WhenAll(entities.Select(entity => nodes[0].AskAsync(entity)));
        Assert.All(hosts, host => Assert.Equal(nodes[2].Number, host));
        strategy.Port = nodes[1].Address.Port!.Value;

        await ShardingNode.UntilAsync("all are on the other node", async () =>
        {
            var now = await Task.WhenAll(entities.Select(entity => nodes[0].AskAsync(entity)));
            return now.All(host => host == nodes[1].Number);
        });
        Assert.Empty(_table.Twins);
        await ShardingNode.StopAllAsync(nodes);
    }

    [Fact]
    public async Task A_strategy_that_fails_is_asked_again()
    {
        var strategy = new OnOneNode { Failures = 3 };
        var nodes = await ShardingNode.FormAsync(1, _table, strategy: strategy);
        strategy.Port = nodes[0].Address.Port!.Value;

        await nodes[0].AskAsync("e");

        Assert.True(strategy.Failures <= 0);
        await ShardingNode.StopAllAsync(nodes);
    }

    [Fact]
    public async Task Regions_a_shard_apart_are_left_alone()
    {
        using var system = ActorSystem.Create("refs");
        var strategy = ShardAllocationStrategy.LeastShardAllocationStrategy(100, 1.0);
        var shards = Allocations(system, 3, 2, 3);

        Assert.Empty(await strategy.Rebalance(shards, ImmutableHashSet<string>.Empty));
    }

    [Theory]
    [InlineData(100, 1.0, 6)]
    [InlineData(4, 1.0, 4)]
    [InlineData(100, 0.1, 1)]
    public async Task A_round_moves_what_levels_but_not_more_than_its_limits(int absolute, double relative, int expected)
    {
        using var system = ActorSystem.Create("refs");
        var strategy = ShardAllocationStrategy.LeastShardAllocationStrategy(absolute, relative);
        var shards = Allocations(system, 9, 9, 0);

        var moved = await strategy.Rebalance(shards, ImmutableHashSet<string>.Empty);

        Assert.Equal(expected, moved.Count);
        Assert.Empty(await strategy.Rebalance(shards, ImmutableHashSet.Create("0-0")));   // The round before has not ended.
    }

    [Fact]
    public async Task A_new_shard_goes_where_the_fewest_are()
    {
        using var system = ActorSystem.Create("refs");
        var shards = Allocations(system, 3, 1, 2);

        foreach (var strategy in new[] { ShardAllocationStrategy.LeastShardAllocationStrategy(1, 1.0), new LeastShardAllocationStrategy(1, 3) })
            Assert.Equal(shards.Single(each => each.Value.Count == 1).Key, await strategy.AllocateShard(ActorRefs.Nobody, "new", shards));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public async Task Rounds_end_with_regions_at_most_one_shard_apart(int seed)
    {
        using var system = ActorSystem.Create("refs");
        var random = new Random(seed);
        var strategy = ShardAllocationStrategy.LeastShardAllocationStrategy(random.Next(1, 20), random.NextDouble());
        var shards = Allocations(system, [.. Enumerable.Range(0, random.Next(2, 8)).Select(_ => random.Next(0, 40))]);

        for (var round = 0; round < 1000; round++)
        {
            var moved = await strategy.Rebalance(shards, ImmutableHashSet<string>.Empty);
            if (moved.Count == 0) break;
            foreach (var shard in moved)
            {
                var from = shards.Single(each => each.Value.Contains(shard));
                shards = shards.SetItem(from.Key, from.Value.Remove(shard));
            }

            foreach (var shard in moved)
            {
                var to = await strategy.AllocateShard(ActorRefs.Nobody, shard, shards);
                shards = shards.SetItem(to, shards[to].Add(shard));
            }
        }

        var counts = shards.Values.Select(each => each.Count).ToList();
        Assert.True(counts.Max() - counts.Min() <= 1, $"Seed {seed} ends with {string.Join(", ", counts)}.");
    }

    private static IImmutableDictionary<IActorRef, IImmutableList<string>> Allocations(ActorSystem system, params int[] counts) => counts.Index().ToImmutableDictionary(
        each => system.ActorOf(Props.Empty),
        each => (IImmutableList<string>)Enumerable.Range(0, each.Item).Select(i => $"{each.Index}-{i}").ToImmutableList());

    /// <summary>Everything belongs on the node of that port.</summary>
    private sealed class OnOneNode : IShardAllocationStrategy
    {
        private volatile int _port;
        private int _failures;

        public int Port
        {
            get => _port;
            set => _port = value;
        }

        public int Failures
        {
            get => Volatile.Read(ref _failures);
            set => Volatile.Write(ref _failures, value);
        }

        public Task<IActorRef> AllocateShard(
            IActorRef requester, string shardId, IImmutableDictionary<IActorRef, IImmutableList<string>> currentShardAllocations) =>
            Interlocked.Decrement(ref _failures) >= 0
                ? throw new InvalidOperationException("It cannot say yet.")
                : Task.FromResult(currentShardAllocations.Keys.FirstOrDefault(IsThere) ?? requester);

        public Task<IImmutableSet<string>> Rebalance(
            IImmutableDictionary<IActorRef, IImmutableList<string>> currentShardAllocations, IImmutableSet<string> rebalanceInProgress)
        {
            IImmutableSet<string> misplaced = currentShardAllocations.Where(each => !IsThere(each.Key)).SelectMany(each => each.Value)
                .Except(rebalanceInProgress).ToImmutableHashSet();
            return Task.FromResult(misplaced);
        }

        /// <summary>The coordinator's own region has no port: it is local there.</summary>
        private bool IsThere(IActorRef region) => region.Path.Address.Port == _port;
    }
}
