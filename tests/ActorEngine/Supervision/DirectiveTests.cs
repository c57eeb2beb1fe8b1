using Akka.Actor;
using static ActorInference.ActorEngine.Tests.LifecycleActor;

namespace ActorInference.ActorEngine.Tests.Supervision;

public sealed class DirectiveTests : EngineTest
{
    [Fact]
    public void Resume_keeps_the_instance_and_its_mailbox()
    {
        var child = StartChild(new OneForOneStrategy(_ => Directive.Resume));
        child.Tell(new WhoAreYou(), TestActor);
        var before = ExpectMsg<int>();

        child.Tell(new Fail(new TestFailure("bearable")));
        child.Tell(new WhoAreYou(), TestActor);

        Assert.Equal(before, ExpectMsg<int>());
    }

    [Fact]
    public void Restart_makes_a_new_instance()
    {
        var child = StartChild(new OneForOneStrategy(_ => Directive.Restart));
        child.Tell(new WhoAreYou(), TestActor);
        var before = ExpectMsg<int>();

        child.Tell(new Fail(new TestFailure("once")));
        child.Tell(new WhoAreYou(), TestActor);

        Assert.NotEqual(before, ExpectMsg<int>());
    }

    [Fact]
    public void Stop_ends_the_child()
    {
        var child = StartChild(new OneForOneStrategy(_ => Directive.Stop));
        Watch(child);

        child.Tell(new Fail(new TestFailure("final")));

        ExpectTerminated(child);
    }

    [Fact]
    public void Escalate_makes_the_supervisor_fail_with_the_same_cause()
    {
        var cause = new TestFailure("too much for the parent");
        var observer = TestActor;
        var reporting = new OneForOneStrategy(failure =>
        {
            observer.Tell(failure, ActorRefs.NoSender);
            return Directive.Stop;
        });
        var escalating = new OneForOneStrategy(_ => Directive.Escalate);
        var grandparent = Sys.ActorOf(Props.Create(() => new Supervisor(reporting)));
        grandparent.Tell(new StartChild(Props.Create(() => new Supervisor(escalating)), "parent"), TestActor);
        var parent = ExpectMsg<IActorRef>();
        parent.Tell(new StartChild(Props.Create(() => new LifecycleActor(ActorRefs.Nobody)), "child"), TestActor);
        var child = ExpectMsg<IActorRef>();
        Watch(parent);
        Watch(child);

        child.Tell(new Fail(cause));

        Assert.Same(cause, FishForMessage<Exception>(_ => true));
        // The child's watcher may hear of its end after its parent has, which ends upon that.
        var ended = new HashSet<IActorRef> { FishForMessage<Terminated>(_ => true).ActorRef, FishForMessage<Terminated>(_ => true).ActorRef };
        Assert.True(ended.SetEquals([child, parent]));
    }

    [Fact]
    public void A_strategy_can_tell_failures_apart()
    {
        var child = StartChild(new OneForOneStrategy(failure => failure switch
        {
            OtherFailure => Directive.Stop,
            _ => Directive.Resume,
        }));
        Watch(child);

        child.Tell(new Fail(new TestFailure("bearable")));
        child.Tell(new WhoAreYou(), TestActor);
        ExpectMsg<int>();
        child.Tell(new Fail(new OtherFailure("final")));

        ExpectTerminated(child);
    }

    [Fact]
    public void One_for_one_leaves_siblings_alone()
    {
        var strategy = new OneForOneStrategy(_ => Directive.Stop);
        var supervisor = Sys.ActorOf(Props.Create(() => new Supervisor(strategy)));
        var (first, second) = (StartChild(supervisor, "first"), StartChild(supervisor, "second"));
        Watch(first);

        first.Tell(new Fail(new TestFailure("first")));

        ExpectTerminated(first);
        second.Tell(new WhoAreYou(), TestActor);
        ExpectMsg<int>();
    }

