using Akka.Actor;
using Akka.Pattern;
using static ActorInference.ActorEngine.Tests.LifecycleActor;

namespace ActorInference.ActorEngine.Tests.Supervision;

public sealed class BackoffSupervisorTests : EngineTest
{
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(200);

    private Props ChildProps => Props.Create(() => new LifecycleActor(ActorRefs.Nobody));

    [Fact]
    public void A_child_that_stops_is_started_again()
    {
        var supervisor = Start(Backoff.OnStop(ChildProps, "child", Shortest, Longest, 0.2, -1));
        var first = CurrentChild(supervisor);
        Watch(first);

        supervisor.Tell(new StopSelf());

        ExpectTerminated(first);
        var second = NextChild(supervisor, first);
        Assert.Equal(first.Path, second.Path);
    }

    [Fact]
    public void A_child_that_fails_is_started_again()
    {
        var supervisor = Start(Backoff.OnFailure(ChildProps, "child", Shortest, Longest, 0.2, -1));
        var first = CurrentChild(supervisor);
        Watch(first);

        supervisor.Tell(new Fail(new TestFailure("back off")));

        ExpectTerminated(first);
        NextChild(supervisor, first);
        supervisor.Tell(new WhoAreYou(), TestActor);
        ExpectMsg<int>();
    }

    [Fact]
    public void The_supervisor_ends_when_its_retries_are_used_up()
    {
        var supervisor = Start(Backoff.OnStop(ChildProps, "child", Shortest, Longest, 0.2, 1).WithManualReset());
        Watch(supervisor);
        var first = CurrentChild(supervisor);
        first.Tell(PoisonPill.Instance);
        var second = NextChild(supervisor, first);

        second.Tell(PoisonPill.Instance);

        ExpectTerminated(supervisor);
    }

    [Fact]
    public void It_counts_restarts_until_it_is_reset()
    {
        var supervisor = Start(Backoff.OnStop(ChildProps, "child", Shortest, Longest, 0.2, -1).WithManualReset());
        var first = CurrentChild(supervisor);
        first.Tell(PoisonPill.Instance);
        NextChild(supervisor, first);

        supervisor.Tell(BackoffSupervisor.GetRestartCount.Instance, TestActor);
        ExpectMsg<BackoffSupervisor.RestartCount>(count => Assert.Equal(1, count.Count));
        supervisor.Tell(BackoffSupervisor.Reset.Instance);
        supervisor.Tell(BackoffSupervisor.GetRestartCount.Instance, TestActor);
        ExpectMsg<BackoffSupervisor.RestartCount>(count => Assert.Equal(0, count.Count));
    }

    [Fact]
    public void A_child_that_lives_long_enough_resets_the_count()
    {
        var supervisor = Start(Backoff.OnStop(ChildProps, "child", Shortest, Longest, 0.2, -1).WithAutoReset(Shortest));
        var first = CurrentChild(supervisor);
        first.Tell(PoisonPill.Instance);
        NextChild(supervisor, first);

        AwaitAssert(() =>
        {
            supervisor.Tell(BackoffSupervisor.GetRestartCount.Instance, TestActor);
            ExpectMsg<BackoffSupervisor.RestartCount>(count => Assert.Equal(0, count.Count));
        });
    }

    [Fact]
    public void It_answers_for_a_child_that_waits_to_be_started()
    {
        var supervisor = Start(Backoff
            .OnStop(ChildProps, "child", TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(2), 0, -1)
            .WithReplyWhileStopped("not now"));
        var child = CurrentChild(supervisor);
        Watch(child);
        child.Tell(PoisonPill.Instance);
        ExpectTerminated(child);

        AwaitAssert(() =>
        {
            supervisor.Tell(new WhoAreYou(), TestActor);
            ExpectMsg("not now", TimeSpan.FromSeconds(1));
        });
    }

    [Fact]
    public void Impossible_times_are_refused()
    {
        Assert.Throws<ArgumentException>(() => BackoffSupervisor.Props(ChildProps, "child", Longest, Shortest, 0.2));
        Assert.Throws<ArgumentException>(() => BackoffSupervisor.Props(ChildProps, "child", TimeSpan.Zero, Longest, 0.2));
        Assert.Throws<ArgumentException>(() => BackoffSupervisor.Props(ChildProps, "child", Shortest, Longest, 2.0));
    }

    private IActorRef Start(BackoffOptions options) => Sys.ActorOf(BackoffSupervisor.Props(options));

    private IActorRef CurrentChild(IActorRef supervisor)
    {
        supervisor.Tell(BackoffSupervisor.GetCurrentChild.Instance, TestActor);
        return FishForMessage<BackoffSupervisor.CurrentChild>(_ => true).Ref;
    }

    private IActorRef NextChild(IActorRef supervisor, IActorRef previous)
    {
        IActorRef next = previous;
        AwaitCondition(() =>
        {
            next = CurrentChild(supervisor);
            return !next.IsNobody() && !next.Equals(previous);
        });
        return next;
    }
}
