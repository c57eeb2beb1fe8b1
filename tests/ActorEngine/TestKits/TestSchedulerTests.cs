using Akka.Actor;
using Akka.TestKit;

namespace ActorInference.ActorEngine.Tests.TestKits;

public sealed class TestSchedulerTests()
    : EngineTest("akka.scheduler.implementation = \"Akka.TestKit.TestScheduler, Akka.TestKit\"")
{
    private TestScheduler Scheduler => (TestScheduler)Sys.Scheduler;

    [Fact]
    public void Nothing_happens_until_time_is_moved()
    {
        Scheduler.ScheduleTellOnce(TimeSpan.FromHours(1), TestActor, "an hour later", ActorRefs.NoSender);
        ExpectNoMsg(TimeSpan.FromMilliseconds(50));

        Scheduler.Advance(TimeSpan.FromMinutes(59));
        ExpectNoMsg(TimeSpan.FromMilliseconds(50));

        Scheduler.Advance(TimeSpan.FromMinutes(1));
        ExpectMsg("an hour later");
    }

    [Fact]
    public void What_falls_due_comes_in_the_order_of_its_times()
    {
        Scheduler.ScheduleTellOnce(TimeSpan.FromSeconds(3), TestActor, 3, ActorRefs.NoSender);
        Scheduler.ScheduleTellOnce(TimeSpan.FromSeconds(1), TestActor, 1, ActorRefs.NoSender);
        Scheduler.ScheduleTellOnce(TimeSpan.FromSeconds(2), TestActor, 2, ActorRefs.NoSender);

        Scheduler.AdvanceTo(Scheduler.Now + TimeSpan.FromSeconds(10));

        Assert.Equal([1, 2, 3], ReceiveN(3));
    }

    [Fact]
    public void Repeated_messages_stop_when_they_are_cancelled()
    {
        var cancelable = new Cancelable(Scheduler.Advanced);
        Scheduler.ScheduleTellRepeatedly(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2), TestActor, "tick", ActorRefs.NoSender, cancelable);

        Scheduler.Advance(TimeSpan.FromSeconds(1));
        ExpectMsg("tick");
        Scheduler.Advance(TimeSpan.FromSeconds(2));
        ExpectMsg("tick");
        cancelable.Cancel();
        Scheduler.Advance(TimeSpan.FromSeconds(20));

        ExpectNoMsg(TimeSpan.FromMilliseconds(50));
    }

    [Fact]
    public void Actions_run_when_their_time_has_come()
    {
        var ran = 0;
        Sys.Scheduler.Advanced.ScheduleOnce(TimeSpan.FromSeconds(5), () => ran++);
        Sys.Scheduler.Advanced.ScheduleRepeatedly(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1), () => ran += 10);

        for (var second = 0; second < 5; second++) Scheduler.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(51, ran);
    }

    [Fact]
    public void The_timers_of_actors_follow()
    {
        var timed = Sys.ActorOf(Props.Create(() => new Timed(TestActor)));
        ExpectMsg("started");

        Scheduler.Advance(TimeSpan.FromDays(1));

        ExpectMsg("a day later");
    }

    private sealed class Timed : ReceiveActor, IWithTimers
    {
        private readonly IActorRef _observer;

        public Timed(IActorRef observer)
        {
            _observer = observer;
            Receive<string>(observer.Tell);
        }

        public ITimerScheduler Timers { get; set; } = null!;

        protected override void PreStart()
        {
            Timers.StartSingleTimer("key", "a day later", TimeSpan.FromDays(1));
            _observer.Tell("started");
        }
    }
}
