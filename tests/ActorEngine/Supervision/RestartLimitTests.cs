using Akka.Actor;
using static ActorInference.ActorEngine.Tests.LifecycleActor;

namespace ActorInference.ActorEngine.Tests.Supervision;

public sealed class RestartLimitTests : EngineTest
{
    [Fact]
    public void A_child_is_restarted_up_to_the_limit_and_then_stopped()
    {
        var child = StartChild(new OneForOneStrategy(2, TimeSpan.FromMinutes(10), _ => Directive.Restart));
        Watch(child);

        FailAndProve(child);
        FailAndProve(child);
        child.Tell(new Fail(new TestFailure("third")));

        ExpectTerminated(child);
    }

    [Fact]
    public void Without_a_window_restarts_count_for_ever()
    {
        var child = StartChild(new OneForOneStrategy(3, null, _ => Directive.Restart));
        Watch(child);

        for (var i = 0; i < 3; i++) FailAndProve(child);
        child.Tell(new Fail(new TestFailure("fourth")));

        ExpectTerminated(child);
    }

    [Fact]
    public void Without_a_limit_a_child_is_restarted_any_number_of_times()
    {
        var child = StartChild(new OneForOneStrategy(null, null, _ => Directive.Restart));

        for (var i = 0; i < 50; i++) FailAndProve(child);
    }

    [Fact]
    public void No_retries_means_stop()
    {
        var child = StartChild(new OneForOneStrategy(0, TimeSpan.FromMinutes(1), _ => Directive.Restart));
        Watch(child);

        child.Tell(new Fail(new TestFailure("first")));

        ExpectTerminated(child);
    }

    [Fact]
    public void Restarts_that_lie_further_apart_than_the_window_are_not_added_up()
    {
        var window = TimeSpan.FromMilliseconds(100);
        var child = StartChild(new OneForOneStrategy(1, window, _ => Directive.Restart));

        for (var i = 0; i < 3; i++)
        {
            FailAndProve(child);
            var since = DateTime.UtcNow;
            AwaitCondition(() => DateTime.UtcNow - since > 2 * window);
        }
    }

    [Fact]
    public void Resuming_counts_for_nothing()
    {
        var child = StartChild(new OneForOneStrategy(1, TimeSpan.FromMinutes(10), _ => Directive.Resume));

        for (var i = 0; i < 10; i++) FailAndProve(child);
    }

    [Fact]
    public void All_for_one_stops_all_when_one_has_used_up_its_restarts()
    {
        var strategy = new AllForOneStrategy(1, TimeSpan.FromMinutes(10), _ => Directive.Restart);
        var supervisor = Sys.ActorOf(Props.Create(() => new Supervisor(strategy)));
        var (first, second) = (StartChild(supervisor, "first"), StartChild(supervisor, "second"));
        FailAndProve(first);
        Watch(first);
        Watch(second);

        first.Tell(new Fail(new TestFailure("second time")));

        var ended = new HashSet<IActorRef> { ExpectMsg<Terminated>().ActorRef, ExpectMsg<Terminated>().ActorRef };
        Assert.True(ended.SetEquals([first, second]));
    }

    private void FailAndProve(IActorRef child)
    {
        child.Tell(new Fail(new TestFailure("again")));
        child.Tell(new WhoAreYou(), TestActor);
        ExpectMsg<int>();
    }

    private IActorRef StartChild(SupervisorStrategy strategy) => StartChild(Sys.ActorOf(Props.Create(() => new Supervisor(strategy))), "child");

    private IActorRef StartChild(IActorRef supervisor, string name)
    {
        supervisor.Tell(new StartChild(Props.Create(() => new LifecycleActor(ActorRefs.Nobody)), name), TestActor);
        return ExpectMsg<IActorRef>();
    }
}
