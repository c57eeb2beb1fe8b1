using Akka.Actor;
using Akka.Event;

namespace ActorInference.ActorEngine.Tests.Asking;

public sealed class AskTests : EngineTest
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(50);

    [Fact]
    public async Task The_first_answer_completes_the_task()
    {
        var echo = Sys.ActorOf(Props.Create(() => new Answering()));

        Assert.Equal("question", await echo.Ask<string>("question", Deadline));
        Assert.Equal("question", await echo.Ask("question", Deadline));
    }

    [Fact]
    public async Task No_answer_in_time_is_a_timeout()
    {
        var silent = Sys.ActorOf(Props.Create(() => new Silent()));

        await Assert.ThrowsAsync<AskTimeoutException>(() => silent.Ask<string>("question", Soon));
    }

    [Fact]
    public async Task A_cancelled_token_cancels_the_task()
    {
        var silent = Sys.ActorOf(Props.Create(() => new Silent()));
        using var source = new CancellationTokenSource();
        var asking = silent.Ask<string>("question", source.Token);

        await source.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
    }

    [Fact]
    public async Task Status_Failure_faults_the_task_with_its_cause()
    {
        var cause = new TestFailure("answer");
        var failing = Sys.ActorOf(Props.Create(() => new Answering(new Status.Failure(cause))));

        Assert.Same(cause, await Assert.ThrowsAsync<TestFailure>(() => failing.Ask<string>("question", Deadline)));
    }

    [Fact]
    public async Task A_failure_that_is_asked_for_is_an_answer_like_any_other()
    {
        var failing = Sys.ActorOf(Props.Create(() => new Answering(new Status.Failure(new TestFailure("answer")))));

        Assert.IsType<Status.Failure>(await failing.Ask<Status.Failure>("question", Deadline));
    }

    [Fact]
    public async Task An_answer_of_another_type_faults_the_task()
    {
        var echo = Sys.ActorOf(Props.Create(() => new Answering()));

        await Assert.ThrowsAnyAsync<Exception>(() => echo.Ask<int>("question", Deadline));
    }

    [Fact]
    public async Task The_message_can_be_made_from_the_reference_that_waits()
    {
        var answering = Sys.ActorOf(Props.Create(() => new AnswersTo()));

        Assert.Equal("answer", await answering.Ask<string>(waiting => new AnswersTo.Question(waiting), Deadline, CancellationToken.None));
    }

    [Fact]
    public async Task An_answer_that_comes_too_late_is_a_dead_letter()
    {
        Sys.EventStream.Subscribe(TestActor, typeof(DeadLetter));
        var gate = new ManualResetEventSlim();
        var late = Sys.ActorOf(Props.Create(() => new Late(gate)));

        await Assert.ThrowsAsync<AskTimeoutException>(() => late.Ask<string>("question", Soon));
        gate.Set();

        Assert.Equal("late", ExpectMsg<DeadLetter>().Message);
    }

    [Fact]
    public async Task The_waiting_reference_can_be_found_by_its_path()
    {
        var answering = Sys.ActorOf(Props.Create(() => new AnswersByPath()));

        Assert.Equal("found", await answering.Ask<string>("question", Deadline));
    }

    [Fact]
    public async Task A_selection_can_be_asked_too()
    {
        Sys.ActorOf(Props.Create(() => new Answering()), "echo");

        Assert.Equal("question", await Sys.ActorSelection("/user/echo").Ask<string>("question", Deadline));
    }

    [Fact]
    public async Task An_actor_can_ask_and_await_the_answer()
    {
        var echo = Sys.ActorOf(Props.Create(() => new Answering()));
        var asking = Sys.ActorOf(Props.Create(() => new Asks(echo)));

        Assert.Equal("question", await asking.Ask<string>("question", Deadline));
    }

    [Fact]
    public async Task Many_may_ask_at_once()
    {
        var echo = Sys.ActorOf(Props.Create(() => new Answering()));

        var answers = await Task.WhenAll(Enumerable.Range(0, 2_000).Select(i => echo.Ask<int>(i, Deadline)));

        Assert.Equal(Enumerable.Range(0, 2_000), answers);
    }

    private sealed class Answering : ReceiveActor
    {
        public Answering() => ReceiveAny(message => Sender.Tell(message));

        public Answering(object answer) => ReceiveAny(_ => Sender.Tell(answer));
    }

    private sealed class Silent : ReceiveActor
    {
        public Silent() => ReceiveAny(_ => { });
    }

    private sealed class Late : ReceiveActor
    {
        public Late(ManualResetEventSlim gate) => ReceiveAny(_ =>
        {
            gate.Wait(Deadline);
            Sender.Tell("late");
        });
    }

    private sealed class AnswersTo : ReceiveActor
    {
        public AnswersTo() => Receive<Question>(question => question.Asker.Tell("answer"));

        public sealed record Question(IActorRef Asker);
    }

    private sealed class AnswersByPath : ReceiveActor
    {
        public AnswersByPath() => ReceiveAny(_ => Context.ActorSelection(Sender.Path).Tell("found"));
    }

    private sealed class Asks : ReceiveActor
    {
        public Asks(IActorRef other) => ReceiveAsync<string>(async question => Sender.Tell(await other.Ask<string>(question, Deadline)));
    }
}
