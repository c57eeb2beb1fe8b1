using Akka.Actor;
using Akka.Event;
using static ActorInference.ActorEngine.Tests.LifecycleActor;

namespace ActorInference.ActorEngine.Tests.Lifecycle;

public sealed class StopTests : EngineTest
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    [Fact]
    public void Children_stop_before_their_parent_and_watchers_hear_of_it_last()
    {
        var parent = Sys.ActorOf(Props.Create(() => new Nested(TestActor, "parent", "child")), "nested");
        Watch(parent);

        Sys.Stop(parent);

        ExpectMsg("child/grandchild stopped");
        ExpectMsg("child stopped");
        ExpectMsg("parent stopped");
        ExpectTerminated(parent);
    }

    [Fact]
    public void A_stopping_actor_finishes_its_message_and_leaves_the_rest_to_dead_letters()
    {
        Sys.EventStream.Subscribe(TestActor, typeof(DeadLetter));
        var gate = new ManualResetEventSlim();
        var actor = Sys.ActorOf(Props.Create(() => new StopsInside(TestActor, gate)));

        actor.Tell("stop");
        ExpectMsg("stopping");
        actor.Tell("too late");
        gate.Set();

        ExpectMsg("finished");
        Assert.Equal("too late", ExpectMsg<DeadLetter>().Message);
    }

    [Fact]
    public void PoisonPill_takes_its_place_in_the_mailbox()
    {
        var actor = Sys.ActorOf(Props.Create(() => new LifecycleActor(TestActor)));
        ExpectMsg<Constructed>();
        ExpectMsg<PreStarted>();
        Watch(actor);

        actor.Tell("before");
        actor.Tell(PoisonPill.Instance);
        actor.Tell("after");

        ExpectMsg(new Handled("before"));
        ExpectMsg<PostStopped>();
        ExpectTerminated(actor);
        ExpectNoMsg(TimeSpan.FromMilliseconds(50));
    }

    [Fact]
    public void Kill_fails_the_actor_and_the_default_strategy_stops_it()
    {
        var actor = Sys.ActorOf(Props.Create(() => new LifecycleActor(ActorRefs.Nobody)));
        Watch(actor);

        EventFilter.Exception<ActorKilledException>().ExpectOne(() => actor.Tell(Kill.Instance));

        ExpectTerminated(actor);
    }

    [Fact]
    public async Task GracefulStop_completes_when_the_actor_has_ended()
    {
        var actor = Sys.ActorOf(Props.Create(() => new LifecycleActor(TestActor)));
        ExpectMsg<Constructed>();
        ExpectMsg<PreStarted>();

        Assert.True(await actor.GracefulStop(Deadline));

        ExpectMsg<PostStopped>();
    }

    [Fact]
    public async Task GracefulStop_of_an_ended_actor_completes_too()
    {
        var actor = Sys.ActorOf(Props.Create(() => new LifecycleActor(ActorRefs.Nobody)));
        await actor.GracefulStop(Deadline);

        Assert.True(await actor.GracefulStop(Deadline));
    }

    [Fact]
    public async Task GracefulStop_sends_the_message_that_it_is_given()
    {
        var actor = Sys.ActorOf(Props.Create(() => new LifecycleActor(ActorRefs.Nobody)));

        Assert.True(await actor.GracefulStop(Deadline, new StopSelf()));
    }

    [Fact]
    public async Task GracefulStop_gives_up_after_its_time()
    {
        var actor = Sys.ActorOf(Props.Create(() => new LifecycleActor(ActorRefs.Nobody)));

        await Assert.ThrowsAsync<TaskCanceledException>(() => actor.GracefulStop(TimeSpan.FromMilliseconds(50), "carry on"));
    }

    [Fact]
    public async Task WatchAsync_completes_with_the_actors_end()
    {
        var actor = Sys.ActorOf(Props.Create(() => new LifecycleActor(ActorRefs.Nobody)));
        var ended = actor.WatchAsync();

        Sys.Stop(actor);

        Assert.True(await ended.WaitAsync(Deadline));
    }

    [Fact]
    public void A_name_is_unique_below_one_parent()
    {
        Sys.ActorOf(Props.Create(() => new LifecycleActor(ActorRefs.Nobody)), "taken");

        Assert.Throws<InvalidActorNameException>(() => Sys.ActorOf(Props.Create(() => new LifecycleActor(TestActor)), "taken"));
    }

    [Fact]
    public async Task A_name_is_free_again_when_its_actor_has_ended()
    {
        var first = Sys.ActorOf(Props.Create(() => new LifecycleActor(ActorRefs.Nobody)), "phoenix");
        await first.GracefulStop(Deadline);

        var second = await UntilFree("phoenix");

        Assert.Equal(first.Path, second.Path);
        Assert.NotEqual(first, second);
        Assert.NotEqual(first.Path.Uid, second.Path.Uid);
    }

    [Fact]
    public void A_name_stays_taken_while_its_actor_is_stopping()
    {
        var parent = Sys.ActorOf(Props.Create(() => new LifecycleActor(ActorRefs.Nobody)), "parent");
        var gate = new ManualResetEventSlim();
        parent.Tell(new StartChild(Props.Create(() => new SlowToStop(TestActor, gate)), "slow"), TestActor);
        var child = ExpectMsg<IActorRef>();
        Watch(child);
        parent.Tell(new StopChild(child));
        ExpectMsg("in PostStop");

        EventFilter.Exception<InvalidActorNameException>().ExpectOne(
            () => parent.Tell(new StartChild(Props.Create(() => new LifecycleActor(ActorRefs.Nobody)), "slow")));

        gate.Set();
        ExpectTerminated(child);
    }

    [Theory]
    [InlineData("")]
    [InlineData("$reserved")]
    [InlineData("with space")]
    [InlineData("with/slash")]
    public void An_illegal_name_is_refused(string name)
    {
        Assert.Throws<InvalidActorNameException>(() => Sys.ActorOf(Props.Create(() => new LifecycleActor(TestActor)), name));
    }

    [Fact]
    public void An_actor_cannot_be_made_with_new()
    {
        var observer = CreateTestProbe();
        Exception? failure = null;

        // Off the test's own thread, to which the test kit lends a context.
        var thread = new Thread(() => failure = Record.Exception(() => new LifecycleActor(observer)));
        thread.Start();
        Assert.True(thread.Join(Deadline));

        Assert.IsType<ActorInitializationException>(failure);
    }

    [Fact]
    public void The_context_is_not_to_be_had_outside_of_the_actor()
    {
        Sys.ActorOf(Props.Create(() => new LeaksItsContext(TestActor)));
        var useContext = ExpectMsg<Func<IActorRef>>();
        Exception? failure = null;

        var thread = new Thread(() => failure = Record.Exception(useContext));
        thread.Start();
        Assert.True(thread.Join(Deadline));

        Assert.IsType<NotSupportedException>(failure);
    }

    [Fact]
    public async Task Terminate_stops_users_actors_before_the_systems_own()
    {
        var system = ActorSystem.Create("terminating");
        var order = new List<string>();
        system.ActorOf(Props.Create(() => new TellsItsEndTo(order, "user")));
        ((ExtendedActorSystem)system).SystemActorOf(Props.Create(() => new TellsItsEndTo(order, "system")), "own");
        var afterwards = false;
        system.RegisterOnTermination(() => afterwards = true);

        await system.Terminate().WaitAsync(TimeSpan.FromSeconds(60));

        Assert.Equal(["user", "system"], order);
        Assert.True(afterwards);
        Assert.True(system.WhenTerminated.IsCompleted);
    }

    private async Task<IActorRef> UntilFree(string name)
    {
        // The watcher may hear of the end a moment before the parent does.
        var actor = ActorRefs.Nobody as IActorRef;
        await AwaitAssertAsync(() => actor = Sys.ActorOf(Props.Create(() => new LifecycleActor(TestActor)), name), Deadline);
        return actor!;
    }

    private sealed class Nested : ReceiveActor
    {
        private readonly IActorRef _observer;
        private readonly string _name;

        public Nested(IActorRef observer, string name, string? child)
        {
            _observer = observer;
            _name = name;
            var grandchild = name == "parent" ? "child/grandchild" : null;
            if (child is not null) Context.ActorOf(Props.Create(() => new Nested(observer, child, grandchild)));
            ReceiveAny(_ => { });
        }

        protected override void PostStop() => _observer.Tell($"{_name} stopped");
    }

    private sealed class StopsInside : ReceiveActor
    {
        public StopsInside(IActorRef observer, ManualResetEventSlim gate) => Receive<string>(_ =>
        {
            Context.Stop(Self);
            observer.Tell("stopping");
            gate.Wait(Deadline);
            observer.Tell("finished");
        });
    }

    private sealed class SlowToStop : ReceiveActor
    {
        private readonly IActorRef _observer;
        private readonly ManualResetEventSlim _gate;

        public SlowToStop(IActorRef observer, ManualResetEventSlim gate)
        {
            _observer = observer;
            _gate = gate;
            ReceiveAny(_ => { });
        }

        protected override void PostStop()
        {
            _observer.Tell("in PostStop");
            _gate.Wait(Deadline);
        }
    }

    private sealed class LeaksItsContext : ReceiveActor
    {
        public LeaksItsContext(IActorRef observer) => observer.Tell((Func<IActorRef>)(() => Context.Self));
    }

    private sealed class TellsItsEndTo : ReceiveActor
    {
        private readonly List<string> _order;
        private readonly string _name;

        public TellsItsEndTo(List<string> order, string name)
        {
            _order = order;
            _name = name;
        }

        protected override void PostStop()
        {
            lock (_order) _order.Add(_name);
        }
    }
}
