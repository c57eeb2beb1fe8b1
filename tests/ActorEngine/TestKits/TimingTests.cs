using System.Diagnostics;
using Akka.Actor;
using Akka.TestKit.Xunit2;
using Xunit.Sdk;

namespace ActorInference.ActorEngine.Tests.TestKits;

public sealed class TimingTests() : TestKit("akka.test { timefactor = 2, single-expect-default = 150ms }")
{
    [Fact]
    public void Times_are_multiplied_for_slow_machines()
    {
        Assert.Equal(TimeSpan.FromSeconds(2), Dilated(TimeSpan.FromSeconds(1)));
        Assert.Equal(TimeSpan.FromMilliseconds(300), RemainingOrDefault);

        var clock = Stopwatch.StartNew();
        Assert.ThrowsAny<XunitException>(() => ExpectMsg<string>());
        Assert.InRange(clock.ElapsedMilliseconds, 280, 60_000);
    }

    [Fact]
    public void A_block_bounds_all_expectations_in_it()
    {
        Within(TimeSpan.FromSeconds(200), () =>
        {
            Assert.InRange(RemainingOrDefault, TimeSpan.FromSeconds(100), TimeSpan.FromSeconds(400));
            Within(TimeSpan.FromSeconds(30), () => Assert.InRange(Remaining, TimeSpan.Zero, TimeSpan.FromSeconds(60)));
            Assert.InRange(Remaining, TimeSpan.FromSeconds(90), TimeSpan.FromSeconds(400));
        });

        Assert.Throws<InvalidOperationException>(() => Remaining);
        Assert.Equal(5, Within(TimeSpan.FromSeconds(30), () => 5));
    }

    [Fact]
    public void A_block_that_takes_too_long_or_too_short_fails()
    {
        Assert.ThrowsAny<XunitException>(() => Within(
            TimeSpan.FromMilliseconds(20), () => SpinWait.SpinUntil(() => false, TimeSpan.FromMilliseconds(100))));
        Assert.ThrowsAny<XunitException>(() => Within(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2), () => { }));
    }

    [Fact]
    public async Task A_block_may_be_asynchronous()
    {
        TestActor.Tell("in time");

        Assert.Equal("in time", await WithinAsync(TimeSpan.FromSeconds(30), async () => await ExpectMsgAsync<string>()));
        await Assert.ThrowsAnyAsync<XunitException>(() => WithinAsync(TimeSpan.FromMilliseconds(20), async () =>
        {
            await ExpectMsgAsync<string>();
        }));
    }

    [Fact]
    public async Task A_condition_is_asked_until_it_holds()
    {
        var asked = 0;
        AwaitCondition(() => ++asked == 3, TimeSpan.FromSeconds(30));
        Assert.Equal(3, asked);

        await AwaitConditionAsync(() => Task.FromResult(++asked == 6), TimeSpan.FromSeconds(30));
        Assert.Equal(6, asked);

        Assert.ThrowsAny<XunitException>(() => AwaitCondition(() => false, TimeSpan.FromMilliseconds(50)));
        Assert.False(AwaitConditionNoThrow(() => false, TimeSpan.FromMilliseconds(50)));
        Assert.True(AwaitConditionNoThrow(() => true, TimeSpan.Zero));
    }

    [Fact]
    public async Task An_assertion_is_repeated_until_it_holds()
    {
        var tried = 0;
        AwaitAssert(() => Assert.Equal(3, ++tried), TimeSpan.FromSeconds(30), TimeSpan.FromMilliseconds(5));
        Assert.Equal(3, tried);

        await AwaitAssertAsync(
            async () =>
            {
                await Task.Yield();
                Assert.Equal(6, ++tried);
            },
            TimeSpan.FromSeconds(30),
            TimeSpan.FromMilliseconds(5));
        Assert.Equal(6, tried);

        Assert.Throws<EqualException>(() => AwaitAssert(() => Assert.Equal(1, 2), TimeSpan.FromMilliseconds(50)));
    }

    [Fact]
    public void A_latch_opens_when_it_has_been_counted_down()
    {
        var latch = CreateTestLatch(2);
        latch.CountDown();
        Assert.False(latch.IsOpen);
        Assert.Throws<TimeoutException>(() => latch.Ready(TimeSpan.FromMilliseconds(20)));

        latch.CountDown();

        Assert.True(latch.IsOpen);
        latch.Ready(TimeSpan.FromMilliseconds(20));
    }

    [Fact]
    public async Task A_barrier_waits_for_all()
    {
        var barrier = CreateTestBarrier(2);

        var other = Task.Run(() => barrier.Await(TimeSpan.FromSeconds(30)));
        barrier.Await(TimeSpan.FromSeconds(30));

        await other;
        Assert.ThrowsAny<Exception>(() => barrier.Await(TimeSpan.FromMilliseconds(20)));
    }
}
