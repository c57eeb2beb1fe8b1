using ActorInference.Actors.Kv;

namespace ActorInference.Cache.Tests.Tiers;

public sealed class TransferCostTests
{
    private readonly ManualTime _time = new();

    [Fact]
    public void Nothing_known_is_worth_a_try_and_the_first_measurement_does_not_count()
    {
        var cost = new TransferCost(_time);
        Assert.True(cost.IsWorth(1, 1e-9));

        cost.Observe(4, 100);

        Assert.Equal(0, cost.Seconds(4));
        Assert.True(cost.IsWorth(1, 1e-9));
    }

    [Fact]
    public void A_fixed_time_and_one_a_page_are_told_apart()
    {
        var cost = Measured(fixedSeconds: 0.010, perPage: 0.001);

        Assert.Equal(0.010 + 50 * 0.001, cost.Seconds(50), 6);
        // Two pages that compute in 3 ms each are computed; twenty are brought.
        Assert.False(cost.IsWorth(2, 2 * 0.003));
        Assert.True(cost.IsWorth(20, 20 * 0.003));
    }

    [Fact]
    public void What_took_longer_with_fewer_pages_has_no_negative_part()
    {
        var cost = new TransferCost(_time);
        cost.Observe(1, 1);
        cost.Observe(10, 0.001);
        cost.Observe(1, 0.1);

        Assert.InRange(cost.Seconds(1), 0, 0.1);
        Assert.InRange(cost.Seconds(1000), 0, 0.1);
    }

    [Fact]
    public void What_was_too_slow_is_tried_again_once_after_a_while()
    {
        var cost = Measured(fixedSeconds: 1, perPage: 0);
        Assert.False(cost.IsWorth(4, 0.1));

        _time.Advance(TimeSpan.FromSeconds(11));

        Assert.True(cost.IsWorth(4, 0.1));
        Assert.False(cost.IsWorth(4, 0.1));
    }

    [Fact]
    public void A_change_is_learned_in_a_few_measurements()
    {
        var cost = Measured(fixedSeconds: 1, perPage: 0);

        for (var i = 0; i < 30; i++) cost.Observe(4 + i % 3, 0.001);

        Assert.InRange(cost.Seconds(4), 0, 0.05);
    }

    [Fact]
    public void Computing_of_unknown_speed_is_no_reason_not_to_bring_pages() => Assert.True(Measured(1, 1).IsWorth(1, secondsToCompute: 0));

    private TransferCost Measured(double fixedSeconds, double perPage)
    {
        var cost = new TransferCost(_time);
        cost.Observe(1, 50);
        for (var pages = 1; pages <= 16; pages++) cost.Observe(pages, fixedSeconds + pages * perPage);
        return cost;
    }
}
