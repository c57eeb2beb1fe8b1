using Akka.Actor;
using Akka.Cluster.Sharding.Coordination;
using static Akka.Cluster.Sharding.ShardingProtocol;

namespace ActorInference.Standins.Sharding.Tests;

/// <summary>What a coordinator goes by holds together, whatever events come.</summary>
public sealed class CoordinatorStateTests : IDisposable
{
    private readonly ActorSystem _system = ActorSystem.Create("refs");

    public void Dispose() => _system.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Shards_and_regions_agree_after_every_event(int seed)
    {
        var random = new Random(seed);
        var regions = Enumerable.Range(0, 5).Select(_ => _system.ActorOf(Props.Empty)).ToArray();
        var state = CoordinatorState.Empty;
        var seen = new HashSet<string>();

        for (var step = 0; step < 2_000; step++)
        {
            var (region, shard) = (regions[random.Next(regions.Length)], $"{random.Next(20)}");
            ICoordinatorEvent @event = random.Next(8) switch
            {
                0 => new RegionTerminated(region),
                1 => new RegionRegistered(region),
                < 4 => new ShardHomeDeallocated(shard),
                _ => new ShardHomeAllocated(shard, region),
            };
            state = state.Apply(@event);
            if (@event is ShardHomeAllocated && state.Shards.ContainsKey(shard)) seen.Add(shard);
            AssertHolds(state, seen, $"seed {seed}, step {step}, {@event}");
        }
    }

    [Fact]
    public void A_shard_that_has_a_home_keeps_it_until_it_is_taken()
    {
        var (one, other) = (_system.ActorOf(Props.Empty), _system.ActorOf(Props.Empty));
        var state = CoordinatorState.Empty
            .Apply(new RegionRegistered(one)).Apply(new RegionRegistered(other))
            .Apply(new ShardHomeAllocated("s", one)).Apply(new ShardHomeAllocated("s", other));

        Assert.Equal(one, state.Shards["s"]);
        Assert.Equal(other, state.Apply(new ShardHomeDeallocated("s")).Apply(new ShardHomeAllocated("s", other)).Shards["s"]);
    }

    private static void AssertHolds(CoordinatorState state, HashSet<string> seen, string when)
    {
        var byRegion = state.Regions.SelectMany(region => region.Value.Select(shard => (shard, region.Key))).ToHashSet();
        Assert.True(byRegion.SetEquals(state.Shards.Select(shard => (shard.Key, shard.Value))), when);
        Assert.True(byRegion.Count == state.Regions.Sum(region => region.Value.Count), when);
        Assert.True(seen.SetEquals(state.Shards.Keys.Concat(state.Unallocated)), when);
        Assert.Empty(state.Unallocated.Intersect(state.Shards.Keys));
    }
}
