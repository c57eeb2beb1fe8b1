using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.TestActors;

namespace ActorInference.ActorEngine.Tests.TestKits;

public sealed class TestProbeTests : EngineTest
{
    [Fact]
    public void A_probe_stands_wherever_a_reference_may()
    {
        var probe = CreateTestProbe("observer");
        IActorRef reference = probe;

        reference.Tell("hello");
        probe.ExpectMsg("hello");

        Assert.Equal("observer", reference.Path.Name);
        Assert.True(reference.Equals(probe.Ref));
        Assert.True(probe.Ref.Equals(reference));
        Assert.Equal(probe.Ref.GetHashCode(), reference.GetHashCode());
        Assert.Contains(reference, new HashSet<IActorRef> { probe.Ref });
    }

    [Fact]
    public void A_probe_sends_answers_and_passes_on()
    {
        var (first, second) = (CreateTestProbe(), CreateTestProbe());

        first.Send(second.Ref, "question");
        second.ExpectMsg("question");
        Assert.Equal(first.Ref, second.Sender);

        second.Reply("answer");
        first.ExpectMsg("answer");
        Assert.Equal(second.Ref, first.Sender);

        first.Forward(TestActor);
        ExpectMsg("answer");
        Assert.Equal(second.Ref, LastSender);
    }

    [Fact]
    public void A_probe_watches_and_can_be_watched()
    {
        var probe = CreateTestProbe();
        var actor = Sys.ActorOf(BlackHoleActor.Props);
        probe.Watch(actor);
        Watch(probe);

        Sys.Stop(actor);
        probe.ExpectTerminated(actor);
        Sys.Stop(probe.Ref);
        ExpectTerminated(probe);
    }

    [Fact]
    public void A_probe_is_not_the_sender_of_what_the_test_tells()
    {
        var probe = CreateTestProbe();
        var echo = Sys.ActorOf(SimpleEchoActor.Props());

        echo.Tell("hello");

        ExpectMsg("hello");
        probe.ExpectNoMsg(TimeSpan.FromMilliseconds(50));
    }

    [Fact]
    public void An_auto_pilot_answers_until_it_changes_or_ends()
    {
        var probe = CreateTestProbe();
        var left = 2;
        probe.SetAutoPilot(new DelegateAutoPilot((sender, message) =>
        {
            sender.Tell($"auto {message}");
            return --left > 0 ? AutoPilot.KeepRunning : AutoPilot.NoAutoPilot;
        }));

        for (var i = 1; i <= 3; i++) probe.Ref.Tell(i);

        ExpectMsg("auto 1");
        ExpectMsg("auto 2");
        ExpectNoMsg(TimeSpan.FromMilliseconds(50));
        Assert.Equal([1, 2, 3], probe.ReceiveN(3));
    }

    [Fact]
    public void Actors_can_be_children_of_the_test_actor()
    {
        var child = ChildActorOf(Props.Create(() => new SimpleEchoActor()), "child");

        Assert.Equal(TestActor.Path / "child", child.Path);
        child.Tell("hello");
        ExpectMsg("hello");
    }

    [Fact]
    public void Ready_made_actors_echo_forward_and_swallow()
    {
        var echo = Sys.ActorOf(EchoActor.Props(this));
        echo.Tell("twice");
        ExpectMsg("twice");
        ExpectMsg("twice");

        var forward = Sys.ActorOf(ForwardActor.Props(TestActor));
        var probe = CreateTestProbe();
        probe.Send(forward, "onward");
        ExpectMsgFrom(probe.Ref, "onward");

        Sys.ActorOf(BlackHoleActor.Props).Tell("gone");
        ExpectNoMsg(TimeSpan.FromMilliseconds(50));
    }
}
