using Akka.Actor;

namespace ActorInference.ActorEngine.Tests.Asking;

public sealed class PipeToTests : EngineTest
{
    [Fact]
    public void The_result_is_sent()
    {
        Task.FromResult(7).PipeTo(TestActor);

        ExpectMsg(7);
    }

    [Fact]
    public void A_failure_is_sent_as_Status_Failure()
    {
        var cause = new TestFailure("piped");

        Task.FromException<int>(cause).PipeTo(TestActor);

        ExpectMsg<Status.Failure>(failure => Assert.Same(cause, failure.Cause));
    }

    [Fact]
    public void A_cancellation_is_sent_as_Status_Failure()
    {
        Task.FromCanceled<int>(new CancellationToken(canceled: true)).PipeTo(TestActor);

        ExpectMsg<Status.Failure>();
    }

    [Fact]
    public void The_result_and_the_failure_can_be_made_into_other_messages()
    {
        Task.FromResult(7).PipeTo(TestActor, success: number => $"result {number}");
        ExpectMsg("result 7");

        Task.FromException<int>(new TestFailure("piped")).PipeTo(TestActor, failure: cause => $"failed: {cause.Message}");
        ExpectMsg("failed: piped");
    }

    [Fact]
    public void A_task_without_result_sends_what_is_made_for_it()
    {
        Task.CompletedTask.PipeTo(TestActor, success: () => "done");
        ExpectMsg("done");

        Task.FromException(new TestFailure("piped")).PipeTo(TestActor);
        ExpectMsg<Status.Failure>();
    }

    [Fact]
    public void The_sender_is_the_one_given()
    {
        var sender = CreateTestProbe();

        Task.FromResult("hello").PipeTo(TestActor, sender);

        ExpectMsg<string>((_, from) => Assert.Equal(sender.Ref, from));
    }

    [Fact]
    public void An_actor_goes_on_while_the_task_runs()
    {
        var gate = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        var actor = Sys.ActorOf(Props.Create(() => new PipesToItself(gate.Task, TestActor)));

        actor.Tell("start");
        actor.Tell("other");
        ExpectMsg("other");
        gate.SetResult("result");

        ExpectMsg("piped: result");
    }

    [Fact]
    public async Task A_value_task_can_be_piped_too()
    {
        await new ValueTask<int>(7).PipeTo(TestActor);

        ExpectMsg(7);
    }

    private sealed class PipesToItself : ReceiveActor
    {
        public PipesToItself(Task<string> task, IActorRef observer)
        {
            Receive<string>(text => text == "start", _ => task.PipeTo(Self, success: result => new Piped(result)));
            Receive<string>(text => observer.Tell(text));
            Receive<Piped>(piped => observer.Tell($"piped: {piped.Result}"));
        }

        private sealed record Piped(string Result);
    }
}
