using ActorInference.Host.Benchmarks;

namespace ActorInference.Host.Tests.Benchmarks;

public sealed class UpgradeMeasureTests
{
    [Fact]
    public void A_percentile_is_of_the_first_tokens_of_all_upgrades_together()
    {
        // A turn a second: ten before, and two upgrades of five each with five between them and five after.
        var turns = Enumerable.Range(0, 30).Select(second => Turn(second, ttft: second is 10 or 22 ? 0.5 : second is 17 ? 9 : 0.1)).ToList();

        var result = UpgradeMeasure.Of("in_place", turns, Seconds(0), [Span(10, 15), Span(20, 25)], restarts: 16);

        Assert.Equal((0.1, 0.5, 10, 30, 2, 5.0, 16), (result.TtftP99BeforeS, result.TtftP99DuringS, result.RequestsDuring, result.Requests, result.Upgrades, result.UpgradeS, result.Restarts));
    }

    [Fact]
    public void Of_a_hundred_first_tokens_and_more_the_slowest_does_not_decide()
    {
        var turns = Enumerable.Range(0, 220).Select(second => Turn(second, ttft: second == 150 ? 9 : second == 160 ? 0.3 : 0.1)).ToList();

        var result = UpgradeMeasure.Of("in_place", turns, Seconds(0), [Span(100, 160), Span(160, 220)], restarts: 0);

        Assert.Equal(0.3, result.TtftP99DuringS);
    }

    [Fact]
    public void Missing_throughput_is_of_the_upgrades_time_alone()
    {
        // 10 tokens a second, and only 5 in the second half of either upgrade.
        var turns = Enumerable.Range(0, 30).Select(second => Turn(second, tokens: second is 12 or 13 or 22 or 23 ? 5 : 10)).ToList();

        Assert.Equal(0.25, UpgradeMeasure.Of("in_place", turns, Seconds(0), [Span(10, 14), Span(20, 24)], 0).ThroughputDip);
    }

    [Fact]
    public void The_slowest_recovery_of_the_hit_rate_counts_and_none_if_one_does_not_recover()
    {
        // All cached, but for four seconds after the second upgrade.
        TurnRecord[] Turns(int coldUntil) => [.. Enumerable.Range(0, 60).Select(second => Turn(second, cached: second >= 30 && second < coldUntil ? 0 : 100))];
        IReadOnlyList<UpgradeSpan> upgrades = [Span(10, 15), Span(25, 30)];

        Assert.Equal(4, UpgradeMeasure.Of("in_place", Turns(34), Seconds(0), upgrades, 0).HitRateRecoveryS);
        Assert.Null(UpgradeMeasure.Of("in_place", Turns(60), Seconds(0), upgrades, 0).HitRateRecoveryS);
    }

    [Fact]
    public void What_fails_is_counted_from_before_the_first_upgrade_and_what_was_computed_again_only_in_them()
    {
        var turns = Enumerable.Range(0, 30).Select(second => Turn(second, cached: second == 11 ? 40 : second == 17 ? 0 : 100)).ToList();
        turns[2] = turns[2] with { Outcome = TurnOutcome.Failed };
        turns[6] = turns[6] with { Outcome = TurnOutcome.Failed };
        turns[27] = turns[27] with { Outcome = TurnOutcome.Truncated };

        var result = UpgradeMeasure.Of("recreate", turns, Seconds(5), [Span(10, 15), Span(20, 25)], 0);

        Assert.Equal((1, 1, 60L, 25), (result.FailedRequests, result.TruncatedStreams, result.RecomputedTokens, result.Requests));
    }

    private static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);

    private static UpgradeSpan Span(double begin, double end) => new(Seconds(begin), Seconds(end));

    private static TurnRecord Turn(int second, double ttft = 0.1, int tokens = 10, int cached = 100) =>
        new(Seconds(second), Seconds(second + 1), Seconds(ttft), tokens, PromptTokens: 120, cached, KnownTokens: 100, TurnOutcome.Whole);
}
