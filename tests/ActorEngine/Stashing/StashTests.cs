using Akka.Actor;

namespace ActorInference.ActorEngine.Tests.Stashing;

public sealed class StashTests() : EngineTest(
    """
    bounded-deque {
      mailbox-type = "Akka.Dispatch.BoundedDequeBasedMailbox, Akka"
      mailbox-capacity = 1000
      mailbox-push-timeout-time = 1s
    }
    """)
{
    [Fact]
    public void Stashed_messages_come_back_in_their_order_and_before_all_others()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Stashing(TestActor)));

        foreach (var i in Enumerable.Range(1, 4)) actor.Tell(i);
        actor.Tell(new Open());
        actor.Tell(5);

        foreach (var i in Enumerable.Range(1, 5)) ExpectMsg(i);
    }

    [Fact]
    public void A_stashed_message_keeps_its_sender()
    {
        var sender = CreateTestProbe();
        var actor = Sys.ActorOf(Props.Create(() => new Stashing(ActorRefs.Nobody)));

        actor.Tell("who", sender);
        actor.Tell(new Open());

        sender.ExpectMsg("you");
    }

    [Fact]
    public void Unstash_brings_back_one()
    {
        var actor = Sys.ActorOf(Props.Create(() => new OneByOne(TestActor)));

        actor.Tell(1);
        actor.Tell(2);
        actor.Tell("one");
        ExpectMsg(1);
        ExpectNoMsg(TimeSpan.FromMilliseconds(30));
        actor.Tell("one");

        ExpectMsg(2);
    }

    [Fact]
    public void A_restart_brings_back_what_was_stashed()
    {
        var actor = Sys.ActorOf(Props.Create(() => new OpensOnRestart(TestActor)));

        actor.Tell(1);
        actor.Tell(2);
        actor.Tell("fail");

        ExpectMsg(1);
        ExpectMsg(2);
    }

    [Fact]
    public void A_message_cannot_be_stashed_twice()
    {
        var actor = Sys.ActorOf(Props.Create(() => new StashesTwice(TestActor)));

        actor.Tell("twice");

        ExpectMsg<IllegalActorStateException>();
    }

    [Fact]
    public void The_same_object_sent_twice_is_two_messages()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Stashing(TestActor)));
        var message = (object)7;

        actor.Tell(message);
        actor.Tell(message);
        actor.Tell(new Open());

        ExpectMsg(7);
        ExpectMsg(7);
    }

    [Fact]
    public void A_bounded_stash_refuses_what_exceeds_its_capacity()
    {
        var actor = Sys.ActorOf(Props.Create(() => new BoundedStashing(TestActor)).WithStashCapacity(3).WithMailbox("bounded-deque"));

        for (var i = 1; i <= 4; i++) actor.Tell(i);

        ExpectMsg<StashOverflowException>();
        actor.Tell(new Open());
        for (var i = 1; i <= 3; i++) ExpectMsg(i);
    }

    private sealed record Open;

    private sealed class Stashing : ReceiveActor, IWithUnboundedStash
    {
        public Stashing(IActorRef observer)
        {
            Receive<Open>(_ =>
            {
                Become(() =>
                {
                    Receive<int>(i => observer.Tell(i));
                    Receive<string>(_ => Sender.Tell("you"));
                });
                Stash.UnstashAll();
            });
            ReceiveAny(_ => Stash.Stash());
        }

        public IStash Stash { get; set; } = null!;
    }

    private sealed class OneByOne : ReceiveActor, IWithUnboundedStash
    {
        private bool _open;

        public OneByOne(IActorRef observer)
        {
            Receive<int>(i =>
            {
                if (_open) observer.Tell(i);
                else Stash.Stash();
                _open = false;
            });
            Receive<string>(_ =>
            {
                _open = true;
                Stash.Unstash();
            });
        }

        public IStash Stash { get; set; } = null!;
    }

    private sealed class OpensOnRestart : ReceiveActor, IWithUnboundedStash
    {
        private readonly IActorRef _observer;

        public OpensOnRestart(IActorRef observer)
        {
            _observer = observer;
            Receive<string>(_ => throw new TestFailure("restart"));
            ReceiveAny(_ => Stash.Stash());
        }

        public IStash Stash { get; set; } = null!;

        protected override void PostRestart(Exception reason) => Become(() => ReceiveAny(message => _observer.Tell(message)));
    }

    private sealed class StashesTwice : ReceiveActor, IWithUnboundedStash
    {
        public StashesTwice(IActorRef observer) => ReceiveAny(_ =>
        {
            Stash.Stash();
            try
            {
                Stash.Stash();
            }
            catch (IllegalActorStateException e)
            {
                observer.Tell(e);
            }
        });

        public IStash Stash { get; set; } = null!;
    }

    private sealed class BoundedStashing : ReceiveActor, IWithBoundedStash
    {
        public BoundedStashing(IActorRef observer)
        {
            Receive<Open>(_ =>
            {
                Become(() => Receive<int>(i => observer.Tell(i)));
                Stash.UnstashAll();
            });
            ReceiveAny(_ =>
            {
                try
                {
                    Stash.Stash();
                }
                catch (StashOverflowException e)
                {
                    observer.Tell(e);
                }
            });
        }

        public IStash Stash { get; set; } = null!;
    }
}
