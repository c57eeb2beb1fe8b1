using Akka.Actor;
using Akka.Event;

namespace ActorInference.ActorEngine.Tests.Messaging;

public sealed class ReceiveActorTests : EngineTest
{
    [Fact]
    public void The_first_handler_that_fits_takes_the_message()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Sorter()));

        actor.Tell(5);
        ExpectMsg("small 5");
        actor.Tell(500);
        ExpectMsg("int 500");
        actor.Tell("text");
        ExpectMsg("string text");
        actor.Tell(2.5);
        ExpectMsg("any 2.5");
    }

    [Fact]
    public void A_handler_by_function_passes_on_what_it_returns_false_for()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Choosy()));

        actor.Tell("odd");
        ExpectMsg("second odd");
        actor.Tell("even");
        ExpectMsg("first even");
    }

    [Fact]
    public void A_handler_for_a_base_type_or_interface_takes_what_derives_from_it()
    {
        var actor = Sys.ActorOf(Props.Create(() => new TakesInterface()));

        actor.Tell(new ArgumentNullException("x"));
        ExpectMsg("argument");
        actor.Tell(new List<int> { 1, 2 });
        ExpectMsg("2 numbers");
    }

    [Fact]
    public void What_no_handler_takes_is_published_as_unhandled()
    {
        Sys.EventStream.Subscribe(TestActor, typeof(UnhandledMessage));
        var actor = Sys.ActorOf(Props.Create(() => new TakesInterface()));

        actor.Tell(42);

        var unhandled = ExpectMsg<UnhandledMessage>();
        Assert.Equal(42, unhandled.Message);
        Assert.Equal(actor, unhandled.Recipient);
    }

    [Fact]
    public void Nothing_may_be_declared_after_a_handler_of_everything()
    {
        var actor = Sys.ActorOf(Props.Create(() => new TooMuch()));

        Watch(actor);

        ExpectTerminated(actor);
    }

    [Fact]
    public void Become_replaces_the_behaviour_and_unbecome_returns_to_the_one_below()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Moody()));

        actor.Tell("hello");
        ExpectMsg("calm: hello");
        actor.Tell("anger");
        actor.Tell("hello");
        ExpectMsg("angry: hello");
        actor.Tell("rest");
        actor.Tell("hello");
        ExpectMsg("asleep: hello");
        actor.Tell("wake");
        actor.Tell("hello");
        ExpectMsg("angry: hello");
    }

    [Fact]
    public void A_restart_returns_to_the_first_behaviour()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Moody()));
        actor.Tell("anger");

        actor.Tell("fail");
        actor.Tell("hello");

        ExpectMsg("calm: hello");
    }

    private sealed class Sorter : ReceiveActor
    {
        public Sorter()
        {
            Receive<int>(number => Sender.Tell($"small {number}"), number => number < 10);
            Receive<int>(number => Sender.Tell($"int {number}"));
            Receive(typeof(string), text => Sender.Tell($"string {text}"));
            ReceiveAny(other => Sender.Tell(FormattableString.Invariant($"any {other}")));
        }
    }

    private sealed class Choosy : ReceiveActor
    {
        public Choosy()
        {
            Receive<string>(text =>
            {
                if (text.Length % 2 == 1) return false;
                Sender.Tell($"first {text}");
                return true;
            });
            Receive<string>(text => Sender.Tell($"second {text}"));
        }
    }

    private sealed class TakesInterface : ReceiveActor
    {
        public TakesInterface()
        {
            Receive<ArgumentException>(_ => Sender.Tell("argument"));
            Receive<IReadOnlyList<int>>(list => Sender.Tell($"{list.Count} numbers"));
        }
    }

    private sealed class TooMuch : ReceiveActor
    {
        public TooMuch()
        {
            ReceiveAny(_ => { });
            Receive<string>(_ => { });
        }
    }

    private sealed class Moody : ReceiveActor
    {
        public Moody()
        {
            Receive<string>(text => text == "anger", _ => Become(Angry));
            Receive<string>(text => Sender.Tell($"calm: {text}"));
        }

        private void Angry()
        {
            Receive<string>(text => text == "rest", _ => BecomeStacked(Asleep));
            Receive<string>(text => text == "fail", _ => throw new TestFailure("angry"));
            Receive<string>(text => Sender.Tell($"angry: {text}"));
        }

        private void Asleep()
        {
            Receive<string>(text => text == "wake", _ => UnbecomeStacked());
            Receive<string>(text => Sender.Tell($"asleep: {text}"));
        }
    }
}
