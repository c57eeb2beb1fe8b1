using Akka.Actor;
using static ActorInference.ActorEngine.Tests.LifecycleActor;

namespace ActorInference.ActorEngine.Tests.Lifecycle;

public sealed class RestartTests : EngineTest
{
    [Fact]
    public void A_restart_calls_the_hooks_of_the_old_and_the_new_instance_in_order()
    {
        var actor = Sys.ActorOf(Props.Create(() => new LifecycleActor(TestActor)));
        ExpectMsg<Constructed>();
        ExpectMsg<PreStarted>();
        var fail = new Fail(new TestFailure("once"));

        actor.Tell(fail);

        ExpectMsg<PreRestarted>(hook =>
        {
            Assert.Same(fail.Cause, hook.Reason);
            Assert.Same(fail, hook.Message);
        });
        ExpectMsg<PostStopped>();
        ExpectMsg<Constructed>();
        ExpectMsg<PostRestarted>(hook => Assert.Same(fail.Cause, hook.Reason));
        ExpectMsg<PreStarted>();
    }

    [Fact]
    public void A_restart_makes_a_new_instance_behind_the_same_reference_and_keeps_the_mailbox()
    {
        IgnoreMessages<object>(message => message is not Handled and not int);
        var actor = Sys.ActorOf(Props.Create(() => new LifecycleActor(TestActor)));
        actor.Tell(new WhoAreYou());
        var first = ExpectMsg<int>();

        actor.Tell("before");
        actor.Tell(new Fail(new TestFailure("once")));
        actor.Tell("after");
        actor.Tell(new WhoAreYou());

        ExpectMsg(new Handled("before"));
        ExpectMsg(new Handled("after"));
        Assert.NotEqual(first, ExpectMsg<int>());
    }

    [Fact]
    public void By_default_a_restart_stops_the_children()
    {
        var parent = Sys.ActorOf(Props.Create(() => new LifecycleActor(ActorRefs.Nobody)));
        var childObserver = CreateTestProbe();
        parent.Tell(new StartChild(Props.Create(() => new LifecycleActor(childObserver)), "child"), TestActor);
        var child = ExpectMsg<IActorRef>();
        Watch(child);

        parent.Tell(new Fail(new TestFailure("parent")));

        ExpectTerminated(child);
        childObserver.ExpectMsg<Constructed>();
        childObserver.ExpectMsg<PreStarted>();
        childObserver.ExpectMsg<PostStopped>();
    }

    [Fact]
    public void The_new_instance_starts_when_all_children_have_stopped()
    {
        var parent = Sys.ActorOf(Props.Create(() => new LifecycleActor(TestActor)));
        ExpectMsg<Constructed>();
        ExpectMsg<PreStarted>();
        parent.Tell(new StartChild(Props.Create(() => new TellsItsEnd(TestActor)), "child"), TestActor);
        ExpectMsg<IActorRef>();

        parent.Tell(new Fail(new TestFailure("parent")));

        ExpectMsg<PreRestarted>();
        // The child stops beside the parent's old instance.
        var ended = new[] { ExpectMsg<object>(), ExpectMsg<object>() };
        Assert.Contains(new PostStopped(), ended);
        Assert.Contains("child stopped", ended);
        ExpectMsg<Constructed>();
        ExpectMsg<PostRestarted>();
    }

    [Fact]
    public void Children_that_outlive_PreRestart_are_restarted_with_the_parent()
    {
        var childObserver = CreateTestProbe();
        var parent = Sys.ActorOf(Props.Create(() => new KeepsItsChildren(childObserver)));
        childObserver.ExpectMsg<Constructed>();
        childObserver.ExpectMsg<PreStarted>();

        parent.Tell("fail");

        childObserver.ExpectMsg<PreRestarted>();
    }

    [Fact]
    public void A_failure_in_PostRestart_is_judged_as_a_failed_start_and_stops_the_actor()
    {
        var actor = Sys.ActorOf(Props.Create(() => new FailsInPostRestart()));
        Watch(actor);

        actor.Tell("fail");

        ExpectTerminated(actor);
    }

    [Fact]
    public void A_failure_in_PreRestart_does_not_hinder_the_restart()
    {
        var actor = Sys.ActorOf(Props.Create(() => new FailsInPreRestart()));

        actor.Tell("fail");
        actor.Tell("ping");

        ExpectMsg("ping");
    }

    private sealed class TellsItsEnd : ReceiveActor
    {
        private readonly IActorRef _observer;

        public TellsItsEnd(IActorRef observer)
        {
            _observer = observer;
            ReceiveAny(_ => { });
        }

        protected override void PostStop() => _observer.Tell("child stopped");
    }

    private sealed class KeepsItsChildren : ReceiveActor
    {
        private static readonly string ChildName = "kept";
        private readonly IActorRef _childObserver;

        public KeepsItsChildren(IActorRef childObserver)
        {
            _childObserver = childObserver;
            ReceiveAny(_ => throw new TestFailure("parent"));
        }

        protected override void PreStart()
        {
            var observer = _childObserver;
            if (Context.Child(ChildName).IsNobody()) Context.ActorOf(Props.Create(() => new LifecycleActor(observer)), ChildName);
        }

        protected override void PreRestart(Exception reason, object message)
        {
        }
    }

    private sealed class FailsInPostRestart : ReceiveActor
    {
        public FailsInPostRestart() => ReceiveAny(_ => throw new TestFailure("first"));

        protected override void PostRestart(Exception reason) => throw new TestFailure("second");
    }

    private sealed class FailsInPreRestart : ReceiveActor
    {
        public FailsInPreRestart()
        {
            Receive<string>(text => text == "fail", _ => throw new TestFailure("first"));
            Receive<string>(text => Sender.Tell(text));
        }

        protected override void PreRestart(Exception reason, object message) => throw new TestFailure("second");
    }
}
