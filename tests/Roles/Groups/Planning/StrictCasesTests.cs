using ActorInference.Roles.Groups.Planning;
using ActorInference.Roles.Groups.Planning.Strict;
using ActorInference.Roles.Groups.Spec;

namespace ActorInference.Roles.Tests.Groups.Planning;

/// <summary>The numbers that RBG's own tests assert, case by case.</summary>
public sealed class StrictCasesTests
{
    [Theory]
    [InlineData(10, 50, 100, 100, 40, 60)]
    [InlineData(1, 20, 200, 100, 9, 11)]
    [InlineData(5, 50, 100, 200, 90, 110)]
    [InlineData(10, 0, 0, 100, 0, 0)]
    [InlineData(10, 1, 10, 10, 0, 2)]
    [InlineData(10, 0, 100, 100, 0, 10)]
    [InlineData(77, 0, 0, 100, 0, 0)]
    public void Bounds_of_updated_replicas(int skew, int updated, int whole, int desired, int lower, int upper) =>
        Assert.Equal((lower, upper), RollingBounds.Compute(IntOrPercent.Percent(skew), updated, whole, desired));

    [Fact]
    public void Fastest_and_slowest_role()
    {
        Assert.Equal(("r1", "r2"), RollingBounds.Extremes([new("r1", 100, 50, 0), new("r2", 100, 10, 0)]));
        Assert.Equal(("r2", "r1"), RollingBounds.Extremes([new("r1", 200, 100, 0), new("r2", 100, 50, 0)]));
        Assert.Equal(("r2", "r1"), RollingBounds.Extremes([new("r1", 200, 20, 0), new("r2", 100, 15, 0)]));
        Assert.Equal((null, null), RollingBounds.Extremes([new("r1", 200, 20, 0)]));
    }

    [Theory]
    [InlineData("", 10, 0)]
    [InlineData("5", 10, 5)]
    [InlineData("50%", 10, 5)]
    [InlineData("10%", 10, 1)]
    [InlineData("1%", 100, 1)]
    [InlineData("99%", 10, 9)]
    [InlineData("100%", 10, 10)]
    [InlineData("50%", 2, 1)]
    [InlineData("0%", 10, 0)]
    [InlineData("15", 10, 10)]
    [InlineData("-5", 10, 0)]
    [InlineData("5", null, 1)]
    [InlineData("50%", null, 0)]
    [InlineData("5", 0, 0)]
    [InlineData("30%", 3, 1)]
    [InlineData("25%", 1000, 250)]
    [InlineData("150%", 10, 10)]
    public void Replicas_that_a_partition_keeps_back(string partition, int? replicas, int kept) =>
        Assert.Equal(kept, StrategyMerge.PartitionReplicas(Amount(partition), replicas));

    [Theory]
    [InlineData("1%", 99, 1)]
    [InlineData("0%", 100, 1)]
    [InlineData("0", 10, 1)]
    [InlineData("-5", 10, 1)]
    [InlineData("50%", 2, 1)]
    [InlineData("1000", 100, 1000)]
    public void Amounts_of_at_least_one(string amount, int total, int expected) => Assert.Equal(expected, StrategyMerge.AtLeastOne(Amount(amount)!.Value, total));

    [Theory]
    [InlineData("10", "5", "5", "3", "5", "5")]
    [InlineData("20%", "5", "10%", "3", "10%", "5")]
    [InlineData("5", "", "3", "10", "3", "10")]
    public void Two_rules_about_one_role_merge_to_the_more_careful(string mu1, string part1, string mu2, string part2, string mu, string part) =>
        Assert.Equal(new RollingLimit(Amount(mu), Amount(part)), StrategyMerge.Merge(new(Amount(mu1), Amount(part1)), new(Amount(mu2), Amount(part2))));

    [Fact]
    public void The_places_where_RBG_rounds_a_partition_differ_and_so_do_ours()
    {
        var half = IntOrPercent.Percent(50);

        Assert.Equal((2, 1, 2), (half.RoundUp(3), half.RoundDown(3), StrategyMerge.PartitionReplicas(half, 3)));
        Assert.Equal((0, 1), (IntOrPercent.Percent(10).RoundDown(4), StatefulRoll.MaxUnavailable(IntOrPercent.Percent(10), maxSurge: 0, replicas: 4)));
    }

