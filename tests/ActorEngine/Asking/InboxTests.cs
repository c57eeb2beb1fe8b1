using Akka.Actor;

namespace ActorInference.ActorEngine.Tests.Asking;

public sealed class InboxTests : EngineTest
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    [Fact]
    public void It_sends_and_receives_in_order()
    {
        using var inbox = Inbox.Create(Sys);
        var echo = Sys.ActorOf(Props.Create(() => new Echo()));

        inbox.Send(echo, "one");
        inbox.Send(echo, "two");

        Assert.Equal("one", inbox.Receive(Deadline));
        Assert.Equal("two", inbox.Receive(Deadline));
    }

    [Fact]
    public void It_watches()
    {
        using var inbox = Inbox.Create(Sys);
        var echo = Sys.ActorOf(Props.Create(() => new Echo()));
        inbox.Watch(echo);

        echo.Tell(PoisonPill.Instance);

        Assert.Equal(echo, Assert.IsType<Terminated>(inbox.Receive(Deadline)).ActorRef);
    }

    [Fact]
    public void It_gives_up_after_its_time()
    {
        using var inbox = Inbox.Create(Sys);

        Assert.Throws<TimeoutException>(() => inbox.Receive(TimeSpan.FromMilliseconds(50)));
    }

    private sealed class Echo : ReceiveActor
    {
        public Echo() => ReceiveAny(message => Sender.Tell(message));
    }
}
