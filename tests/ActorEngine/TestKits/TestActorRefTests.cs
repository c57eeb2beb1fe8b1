using Akka.Actor;

namespace ActorInference.ActorEngine.Tests.TestKits;

public sealed class TestActorRefTests : EngineTest
{
    [Fact]
    public void The_instance_can_be_looked_into()
    {
        var counter = ActorOfAsTestActorRef<Counter>("counter");

        counter.Tell(2);
        counter.Tell(3);

        Assert.Equal(5, counter.UnderlyingActor.Sum);
        Assert.Equal("counter", counter.Path.Name);
    }

    [Fact]
    public void It_answers_like_any_actor()
    {
        var counter = ActorOfAsTestActorRef(() => new Counter());

        counter.Tell(2);
        counter.Tell("sum", TestActor);

        ExpectMsg(2);
    }

    [Fact]
    public void What_it_throws_when_called_directly_comes_to_the_test()
    {
        var counter = ActorOfAsTestActorRef<Counter>();

        Assert.Throws<InvalidOperationException>(() => counter.Receive(new InvalidOperationException("bad")));
        counter.Receive(7);

        Assert.Equal(7, counter.UnderlyingActor.Sum);
    }

    private sealed class Counter : ReceiveActor
    {
        public Counter()
        {
            Receive<int>(number => Sum += number);
            Receive<string>(_ => Sender.Tell(Sum));
            Receive<Exception>(error => throw error);
        }

        public int Sum { get; private set; }
    }
}