    /// <summary>replicas, surge, unavailable, partition, rollout, paused; instances from ordinal 0: o/n healthy old/new, O/N unhealthy, s stale in surge.</summary>
    [Theory]
    [InlineData(4, 2, 0, 0, false, false, "nnnn", 0, 4)]
    [InlineData(4, 2, 0, 0, true, true, "oooo", 0, 4)]
    [InlineData(4, 2, 0, 0, true, true, "oooonn", 2, 6)]
    [InlineData(4, 2, 0, 0, true, true, "oooooo", 0, 4)]
    [InlineData(4, 2, 0, 0, true, false, "oooo", 2, 6)]
    [InlineData(2, 2, 0, 0, true, false, "OO", 0, 2)]
    [InlineData(4, 2, 2, 0, true, false, "oooo", 2, 6)]
    [InlineData(4, 2, 0, 2, true, false, "oooo", 2, 6)]
    [InlineData(2, 2, 0, 0, true, false, "OOoo", 0, 2)]
    [InlineData(2, 2, 0, 0, true, false, "oOnn", 2, 4)]
    public void Surge(int replicas, int surge, int unavailable, int partition, bool rollout, bool paused, string slots, int active, int end) =>
        Assert.Equal((active, end), StatefulRoll.Surge(new RollState(replicas, surge, unavailable, partition, rollout, paused, Slots(slots))));

    [Theory]
    [InlineData(2, 2, 0, 0, "oonn", new[] { 1, 0 })]
    [InlineData(2, 0, 0, 0, "XX", new[] { 1, 0 })]
    [InlineData(2, 0, 0, 0, "OO", new int[0])]
    [InlineData(4, 0, 0, 0, "oooo", new int[0])]
    [InlineData(4, 2, 0, 0, "oooooo", new[] { 5, 4 })]
    [InlineData(4, 0, 1, 2, "oooo", new[] { 3 })]
    public void Instances_that_are_updated_next(int replicas, int surge, int unavailable, int partition, string slots, int[] expected) =>
        Assert.Equal(expected, StatefulRoll.Next(new RollState(replicas, surge, unavailable, partition, InRollout: true, Paused: false, Slots(slots))));

    [Theory]
    [InlineData(0, 30, 600, 0)]
    [InlineData(1, 30, 600, 30)]
    [InlineData(2, 30, 600, 60)]
    [InlineData(3, 30, 600, 120)]
    [InlineData(4, 30, 600, 240)]
    [InlineData(5, 30, 600, 480)]
    [InlineData(6, 30, 600, 600)]
    [InlineData(62, 30, 600, 600)]
    [InlineData(5, 10, 0, 160)]
    [InlineData(60, 30, 0, 2147483647)]
    [InlineData(3, -1, 600, 0)]
    [InlineData(9, 0, 0, 0)]
    public void Delay_of_a_restart(int restarts, int baseSeconds, int maxSeconds, int expected) =>
        Assert.Equal(TimeSpan.FromSeconds(expected), RestartBackOff.Delay(restarts, TimeSpan.FromSeconds(baseSeconds), TimeSpan.FromSeconds(maxSeconds)));

    [Theory]
    [InlineData(null, 600, 0, 1)]
    [InlineData(1, 600, 5, 6)]
    [InlineData(25, 600, 5, 1)]
    [InlineData(15, 600, 5, 6)]
    [InlineData(11, 10, 5, 1)]
    [InlineData(5, 10, 5, 6)]
    [InlineData(15, 0, 5, 1)]
    [InlineData(30, 1000, 10, 11)]
    [InlineData(35, 1000, 10, 1)]
    public void Count_of_restarts(int? quietMinutes, int maxSeconds, int count, int expected) =>
        Assert.Equal(expected, RestartBackOff.Count(count, quietMinutes is { } quiet ? TimeSpan.FromMinutes(quiet) : null, TimeSpan.FromSeconds(maxSeconds)));

    [Fact]
    public void A_restart_by_an_update_is_no_crash()
    {
        Assert.True(RestartBackOff.IsExpected((2, "v1"), (3, "v2")));
        Assert.True(RestartBackOff.IsExpected((0, "v1"), (1, "v2")));
        Assert.False(RestartBackOff.IsExpected((0, "v1"), (5, "v2")));
        Assert.False(RestartBackOff.IsExpected((0, "v1"), (1, "v1")));
        Assert.False(RestartBackOff.IsExpected((5, "v1"), (1, "v1")));
    }

    internal static IntOrPercent? Amount(string text) => text switch
    {
        "" => null,
        _ when text.EndsWith('%') => IntOrPercent.Percent(double.Parse(text[..^1])),
        _ => IntOrPercent.Replicas(int.Parse(text)),
    };

    private static List<RollSlot> Slots(string text) => [.. text.Index().Select(slot => new RollSlot(slot.Index, slot.Item is 'n' or 'N', slot.Item is 'n' or 'o', slot.Item is 'X'))];
}
