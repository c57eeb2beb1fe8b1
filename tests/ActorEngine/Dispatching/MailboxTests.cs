using Akka.Actor;
using Akka.Configuration;
using Akka.Dispatch;
using Akka.Event;

namespace ActorInference.ActorEngine.Tests.Dispatching;

public sealed class MailboxTests() : EngineTest(
    """
    room-for-three {
      mailbox-type = "Akka.Dispatch.BoundedMailbox, Akka"
      mailbox-capacity = 3
      mailbox-push-timeout-time = 0s
    }

    priority.mailbox-type = "ActorInference.ActorEngine.Tests.Dispatching.SmallestFirst, ActorInference.ActorEngine.Tests"
    stable-priority.mailbox-type = "ActorInference.ActorEngine.Tests.Dispatching.SmallestFirstStable, ActorInference.ActorEngine.Tests"
    akka.actor.deployment."/deployed".mailbox = priority
    """)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    [Fact]
    public void What_exceeds_a_bounded_mailbox_becomes_a_dead_letter()
    {
        Sys.EventStream.Subscribe(TestActor, typeof(DeadLetter));
        using var gate = new ManualResetEventSlim();
        var actor = StartHeld(gate, Props.Create(() => new Holds(TestActor, gate)).WithMailbox("room-for-three"));

        for (var i = 1; i <= 5; i++) actor.Tell(i, ActorRefs.NoSender);

        Assert.Equal(4, ExpectMsg<DeadLetter>().Message);
        Assert.Equal(5, ExpectMsg<DeadLetter>().Message);
        gate.Set();
        for (var i = 1; i <= 3; i++) ExpectMsg(i);
    }

    [Fact]
    public void A_priority_mailbox_gives_the_smallest_number_first()
    {
        using var gate = new ManualResetEventSlim();
        var actor = StartHeld(gate, Props.Create(() => new Holds(TestActor, gate)).WithMailbox("priority"));

        foreach (var i in new[] { 5, 1, 4, 2, 3 }) actor.Tell(i, ActorRefs.NoSender);
        gate.Set();

        for (var i = 1; i <= 5; i++) ExpectMsg(i);
    }

    [Fact]
    public void A_deployment_can_name_the_mailbox()
    {
        using var gate = new ManualResetEventSlim();
        var actor = StartHeld(gate, Props.Create(() => new Holds(TestActor, gate)), "deployed");

        foreach (var i in new[] { 3, 1, 2 }) actor.Tell(i, ActorRefs.NoSender);
        gate.Set();

        for (var i = 1; i <= 3; i++) ExpectMsg(i);
    }

    [Fact]
    public void A_stable_priority_mailbox_keeps_the_order_of_equals()
    {
        using var gate = new ManualResetEventSlim();
        var actor = StartHeld(gate, Props.Create(() => new Holds(TestActor, gate)).WithMailbox("stable-priority"));

        for (var i = 0; i < 30; i++) actor.Tell($"{i % 3}:{i:00}", ActorRefs.NoSender);
        gate.Set();

        var received = Enumerable.Range(0, 30).Select(_ => ExpectMsg<string>()).ToList();
        Assert.Equal(received.Order(StringComparer.Ordinal), received);
    }

    [Fact]
    public void A_mailbox_that_is_not_configured_is_refused()
    {
        Assert.Throws<ConfigurationException>(() => Sys.ActorOf(Props.Create(() => new Holds(TestActor, null!)).WithMailbox("no-such-mailbox")));
    }

    private IActorRef StartHeld(ManualResetEventSlim gate, Props props, string? name = null)
    {
        Assert.False(gate.IsSet);
        var actor = Sys.ActorOf(props, name);
        actor.Tell("hold", ActorRefs.NoSender);
        ExpectMsg("held");
        return actor;
    }

    private sealed class Holds : ReceiveActor
    {
        public Holds(IActorRef observer, ManualResetEventSlim gate)
        {
            Receive<string>(text => text == "hold", _ =>
            {
                observer.Tell("held");
                gate.Wait(Deadline);
            });
            ReceiveAny(message => observer.Tell(message));
        }
    }
}

public sealed class SmallestFirst(Settings settings, Config config) : UnboundedPriorityMailbox(settings, config)
{
    protected override int PriorityGenerator(object message) => message is int number ? number : 0;
}

public sealed class SmallestFirstStable(Settings settings, Config config) : UnboundedStablePriorityMailbox(settings, config)
{
    protected override int PriorityGenerator(object message) => message is string text && char.IsAsciiDigit(text[0]) ? text[0] - '0' : 0;
}
