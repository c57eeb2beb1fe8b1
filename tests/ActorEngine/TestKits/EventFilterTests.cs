using System.Text.RegularExpressions;
using Akka.Actor;
using Akka.Event;
using Akka.TestKit.TestActors;
using Xunit.Sdk;

namespace ActorInference.ActorEngine.Tests.TestKits;

public sealed class EventFilterTests() : EngineTest("akka { loglevel = DEBUG, stdout-loglevel = OFF, log-dead-letters = off }")
{
    /// <summary>For events that do not come.</summary>
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(500);

    [Fact]
    public async Task Expected_events_are_counted_by_level_text_and_source()
    {
        EventFilter.Error().ExpectOne(() => Log.Error("broken"));
        EventFilter.Warning("exactly this").ExpectOne(() => Log.Warning("exactly this"));
        EventFilter.Info(start: "worker").ExpectOne(() => Log.Info("worker {0} joined", 7));
        EventFilter.Debug(contains: "7").Expect(2, () =>
        {
            Log.Debug("a 7");
            Log.Debug("a 77");
            Log.Debug("an 8");
        });
        EventFilter.Info(new Regex("^w.*r$")).ExpectOne(() => Log.Info("worker"));
        EventFilter.Custom(logEvent => logEvent is Warning && Equals(logEvent.Message.ToString(), "odd")).ExpectOne(() => Log.Warning("odd"));
        await EventFilter.Error("late").ExpectOneAsync(async () =>
        {
            await Task.Yield();
            Log.Error("late");
        });
    }

    [Fact]
    public void Expected_exceptions_are_known_by_type_and_message()
    {
        var failing = Sys.ActorOf(Props.Create(() => new Failing()), "failing");

        EventFilter.Exception<InvalidOperationException>().ExpectOne(() => failing.Tell(new InvalidOperationException("a")));
        EventFilter.Exception<InvalidOperationException>("b").ExpectOne(() => failing.Tell(new InvalidOperationException("b")));
        EventFilter.Exception<ArgumentException>(contains: "bad").ExpectOne(() => failing.Tell(new ArgumentOutOfRangeException("x", "bad number")));
        EventFilter.Exception<InvalidOperationException>(source: failing.Path.ToString()).ExpectOne(() => failing.Tell(new InvalidOperationException("c")));
    }

    [Fact]
    public void Too_few_and_too_many_events_fail()
    {
        Assert.ThrowsAny<XunitException>(() => EventFilter.Error("x").ExpectOne(Short, () => Log.Error("y")));
        Assert.ThrowsAny<XunitException>(() => EventFilter.Error("x").ExpectOne(Short, () => Log.Warning("x")));
        Assert.ThrowsAny<XunitException>(() => EventFilter.Error().Expect(1, () =>
        {
            Log.Error("a");
            Log.Error("b");
            UntilLogged();
        }));
        Assert.ThrowsAny<XunitException>(() => EventFilter.Error().Expect(0, Short, () =>
        {
            Log.Error("a");
            UntilLogged();
        }));
        EventFilter.Error().Expect(0, Short, () => Log.Warning("no error"));
    }

    [Fact]
    public void Dead_letters_can_be_expected()
    {
        var actor = Sys.ActorOf(BlackHoleActor.Props);
        Watch(actor);
        Sys.Stop(actor);
        ExpectTerminated(actor);

        EventFilter.DeadLetter<string>().ExpectOne(() => actor.Tell("too late"));
        EventFilter.DeadLetter<int>(number => number == 2).ExpectOne(() =>
        {
            actor.Tell(1);
            actor.Tell(2);
        });
    }

    [Fact]
    public void Filters_add_up()
    {
        EventFilter.Error("a").And.Warning("b").Expect(2, () =>
        {
            Log.Error("a");
            Log.Warning("b");
            Log.Error("c");
        });
    }

    [Fact]
    public void The_result_of_the_code_comes_back() =>
        Assert.Equal(5, EventFilter.Warning("w").ExpectOne(() =>
        {
            Log.Warning("w");
            return 5;
        }));

    [Fact]
    public void Muting_ends_when_it_is_undone()
    {
        var muted = EventFilter.Error().Mute();
        Log.Error("silent");
        muted.Unmute();

        EventFilter.Error("heard").ExpectOne(() => Log.Error("heard"));
        EventFilter.Error().Mute(() => Log.Error("silent again"));
    }

    /// <summary>Events reach filters in their order: one that is seen comes after all that were logged before.</summary>
    private void UntilLogged() => EventFilter.Info("all before is logged").ExpectOne(() => Log.Info("all before is logged"));

    private sealed class Failing : ReceiveActor
    {
        public Failing() => Receive<Exception>(error => throw error);
    }
}
