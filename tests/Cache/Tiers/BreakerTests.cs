using ActorInference.Cache.Tiers;

namespace ActorInference.Cache.Tests.Tiers;

public sealed class BreakerTests
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    private readonly ManualTime _time = new();

    [Fact]
    public void It_opens_after_so_many_failures_in_a_row()
    {
        var breaker = Create(failures: 3);
        foreach (var isWell in new[] { false, false, true, false, false }) Call(breaker, isWell);
        Assert.True(breaker.MayEnter);

        Call(breaker, isWell: false);

        Assert.False(breaker.TryEnter());
        Assert.Equal(1, breaker.Opened);
    }

    [Fact]
    public void After_the_pause_one_call_tries_and_all_may_if_it_does_well()
    {
        var breaker = Create(failures: 1);
        Call(breaker, isWell: false);
        _time.Advance(Pause);

        Assert.True(breaker.TryEnter());
        Assert.False(breaker.TryEnter());
        breaker.Report(isWell: true);

        Assert.True(breaker.TryEnter());
        Assert.True(breaker.TryEnter());
    }

    [Fact]
    public void A_try_that_fails_doubles_the_pause_up_to_the_longest()
    {
        var breaker = Create(failures: 1);
        Call(breaker, isWell: false);
        foreach (var pause in new[] { 5, 10, 20, 20 })
        {
            _time.Advance(TimeSpan.FromSeconds(pause - 1));
            Assert.False(breaker.MayEnter);
            _time.Advance(TimeSpan.FromSeconds(1));
            Call(breaker, isWell: false);
        }

        Assert.Equal(1, breaker.Opened);
        _time.Advance(TimeSpan.FromSeconds(20));
        Call(breaker, isWell: true);
        Call(breaker, isWell: false);
        _time.Advance(Pause);
        Assert.True(breaker.MayEnter);
    }

    [Fact]
    public void Calls_that_began_before_it_opened_make_the_pause_no_longer()
    {
        var breaker = Create(failures: 1);
        for (var i = 0; i < 4; i++) Assert.True(breaker.TryEnter());

        for (var i = 0; i < 4; i++) breaker.Report(isWell: false);
        _time.Advance(Pause);

        Assert.True(breaker.MayEnter);
    }

    private static void Call(Breaker breaker, bool isWell)
    {
        Assert.True(breaker.TryEnter());
        breaker.Report(isWell);
    }

    private Breaker Create(int failures) => new(failures, Pause, 4 * Pause, _time);
}
