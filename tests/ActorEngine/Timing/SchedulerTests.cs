using System.Diagnostics;
using Akka.Actor;

namespace ActorInference.ActorEngine.Tests.Timing;

/// <summary>The scheduler on the wall clock: never early, in order, and over when cancelled.</summary>
public sealed class SchedulerTests : EngineTest
{
    /// <summary>What the scheduler may round a time up by.</summary>
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(20);

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    [Fact]
    public void A_message_is_sent_after_its_delay_and_not_before()
    {
        var delay = TimeSpan.FromMilliseconds(120);
        var started = Stopwatch.GetTimestamp();

        Sys.Scheduler.ScheduleTellOnce(delay, TestActor, "now", ActorRefs.NoSender);
        ExpectMsg("now", Deadline);

        Assert.True(Stopwatch.GetElapsedTime(started) >= delay - TimeSpan.FromMilliseconds(15), "It came early.");
    }

    [Fact]
    public void A_repeated_message_comes_until_it_is_cancelled()
    {
        var cancelable = Sys.Scheduler.ScheduleTellRepeatedlyCancelable(
            TimeSpan.Zero, TimeSpan.FromMilliseconds(20), TestActor, "again", ActorRefs.NoSender);
        for (var i = 0; i < 5; i++) ExpectMsg("again", Deadline);

        cancelable.Cancel();

        Assert.True(cancelable.IsCancellationRequested);
        AwaitAssert(() => ExpectNoMsg(TimeSpan.FromMilliseconds(200)), Deadline);   // One may have been on its way.
    }

    [Fact]
    public void A_message_that_was_cancelled_in_time_never_comes()
    {
        var delay = TimeSpan.FromMilliseconds(80);
        var clock = Stopwatch.StartNew();
        TimeSpan taken;
        var attempt = 0;
        do
        {
            var begun = clock.Elapsed;
            Sys.Scheduler.ScheduleTellOnceCancelable(delay, TestActor, ++attempt, ActorRefs.NoSender).Cancel();
            taken = clock.Elapsed - begun;
        }
        while (taken > delay / 2 && clock.Elapsed < Deadline);   // The machine has held the test up in between.

        Assert.True(taken <= delay / 2);
        Assert.DoesNotContain(attempt, ReceiveWhile(TimeSpan.FromMilliseconds(200), message => message).Cast<int>());
    }

    [Fact]
    public async Task Actions_run_later_too()
    {
        var ran = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        Sys.Scheduler.Advanced.ScheduleOnce(TimeSpan.FromMilliseconds(20), () => ran.TrySetResult());

        await ran.Task.WaitAsync(Deadline);
    }

    [Fact]
    public async Task An_action_that_throws_does_not_stop_the_others()
    {
        var ran = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        Sys.Scheduler.Advanced.ScheduleOnce(TimeSpan.FromMilliseconds(10), () => throw new TestFailure("scheduled"));
        Sys.Scheduler.Advanced.ScheduleOnce(TimeSpan.FromMilliseconds(40), () => ran.TrySetResult());

        await ran.Task.WaitAsync(Deadline);
    }

    [Fact]
    public void Messages_come_in_the_order_of_their_times()
    {
        // A time counts from its call, and the machine may hold the test up between two of them.
        var clock = Stopwatch.StartNew();
        var due = new Dictionary<int, (TimeSpan Earliest, TimeSpan Latest)>();
        foreach (var ms in new[] { 300, 100, 200, 50 })
        {
            var (before, delay) = (clock.Elapsed, TimeSpan.FromMilliseconds(ms));
            Sys.Scheduler.ScheduleTellOnce(delay, TestActor, ms, ActorRefs.NoSender);
            due[ms] = (before + delay, clock.Elapsed + delay + Tick);
        }

        var came = Enumerable.Range(0, due.Count).Select(_ => ExpectMsg<int>(Deadline)).ToList();

        Assert.Equal(due.Keys.Order(), came.Order());
        for (var i = 1; i < came.Count; i++) Assert.True(due[came[i - 1]].Earliest <= due[came[i]].Latest, $"They came as {string.Join(", ", came)}.");
    }

    [Fact]
    public async Task Ten_thousand_timers_all_fire()
    {
        const int Count = 10_000;
        var fired = 0;
        var random = new Random(20240917);
        for (var i = 0; i < Count; i++)
            Sys.Scheduler.Advanced.ScheduleOnce(TimeSpan.FromMilliseconds(random.Next(0, 400)), () => Interlocked.Increment(ref fired));

        await AwaitConditionAsync(() => Task.FromResult(Volatile.Read(ref fired) == Count), Deadline);
    }

    [Fact]
    public void A_negative_delay_is_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(
            () => Sys.Scheduler.ScheduleTellOnce(TimeSpan.FromMilliseconds(-1), TestActor, "never", ActorRefs.NoSender));
        Assert.Throws<ArgumentOutOfRangeException>(
            () => Sys.Scheduler.ScheduleTellRepeatedly(TimeSpan.Zero, TimeSpan.Zero, TestActor, "never", ActorRefs.NoSender));
    }

    [Fact]
    public void A_cancelable_can_cancel_itself_later()
    {
        var cancelable = new Cancelable(Sys.Scheduler);

        cancelable.CancelAfter(TimeSpan.FromMilliseconds(20));

        AwaitCondition(() => cancelable.Token.IsCancellationRequested, Deadline);
    }
}
