using Akka.Actor;

namespace ActorInference.ActorEngine.Tests.Timing;

public sealed class TimerTests : VirtualTimeTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task A_single_timer_fires_once()
    {
        var actor = await NewActor(timers => timers.StartSingleTimer("key", "tick", Second));

        Clock.Advance(Second - TimeSpan.FromMilliseconds(1));
        ExpectNoMsg(Brief);
        Clock.Advance(TimeSpan.FromMilliseconds(1));
        ExpectMsg("tick");
        Clock.Advance(10 * Second);
        await Settle(actor);
        ExpectNoMsg(Brief);
    }

    [Fact]
    public async Task A_periodic_timer_fires_until_it_is_cancelled()
    {
        var actor = await NewActor(timers => timers.StartPeriodicTimer("key", "tick", Second));

        for (var i = 0; i < 5; i++)
        {
            Clock.Advance(Second);
            ExpectMsg("tick");
        }

        await Do(actor, timers => timers.Cancel("key"));
        Clock.Advance(10 * Second);
        ExpectNoMsg(Brief);
    }

    [Fact]
    public async Task An_initial_delay_comes_before_the_first_interval()
    {
        await NewActor(timers => timers.StartPeriodicTimer("key", "tick", 3 * Second, Second));

        Clock.Advance(2 * Second);
        ExpectNoMsg(Brief);
        Clock.Advance(Second);
        ExpectMsg("tick");
        Clock.Advance(Second);
        ExpectMsg("tick");
    }

    [Fact]
    public async Task Starting_a_timer_again_replaces_the_first()
    {
        var actor = await NewActor(timers => timers.StartSingleTimer("key", "old", Second));

        await Do(actor, timers => timers.StartSingleTimer("key", "new", 2 * Second));
        Clock.Advance(Second);
        ExpectNoMsg(Brief);
        Clock.Advance(Second);
        ExpectMsg("new");
    }

    [Fact]
    public async Task A_cancelled_timers_message_does_not_arrive_even_from_the_mailbox()
    {
        var gate = new ManualResetEventSlim();
        var actor = await NewActor(timers => timers.StartSingleTimer("key", "tick", Second));

        actor.Tell((Action<ITimerScheduler>)(timers =>
        {
            TestActor.Tell("holding", ActorRefs.NoSender);
            gate.Wait(TimeSpan.FromSeconds(60));
            timers.Cancel("key");
        }));
        ExpectMsg("holding");
        Clock.Advance(Second);   // Its message is in the mailbox now, behind the one that cancels it.
        gate.Set();

        await Settle(actor);
        ExpectNoMsg(Brief);
    }

    [Fact]
    public async Task A_restart_ends_the_timers_of_the_old_instance()
    {
        var actor = await NewActor(timers => timers.StartPeriodicTimer("key", "tick", Second));
        Clock.Advance(Second);
        ExpectMsg("tick");

        actor.Tell("fail");
        await Settle(actor);
        Clock.Advance(10 * Second);

        ExpectNoMsg(Brief);
    }

    [Fact]
    public async Task An_actor_can_tell_which_of_its_timers_are_active()
    {
        var actor = await NewActor(timers => timers.StartSingleTimer("one", "tick", Second));

        await Do(actor, timers => timers.StartSingleTimer("two", "tock", 5 * Second));
        Assert.Equal((true, true), await Active());
        Clock.Advance(Second);
        ExpectMsg("tick");
        Assert.Equal((false, true), await Active());
        await Do(actor, timers => timers.CancelAll());
        Assert.Equal((false, false), await Active());

        async Task<(bool One, bool Two)> Active()
        {
            var (one, two) = (false, false);
            await Do(actor, timers => (one, two) = (timers.IsTimerActive("one"), timers.IsTimerActive("two")));
            return (one, two);
        }
    }

    private async Task<IActorRef> NewActor(Action<ITimerScheduler> start)
    {
        var actor = Sys.ActorOf(Props.Create(() => new Timed(TestActor)));
        await Do(actor, start);
        return actor;
    }

    private async Task Do(IActorRef actor, Action<ITimerScheduler> what)
    {
        actor.Tell(what);
        await Settle(actor);
    }

    private sealed class Timed : ReceiveActor, IWithTimers
    {
        public Timed(IActorRef observer)
        {
            Receive<Action<ITimerScheduler>>(what => what(Timers));
            Receive<string>(text => text == "fail", _ => throw new TestFailure("restart"));
            Receive<string>(text => observer.Tell(text));
        }

        public ITimerScheduler Timers { get; set; } = null!;
    }
}
