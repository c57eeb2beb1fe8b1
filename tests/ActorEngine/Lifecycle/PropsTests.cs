using Akka.Actor;

namespace ActorInference.ActorEngine.Tests.Lifecycle;

public sealed class PropsTests : EngineTest
{
    [Fact]
    public void The_arguments_of_the_constructor_call_are_evaluated_once()
    {
        var counter = new Counter();
        var props = Props.Create(() => new Holder(counter.Next(), "text", null));

        for (var i = 0; i < 3; i++) Assert.Equal("1 text ", Ask(Sys.ActorOf(props)));
        Assert.Equal(1, counter.Times);
    }

    [Fact]
    public void Captured_variables_count_as_they_are_when_the_recipe_is_made()
    {
        var number = 1;
        var props = Props.Create(() => new Holder(number, "a", "b"));
        number = 2;

        Assert.Equal("1 a b", Ask(Sys.ActorOf(props)));
        Assert.Equal(2, number);
    }

    [Fact]
    public void Only_a_constructor_call_makes_a_recipe()
    {
        Assert.Throws<ArgumentException>(() => Props.Create(() => Make()));
    }

    [Fact]
    public void A_type_and_its_arguments_make_a_recipe_too()
    {
        Assert.Equal("7 a b", Ask(Sys.ActorOf(Props.Create(typeof(Holder), 7, "a", "b"))));
        Assert.Equal("7 a b", Ask(Sys.ActorOf(Props.Create<Holder>(7, "a", "b"))));
        Assert.Equal(typeof(Holder), Props.Create<Holder>(7, "a", "b").Type);
    }

    [Fact]
    public void A_producer_makes_each_instance()
    {
        var producer = new CountingProducer();
        var actor = Sys.ActorOf(Props.CreateBy(producer));
        Assert.Equal("1 made by producer", Ask(actor));

        actor.Tell(new TestFailure("restart"));

        Assert.Equal("2 made by producer", Ask(actor));
    }

    [Fact]
    public void A_recipe_is_not_changed_by_what_is_derived_from_it()
    {
        var props = Props.Create(() => new Holder(1, "a", "b"));
        var derived = props.WithDispatcher("other").WithMailbox("another");

        Assert.Equal("akka.actor.default-dispatcher", props.Dispatcher);
        Assert.Equal("other", derived.Dispatcher);
        Assert.Equal("another", derived.Mailbox);
        Assert.Equal(props.Type, derived.Type);
    }

    private static Holder Make() => throw new InvalidOperationException("It is never called.");

    private string Ask(IActorRef actor)
    {
        actor.Tell("what", TestActor);
        return ExpectMsg<string>();
    }

    private sealed class Counter
    {
        public int Times { get; private set; }

        public int Next() => ++Times;
    }

    private sealed class Holder : ReceiveActor
    {
        public Holder(int number, string first, string? second)
        {
            Receive<TestFailure>(failure => throw failure);
            ReceiveAny(_ => Sender.Tell($"{number} {first} {second}"));
        }
    }

    private sealed class CountingProducer : IIndirectActorProducer
    {
        private int _made;

        public Type ActorType => typeof(Holder);

        public ActorBase Produce() => new Holder(++_made, "made", "by producer");

        public void Release(ActorBase actor)
        {
        }
    }
}
