using Akka.Actor;
using Akka.Event;

namespace ActorInference.ActorEngine.Tests.Logging;

public sealed class LoggingTests() : EngineTest("akka.loglevel = INFO")
{
    [Fact]
    public void A_line_says_who_wrote_it_and_has_its_arguments_put_in()
    {
        Sys.EventStream.Subscribe(TestActor, typeof(Info));
        var actor = Sys.ActorOf(Props.Create(() => new Logs()), "writer");

        actor.Tell("hello");

        var line = FishForMessage<Info>(info => info.LogSource.Contains("writer", StringComparison.Ordinal));
        Assert.Equal("got hello, 1", line.Message.ToString());
        Assert.Contains("/user/writer", line.LogSource, StringComparison.Ordinal);
    }

    [Fact]
    public void An_error_carries_its_cause()
    {
        Sys.EventStream.Subscribe(TestActor, typeof(Error));
        var cause = new TestFailure("cause");

        Sys.Log.Error(cause, "it failed with {0}", cause.Message);

        ExpectMsg<Error>(error =>
        {
            Assert.Same(cause, error.Cause);
            Assert.Equal("it failed with cause", error.Message.ToString());
        });
    }

    [Fact]
    public void A_line_below_the_level_is_not_written()
    {
        Sys.EventStream.Subscribe(TestActor, typeof(Debug));

        Sys.Log.Debug("nobody wants to know");

        Assert.False(Sys.Log.IsDebugEnabled);
        Assert.True(Sys.Log.IsInfoEnabled);
        ExpectNoMsg(TimeSpan.FromMilliseconds(30));
    }

    [Fact]
    public void A_text_without_arguments_may_hold_braces()
    {
        Sys.EventStream.Subscribe(TestActor, typeof(Warning));

        Sys.Log.Warning("{not a placeholder}");

        ExpectMsg<Warning>(warning => Assert.Equal("{not a placeholder}", warning.Message.ToString()));
    }

    [Fact]
    public void A_failure_is_logged_with_the_actors_path()
    {
        Sys.EventStream.Subscribe(TestActor, typeof(Error));
        var actor = Sys.ActorOf(Props.Create(() => new LifecycleActor(ActorRefs.Nobody)), "failing");

        actor.Tell(new LifecycleActor.Fail(new TestFailure("boom")));

        var error = ExpectMsg<Error>();
        Assert.Contains("/user/failing", error.LogSource, StringComparison.Ordinal);
        Assert.IsType<TestFailure>(error.Cause);
    }

    private sealed class Logs : ReceiveActor
    {
        private readonly ILoggingAdapter _log = Context.GetLogger();

        public Logs() => Receive<string>(text => _log.Info("got {0}, {1}", text, 1));
    }
}
