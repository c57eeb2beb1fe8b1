using Akka.Actor;
using static ActorInference.ActorEngine.Tests.LifecycleActor;

namespace ActorInference.ActorEngine.Tests.Watching;

public sealed class DeathWatchTests : EngineTest
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    [Fact]
    public void A_watcher_hears_of_the_end()
    {
        var actor = NewActor();
        Watch(actor);

        Sys.Stop(actor);

        var terminated = ExpectMsg<Terminated>();
        Assert.Equal(actor, terminated.ActorRef);
        Assert.True(terminated.ExistenceConfirmed);
        Assert.False(terminated.AddressTerminated);
    }

    [Fact]
    public async Task Whoever_watches_an_ended_actor_hears_of_it_at_once()
    {
        var actor = NewActor();
        await actor.GracefulStop(Deadline);

        Watch(actor);

        ExpectTerminated(actor);
    }

    [Fact]
    public void Every_watcher_hears_of_it_and_each_once()
    {
        var actor = NewActor();
        var probes = Enumerable.Range(0, 5).Select(_ => CreateTestProbe()).ToList();
        foreach (var probe in probes)
        {
            probe.Watch(actor);
            probe.Watch(actor);
        }

        Sys.Stop(actor);

        foreach (var probe in probes)
        {
            probe.ExpectTerminated(actor);
            probe.ExpectNoMsg(TimeSpan.FromMilliseconds(20));
        }
    }

    [Fact]
    public void The_notice_comes_after_what_the_actor_sent_before()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Talkative(TestActor)));
        Watch(actor);

        actor.Tell(100);

        for (var i = 0; i < 100; i++) ExpectMsg(i);
        ExpectTerminated(actor);
    }

    [Fact]
    public void WatchWith_sends_the_message_instead()
    {
        var actor = NewActor();
        var watcher = Sys.ActorOf(Props.Create(() => new WatchesWith(TestActor, actor)));
        watcher.Tell("sync", TestActor);
        ExpectMsg("sync");

        Sys.Stop(actor);

        ExpectMsg("it has ended");
    }

    [Fact]
    public void Watching_again_with_another_message_is_refused()
    {
        var watcher = Sys.ActorOf(Props.Create(() => new WatchesTwice(TestActor)));

        watcher.Tell(NewActor());

        ExpectMsg<InvalidOperationException>();
    }

    [Fact]
    public void After_Unwatch_no_notice_comes()
    {
        var actor = NewActor();
        Watch(actor);
        Unwatch(actor);
        var other = CreateTestProbe();
        other.Watch(actor);

        Sys.Stop(actor);

        other.ExpectTerminated(actor);
        ExpectNoMsg(TimeSpan.FromMilliseconds(50));
    }

    [Fact]
    public void An_unhandled_notice_ends_the_watcher()
    {
        var watched = NewActor();
        var careless = Sys.ActorOf(Props.Create(() => new Careless(watched)));
        Watch(careless);
        careless.Tell("sync", TestActor);
        ExpectMsg("sync");

        EventFilter.Exception<DeathPactException>().ExpectOne(() => Sys.Stop(watched));

        ExpectTerminated(careless);
    }

    [Fact]
    public void A_restart_is_no_end()
    {
        var actor = NewActor();
        Watch(actor);

        actor.Tell(new Fail(new TestFailure("once")));
        actor.Tell(new WhoAreYou(), TestActor);

        ExpectMsg<int>();
    }

    [Fact]
    public void Two_that_watch_each_other_both_end()
    {
        var first = Sys.ActorOf(Props.Create(() => new WatchesOnRequest()));
        var second = Sys.ActorOf(Props.Create(() => new WatchesOnRequest()));
        first.Tell(second, TestActor);
        second.Tell(first, TestActor);
        ExpectMsg("watching");
        ExpectMsg("watching");
        Watch(second);

        Sys.Stop(first);

        ExpectTerminated(second);
    }

    [Fact]
    public void A_parent_can_watch_its_child()
    {
        var parent = Sys.ActorOf(Props.Create(() => new WatchesItsChild(TestActor)));
        var child = ExpectMsg<IActorRef>();

        Sys.Stop(child);

        Assert.Equal(child, ExpectMsg<IActorRef>());
        parent.Tell("sync", TestActor);
        ExpectMsg("sync");
    }

    private IActorRef NewActor() => Sys.ActorOf(Props.Create(() => new LifecycleActor(ActorRefs.Nobody)));

    private sealed class Talkative : ReceiveActor
    {
        public Talkative(IActorRef listener) => Receive<int>(count =>
        {
            for (var i = 0; i < count; i++) listener.Tell(i);
            Context.Stop(Self);
        });
    }

    private sealed class WatchesWith : ReceiveActor
    {
        public WatchesWith(IActorRef observer, IActorRef watched)
        {
            Context.WatchWith(watched, "it has ended");
            Receive<string>(text => text == "sync", text => Sender.Tell(text));
            ReceiveAny(message => observer.Tell(message));
        }
    }

    private sealed class WatchesTwice : ReceiveActor
    {
        public WatchesTwice(IActorRef observer) => Receive<IActorRef>(watched =>
        {
            Context.WatchWith(watched, "first");
            try
            {
                Context.WatchWith(watched, "second");
            }
            catch (InvalidOperationException e)
            {
                observer.Tell(e);
            }
        });
    }

    private sealed class Careless : ReceiveActor
    {
        public Careless(IActorRef watched)
        {
            Context.Watch(watched);
            Receive<string>(text => Sender.Tell(text));
        }
    }

    private sealed class WatchesOnRequest : ReceiveActor
    {
        public WatchesOnRequest() => Receive<IActorRef>(other =>
        {
            Context.Watch(other);
            Sender.Tell("watching");
        });
    }

    private sealed class WatchesItsChild : ReceiveActor
    {
        public WatchesItsChild(IActorRef observer)
        {
            observer.Tell(Context.Watch(Context.ActorOf(Props.Create(() => new LifecycleActor(ActorRefs.Nobody)))));
            Receive<Terminated>(terminated => observer.Tell(terminated.ActorRef));
            Receive<string>(text => Sender.Tell(text));
        }
    }
}
