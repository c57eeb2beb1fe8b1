using Akka.Actor;

namespace ActorInference.ActorEngine.Tests.Messaging;

public sealed class DeliveryTests : EngineTest
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Messages_of_one_sender_to_one_receiver_keep_their_order()
    {
        const int Senders = 8;
        const int Each = 20_000;
        var receiver = Sys.ActorOf(Props.Create(() => new OrderChecker(Senders, Each)));

        var sending = Enumerable.Range(0, Senders).Select(sender => Task.Run(() =>
        {
            for (var i = 0; i < Each; i++) receiver.Tell(new Numbered(sender, i), ActorRefs.NoSender);
        }));
        await Task.WhenAll(sending);

        Assert.Equal("in order", await receiver.Ask<string>(new Report(), Deadline));
    }

    [Fact]
    public async Task Order_holds_along_a_chain_of_actors()
    {
        const int Count = 10_000;
        var last = Sys.ActorOf(Props.Create(() => new OrderChecker(1, Count)));
        var chain = last;
        for (var i = 0; i < 5; i++)
        {
            var next = chain;
            chain = Sys.ActorOf(Props.Create(() => new Forwarder(next)));
        }

        for (var i = 0; i < Count; i++) chain.Tell(new Numbered(0, i), ActorRefs.NoSender);

        Assert.Equal("in order", await last.Ask<string>(new Report(), Deadline));
    }

    [Fact]
    public async Task Each_message_is_handled_once_and_never_twice()
    {
        const int Count = 50_000;
        var receiver = Sys.ActorOf(Props.Create(() => new Tally(Count)));

        await Task.WhenAll(Enumerable.Range(0, 4).Select(part => Task.Run(() =>
        {
            for (var i = part; i < Count; i += 4) receiver.Tell(i, ActorRefs.NoSender);
        })));

        Assert.Equal(1, await receiver.Ask<int>(new Report(), Deadline));
    }

    [Fact]
    public void The_message_that_an_actor_failed_on_is_not_delivered_again()
    {
        var actor = Sys.ActorOf(Props.Create(() => new FailsOnFirst(TestActor)));

        actor.Tell("first");
        actor.Tell("second");

        ExpectMsg("handling first");
        ExpectMsg("handling second");
        actor.Tell("third");
        ExpectMsg("handling third");
    }

    [Fact]
    public void A_forwarded_message_keeps_its_first_sender()
    {
        var echo = Sys.ActorOf(Props.Create(() => new SenderEcho()));
        var forwarder = Sys.ActorOf(Props.Create(() => new Forwarder(echo)));

        forwarder.Tell("who", TestActor);

        ExpectMsg<IActorRef>(sender => Assert.Equal(TestActor, sender));
    }

    [Fact]
    public void A_message_without_sender_has_dead_letters_for_its_sender()
    {
        var reporter = Sys.ActorOf(Props.Create(() => new SenderReporter(TestActor)));

        reporter.Tell("who", ActorRefs.NoSender);

        ExpectMsg<IActorRef>(sender => Assert.Equal(Sys.DeadLetters, sender));
    }

    public sealed record Numbered(int Sender, int Number);

    public sealed record Report;

    private sealed class OrderChecker : ReceiveActor
    {
        private readonly int[] _next;
        private readonly int _each;
        private IActorRef? _asker;
        private string _verdict = "in order";

        public OrderChecker(int senders, int each)
        {
            _next = new int[senders];
            _each = each;
            Receive<Numbered>(message =>
            {
                if (message.Number != _next[message.Sender]) _verdict = $"sender {message.Sender}: {message.Number} came in place of {_next[message.Sender]}";
                _next[message.Sender]++;
                AnswerIfDone();
            });
            Receive<Report>(_ =>
            {
                _asker = Sender;
                AnswerIfDone();
            });
        }

        private void AnswerIfDone()
        {
            if (_next.All(next => next == _each)) _asker?.Tell(_verdict);
        }
    }

    private sealed class Tally : ReceiveActor
    {
        private readonly int[] _times;
        private int _handled;
        private IActorRef? _asker;

        public Tally(int count)
        {
            _times = new int[count];
            Receive<int>(i =>
            {
                _times[i]++;
                _handled++;
                AnswerIfDone();
            });
            Receive<Report>(_ =>
            {
                _asker = Sender;
                AnswerIfDone();
            });
        }

        private void AnswerIfDone()
        {
            if (_handled == _times.Length) _asker?.Tell(_times.Max());
        }
    }

    private sealed class Forwarder : ReceiveActor
    {
        public Forwarder(IActorRef next) => ReceiveAny(next.Forward);
    }

    private sealed class SenderEcho : ReceiveActor
    {
        public SenderEcho() => ReceiveAny(_ => Sender.Tell(Sender));
    }

    private sealed class SenderReporter : ReceiveActor
    {
        public SenderReporter(IActorRef observer) => ReceiveAny(_ => observer.Tell(Sender));
    }

    private sealed class FailsOnFirst : ReceiveActor
    {
        public FailsOnFirst(IActorRef observer) => Receive<string>(text =>
        {
            observer.Tell($"handling {text}");
            if (text == "first") throw new TestFailure(text);
        });
    }
}
