using Akka.Actor;
using Akka.TestKit.TestActors;
using Akka.TestKit.Xunit2;
using Xunit.Sdk;

namespace ActorInference.ActorEngine.Tests.TestKits;

public sealed class ExpectationTests : EngineTest
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(50);

    [Fact]
    public void The_next_message_is_what_is_expected()
    {
        TestActor.Tell("one");
        TestActor.Tell(2);
        TestActor.Tell(new[] { 3, 4 });

        Assert.Equal("one", ExpectMsg<string>());
        Assert.Equal(2, ExpectMsg(2));
        ExpectMsg(new[] { 3, 4 });
        Assert.False(HasMessages);
    }

    [Fact]
    public void A_message_of_another_type_or_value_fails_the_expectation()
    {
        foreach (var message in new object[] { "a", "a", "a", 1 }) TestActor.Tell(message);

        Assert.ThrowsAny<XunitException>(() => ExpectMsg<int>());
        Assert.ThrowsAny<Exception>(() => ExpectMsg("b"));
        Assert.ThrowsAny<XunitException>(() => ExpectMsg<string>(text => text == "b"));
        Assert.ThrowsAny<XunitException>(() => ExpectMsgFrom<int>(Sys.DeadLetters));
    }

    [Fact]
    public void No_message_in_time_fails_the_expectation()
    {
        Assert.ThrowsAny<XunitException>(() => ExpectMsg<string>(Short));
        Assert.ThrowsAny<XunitException>(() => ExpectMsg("x", Short));
        Assert.ThrowsAny<XunitException>(() => ReceiveN(1, Short));
        Assert.ThrowsAny<XunitException>(() => FishForMessage<string>(_ => true, Short));
    }

    [Fact]
    public void A_message_fails_the_expectation_of_none()
    {
        ExpectNoMsg(Short);
        ExpectNoMsg(10);
        ExpectNoMsg(TimeSpan.Zero);

        TestActor.Tell("a");

        Assert.ThrowsAny<XunitException>(() => ExpectNoMsg(Short));
    }

    [Fact]
    public void Conditions_and_assertions_look_at_the_message_and_its_sender()
    {
        var probe = CreateTestProbe();
        for (var i = 0; i < 5; i++) TestActor.Tell("hello", probe.Ref);

        ExpectMsg<string>(text => Assert.Equal("hello", text));
        ExpectMsg<string>((text, sender) => text == "hello" && sender.Equals(probe.Ref));
        ExpectMsg<string>((_, sender) => Assert.Equal(probe.Ref, sender));
        ExpectMsgFrom(probe.Ref, "hello");
        ExpectMsg("HELLO", (expected, actual) => expected.Equals(actual, StringComparison.OrdinalIgnoreCase));
        Assert.Equal(probe.Ref, LastSender);
        Assert.Equal("hello", LastMessage);
    }

    [Fact]
    public void Several_messages_are_expected_in_any_order()
    {
        foreach (var message in new[] { "c", "a", "b" }) TestActor.Tell(message);
        ExpectMsgAllOf("a", "b", "c");

        TestActor.Tell("b");
        Assert.Equal("b", ExpectMsgAnyOf(["a", "b"]));

        TestActor.Tell("a");
        TestActor.Tell("x");
        Assert.ThrowsAny<XunitException>(() => ExpectMsgAllOf(TimeSpan.FromSeconds(1), "a", "b"));
    }

    [Fact]
    public void Messages_are_received_one_by_one_or_together()
    {
        Assert.Null(ReceiveOne(TimeSpan.Zero));
        Assert.Null(ReceiveOne(Short));
        foreach (var message in Enumerable.Range(1, 4)) TestActor.Tell(message);

        Assert.Equal(1, PeekOne());
        Assert.Equal(1, ReceiveOne());
        Assert.Equal([2, 3, 4], ReceiveN(3));
    }

    [Fact]
    public void Receiving_ends_before_the_first_message_that_does_not_fit()
    {
        foreach (var message in new object[] { "a", "b", 3, "d" }) TestActor.Tell(message);

        Assert.Equal(["a", "b"], ReceiveWhile(TimeSpan.FromSeconds(3), message => message as string));
        ExpectMsg(3);
        Assert.Equal(["d"], ReceiveWhile<string>(_ => true, Short));
    }

    [Fact]
    public void Fishing_drops_what_does_not_fit()
    {
        foreach (var message in new object[] { 1, "no", 2, "yes", "next" }) TestActor.Tell(message);

        Assert.Equal("yes", FishForMessage<string>(text => text == "yes"));
        ExpectMsg("next");
    }

    [Fact]
    public async Task Asynchronous_expectations_say_the_same()
    {
        foreach (var message in new object[] { "one", 2, "three", "four", "five", "six" }) TestActor.Tell(message);

        Assert.Equal("one", await ExpectMsgAsync<string>());
        Assert.Equal(2, await ExpectMsgAsync(2));
        await ExpectMsgAsync<string>(text => text.StartsWith('t'));
        Assert.Equal("four", await ReceiveOneAsync());
        Assert.Equal("six", await FishForMessageAsync<string>(text => text == "six"));
        await ExpectNoMsgAsync(Short);
        await Assert.ThrowsAnyAsync<XunitException>(async () => await ExpectMsgAsync<string>(Short));
        foreach (var message in new[] { 1, 2 }) TestActor.Tell(message);
        var received = new List<object>();
        await foreach (var message in ReceiveNAsync(2)) received.Add(message);
        Assert.Equal([1, 2], received);
    }

    [Fact]
    public async Task Fishing_and_silence_have_asynchronous_forms()
    {
        foreach (var message in new object[] { 1, 2, "x", 3, 4 }) TestActor.Tell(message);

        await FishUntilMessageAsync<string>();
        var rest = await WaitForRadioSilenceAsync(Short);

        Assert.Equal([3, 4], rest.Cast<int>());
    }

    [Fact]
    public void The_end_of_a_watched_actor_is_expected()
    {
        var actor = Sys.ActorOf(BlackHoleActor.Props, "doomed");
        Watch(actor);

        Sys.Stop(actor);

        ExpectTerminated(actor);
    }

    [Fact]
    public void An_actor_that_is_no_longer_watched_ends_unnoticed()
    {
        var probe = CreateTestProbe();
        var actor = Sys.ActorOf(BlackHoleActor.Props);
        Watch(actor);
        probe.Watch(actor);

        Unwatch(actor);
        Sys.Stop(actor);

        probe.ExpectTerminated(actor);
        ExpectNoMsg(Short);
    }

    [Fact]
    public void Ignored_messages_do_not_count()
    {
        IgnoreMessages<int>();
        foreach (var message in new object[] { 1, "a", 2 }) TestActor.Tell(message);
        ExpectMsg("a");
        ExpectNoMsg(Short);

        IgnoreMessages<string>(text => text == "noise");
        foreach (var message in new object[] { "noise", "b" }) TestActor.Tell(message);
        ExpectMsg("b");

        IgnoreNoMessages();
        TestActor.Tell("noise");
        ExpectMsg("noise");
    }

    [Fact]
    public async Task The_test_actor_is_the_sender_of_what_the_test_tells()
    {
        var echo = Sys.ActorOf(SimpleEchoActor.Props());

        echo.Tell("before");
        await ExpectMsgAsync("before");
        await Task.Yield();
        echo.Tell("after an await");
        await ExpectMsgAsync("after an await");
        await Task.Run(() => Task.CompletedTask);
        echo.Tell("after a thread change");
        await ExpectMsgAsync("after a thread change");
    }

    [Fact]
    public void Two_kits_can_share_a_system()
    {
        using var other = new TestKit(Sys);

        Assert.Same(Sys, other.Sys);
        Assert.NotEqual(TestActor, other.TestActor);
        other.TestActor.Tell("for the other");
        other.ExpectMsg("for the other");
        ExpectNoMsg(Short);
    }
}