    [Fact]
    public void All_for_one_restarts_every_child()
    {
        var strategy = new AllForOneStrategy(_ => Directive.Restart);
        var supervisor = Sys.ActorOf(Props.Create(() => new Supervisor(strategy)));
        var (first, second) = (StartChild(supervisor, "first"), StartChild(supervisor, "second"));
        second.Tell(new WhoAreYou(), TestActor);
        var before = ExpectMsg<int>();
        Watch(first);

        first.Tell(new Fail(new TestFailure("first")));

        AwaitAssert(() =>
        {
            second.Tell(new WhoAreYou(), TestActor);
            Assert.NotEqual(before, ExpectMsg<int>());
        });
    }

    [Fact]
    public void All_for_one_stops_every_child()
    {
        var strategy = new AllForOneStrategy(_ => Directive.Stop);
        var supervisor = Sys.ActorOf(Props.Create(() => new Supervisor(strategy)));
        var (first, second) = (StartChild(supervisor, "first"), StartChild(supervisor, "second"));
        Watch(first);
        Watch(second);

        first.Tell(new Fail(new TestFailure("first")));

        var ended = new HashSet<IActorRef> { ExpectMsg<Terminated>().ActorRef, ExpectMsg<Terminated>().ActorRef };
        Assert.True(ended.SetEquals([first, second]));
    }

    [Fact]
    public void An_actor_whose_constructor_fails_is_stopped_by_the_default_strategy()
    {
        EventFilter.Exception<ActorInitializationException>().ExpectOne(() =>
        {
            var broken = Sys.ActorOf(Props.Create(() => new CannotStart()));
            Watch(broken);
            ExpectTerminated(broken);
        });
    }

    [Fact]
    public void A_resumed_child_goes_on_with_the_messages_that_waited()
    {
        var strategy = new OneForOneStrategy(_ => Directive.Resume);
        var supervisor = Sys.ActorOf(Props.Create(() => new Supervisor(strategy)));
        supervisor.Tell(new StartChild(Props.Create(() => new LifecycleActor(TestActor)), "child"), TestActor);
        var child = FishForMessage<IActorRef>(_ => true);

        child.Tell("first");
        child.Tell(new Fail(new TestFailure("bearable")));
        child.Tell("second");

        Assert.Equal(new Handled("first"), FishForMessage<Handled>(_ => true));
        Assert.Equal(new Handled("second"), FishForMessage<Handled>(_ => true));
    }

    [Fact]
    public void A_decider_from_a_table_takes_the_first_type_that_fits_or_the_default()
    {
        var decider = Decider.From(
            Directive.Escalate,
            new KeyValuePair<Type, Directive>(typeof(TestFailure), Directive.Resume),
            new KeyValuePair<Type, Directive>(typeof(Exception), Directive.Stop));

        Assert.Equal(Directive.Resume, decider.Decide(new TestFailure("")));
        Assert.Equal(Directive.Stop, decider.Decide(new OtherFailure("")));
        Assert.Equal(
            Directive.Escalate,
            Decider.From(Directive.Escalate, new KeyValuePair<Type, Directive>(typeof(TestFailure), Directive.Resume)).Decide(new OtherFailure("")));
    }

    [Fact]
    public void The_default_decider_stops_what_cannot_start_or_was_killed_and_restarts_the_rest()
    {
        var decider = SupervisorStrategy.DefaultDecider;

        Assert.Equal(Directive.Stop, decider.Decide(new ActorInitializationException("")));
        Assert.Equal(Directive.Stop, decider.Decide(new ActorKilledException("")));
        Assert.Equal(Directive.Stop, decider.Decide(new DeathPactException(TestActor)));
        Assert.Equal(Directive.Restart, decider.Decide(new TestFailure("")));
    }

    private IActorRef StartChild(SupervisorStrategy strategy) =>
        StartChild(Sys.ActorOf(Props.Create(() => new Supervisor(strategy))), "child");

    private IActorRef StartChild(IActorRef supervisor, string name)
    {
        supervisor.Tell(new StartChild(Props.Create(() => new LifecycleActor(ActorRefs.Nobody)), name), TestActor);
        return ExpectMsg<IActorRef>();
    }

    private sealed class CannotStart : ReceiveActor
    {
        public CannotStart() => throw new TestFailure("constructor");
    }
}
