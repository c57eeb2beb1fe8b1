using Akka.Actor;

namespace ActorInference.ActorEngine.Tests.Messaging;

public sealed class AsyncHandlerTests : EngineTest
{
    [Fact]
    public void No_message_is_handled_while_an_asynchronous_handler_waits()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var actor = Sys.ActorOf(Props.Create(() => new Waiter(gate, TestActor)));

        actor.Tell("wait");
        actor.Tell("next");

        ExpectMsg("waiting");
        ExpectNoMsg(TimeSpan.FromMilliseconds(100));
        gate.SetResult();
        ExpectMsg("waited");
        ExpectMsg("next");
    }

    [Fact]
    public void Self_and_sender_are_the_same_after_an_await()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var actor = Sys.ActorOf(Props.Create(() => new Introspective(gate.Task)));

        actor.Tell("who", TestActor);
        actor.Tell("other", Sys.DeadLetters);
        gate.SetResult();

        var (self, sender) = ExpectMsg<(IActorRef, IActorRef)>();
        Assert.Equal(actor, self);
        Assert.Equal(TestActor, sender);
    }

    [Fact]
    public void Steps_of_an_asynchronous_handler_never_run_beside_one_another()
    {
        const int Count = 200;
        var actor = Sys.ActorOf(Props.Create(() => new Overlap()));

        for (var i = 0; i < Count; i++) actor.Tell(i);
        actor.Tell("report");

        ExpectMsg($"{Count} handled, no overlap", TimeSpan.FromSeconds(60));
    }

    [Fact]
    public void A_failure_after_an_await_goes_to_the_supervisor()
    {
        var actor = Sys.ActorOf(Props.Create(() => new FailsLater(TestActor)));

        actor.Tell("fail");
        actor.Tell("after");

        var (reason, message) = ExpectMsg<(string, object)>();
        Assert.Equal("after an await", reason);
        Assert.Equal("fail", message);
        ExpectMsg("after");
    }

    [Fact]
    public void A_handler_that_never_awaits_anything_unfinished_is_handled_in_turn()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Immediate()));

        for (var i = 0; i < 100; i++) actor.Tell(i);

        for (var i = 0; i < 100; i++) ExpectMsg(i);
    }

    private sealed class Waiter : ReceiveActor
    {
        public Waiter(TaskCompletionSource gate, IActorRef observer)
        {
            ReceiveAsync<string>(text => text == "wait", async _ =>
            {
                observer.Tell("waiting");
                await gate.Task;
                observer.Tell("waited");
            });
            Receive<string>(text => observer.Tell(text));
        }
    }

    private sealed class Introspective : ReceiveActor
    {
        public Introspective(Task gate)
        {
            ReceiveAsync<string>(text => text == "who", async _ =>
            {
                await gate;
                await Task.Yield();
                Sender.Tell((Self, Sender));
            });
            ReceiveAny(_ => { });
        }
    }

    private sealed class Overlap : ReceiveActor
    {
        private int _running;
        private int _handled;
        private bool _overlapped;

        public Overlap()
        {
            ReceiveAsync<int>(async _ =>
            {
                _overlapped |= Interlocked.Increment(ref _running) > 1;
                await Task.Yield();
                await Task.Run(() => { });
                Interlocked.Decrement(ref _running);
                _handled++;
            });
            Receive<string>(_ => Sender.Tell($"{_handled} handled, {(_overlapped ? "overlap" : "no overlap")}"));
        }
    }

    private sealed class FailsLater : ReceiveActor
    {
        private readonly IActorRef _observer;

        public FailsLater(IActorRef observer)
        {
            _observer = observer;
            ReceiveAsync<string>(text => text == "fail", async _ =>
            {
                await Task.Yield();
                throw new TestFailure("after an await");
            });
            Receive<string>(text => observer.Tell(text));
        }

        protected override void PreRestart(Exception reason, object message)
        {
            _observer.Tell((reason.Message, message));
            base.PreRestart(reason, message);
        }
    }

    private sealed class Immediate : ReceiveActor
    {
        public Immediate() => ReceiveAsync<int>(async number =>
        {
            await Task.CompletedTask;
            Sender.Tell(number);
        });
    }
}
