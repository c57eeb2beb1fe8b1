using Akka.Actor;
using Akka.Event;

namespace ActorInference.ActorEngine.Tests.Logging;

public sealed class EventStreamTests : EngineTest
{
    [Fact]
    public void A_subscriber_gets_events_of_its_type_and_of_what_derives_from_it()
    {
        Sys.EventStream.Subscribe(TestActor, typeof(BaseEvent));

        Sys.EventStream.Publish(new BaseEvent());
        Sys.EventStream.Publish(new DerivedEvent());
        Sys.EventStream.Publish(new OtherEvent());

        ExpectMsg(new BaseEvent());
        ExpectMsg(new DerivedEvent());
        ExpectNoMsg(TimeSpan.FromMilliseconds(30));
    }

    [Fact]
    public void A_subscriber_to_an_interface_gets_what_implements_it()
    {
        Sys.EventStream.Subscribe(TestActor, typeof(IMarked));

        Sys.EventStream.Publish(new OtherEvent());

        ExpectMsg(new OtherEvent());
    }

    [Fact]
    public void Whoever_subscribes_twice_gets_an_event_once()
    {
        Assert.True(Sys.EventStream.Subscribe(TestActor, typeof(BaseEvent)));
        Assert.False(Sys.EventStream.Subscribe(TestActor, typeof(BaseEvent)));

        Sys.EventStream.Publish(new BaseEvent());

        ExpectMsg(new BaseEvent());
        ExpectNoMsg(TimeSpan.FromMilliseconds(30));
    }

    [Fact]
    public void After_unsubscribing_no_event_comes()
    {
        Sys.EventStream.Subscribe(TestActor, typeof(BaseEvent));
        Sys.EventStream.Publish(new BaseEvent());
        ExpectMsg(new BaseEvent());

        Sys.EventStream.Unsubscribe(TestActor, typeof(BaseEvent));
        Sys.EventStream.Publish(new BaseEvent());

        ExpectNoMsg(TimeSpan.FromMilliseconds(30));
    }

    [Fact]
    public void A_message_to_nobody_is_a_dead_letter()
    {
        Sys.EventStream.Subscribe(TestActor, typeof(DeadLetter));

        Sys.ActorSelection("/user/nobody").Tell("hello", TestActor);

        ExpectMsg<DeadLetter>(letter =>
        {
            Assert.Equal("hello", letter.Message);
            Assert.Equal(TestActor, letter.Sender);
        });
    }

    [Fact]
    public async Task A_message_to_an_ended_actor_is_a_dead_letter()
    {
        var actor = Sys.ActorOf(Props.Create(() => new LifecycleActor(ActorRefs.Nobody)));
        await actor.GracefulStop(TimeSpan.FromSeconds(60));
        Sys.EventStream.Subscribe(TestActor, typeof(DeadLetter));

        actor.Tell("too late");

        ExpectMsg<DeadLetter>(letter =>
        {
            Assert.Equal("too late", letter.Message);
            Assert.Equal(actor, letter.Recipient);
        });
    }

    [Fact]
    public void A_message_that_is_no_loss_is_reported_apart()
    {
        Sys.EventStream.Subscribe(TestActor, typeof(DeadLetter));
        Sys.EventStream.Subscribe(TestActor, typeof(SuppressedDeadLetter));

        Sys.DeadLetters.Tell(new NoLoss(), TestActor);

        ExpectMsg<SuppressedDeadLetter>(letter => Assert.IsType<NoLoss>(letter.Message));
    }

    [Fact]
    public async Task What_an_ending_actor_leaves_unhandled_becomes_dead_letters()
    {
        const int Count = 5_000;
        var counts = new Counts();
        var undertaker = Sys.ActorOf(Props.Create(() => new CountsDeadLetters(counts)));
        Sys.EventStream.Subscribe(undertaker, typeof(DeadLetter));
        var receiver = Sys.ActorOf(Props.Create(() => new CountsUntilStopped(counts)));

        var stopping = Task.Run(() => Sys.Stop(receiver));
        for (var i = 0; i < Count; i++) receiver.Tell(i, ActorRefs.NoSender);
        await stopping;

        // Best effort: a message that reaches the mailbox in the moment it closes may go unreported.
        AwaitAssert(
            () => Assert.InRange(Volatile.Read(ref counts.Handled) + Volatile.Read(ref counts.Dead), Count - 5, Count), TimeSpan.FromSeconds(60));
    }

    private record BaseEvent;

    private sealed record DerivedEvent : BaseEvent;

    private interface IMarked;

    private sealed record OtherEvent : IMarked;

    private sealed class NoLoss : IDeadLetterSuppression;

    private sealed class Counts
    {
        public int Handled;
        public int Dead;
    }

    private sealed class CountsDeadLetters : ReceiveActor
    {
        public CountsDeadLetters(Counts counts) => Receive<DeadLetter>(letter =>
        {
            if (letter.Message is int) Interlocked.Increment(ref counts.Dead);
        });
    }

    private sealed class CountsUntilStopped : ReceiveActor
    {
        public CountsUntilStopped(Counts counts) => Receive<int>(_ => Interlocked.Increment(ref counts.Handled));
    }
}
