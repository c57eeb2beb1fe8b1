using System.Threading.Channels;
using Akka.Actor;
using Akka.Actor.Internal;
using Akka.Event;

namespace Akka.TestKit;

/// <summary>What can be said to a test actor besides the messages that it collects.</summary>
public static class TestActor
{
    /// <summary>Whether a message is to be dropped.</summary>
    public delegate bool Ignore(object message);

    public static AutoPilot NoAutoPilot => AutoPilot.NoAutoPilot;

    public static AutoPilot KeepRunning => AutoPilot.KeepRunning;

    public static NullMessageEnvelope NullMessage => NullMessageEnvelope.Instance;

    /// <summary>Null to ignore nothing.</summary>
    public class SetIgnore(Ignore ignore) : INoSerializationVerificationNeeded
    {
        public Ignore Ignore { get; } = ignore;
    }

    /// <summary>Answered with <see cref="Done"/>.</summary>
    public class Watch(IActorRef actorToWatch) : INoSerializationVerificationNeeded
    {
        public IActorRef Actor { get; } = actorToWatch;
    }

    /// <summary>Answered with <see cref="Done"/>.</summary>
    public class Unwatch(IActorRef actorToUnwatch) : INoSerializationVerificationNeeded
    {
        public IActorRef Actor { get; } = actorToUnwatch;
    }

    public class SetAutoPilot(AutoPilot autoPilot) : INoSerializationVerificationNeeded
    {
        public AutoPilot AutoPilot { get; } = autoPilot;
    }

    /// <summary>Starts a child of the test actor; answered with its reference.</summary>
    /// <param name="strategy">How its failures are judged; null for the default.</param>
    internal sealed class Spawn(Props props, string name, SupervisorStrategy strategy) : INoSerializationVerificationNeeded
    {
        public Props Props { get; } = props;

        public string Name { get; } = name;

        public SupervisorStrategy Strategy { get; } = strategy;
    }
}

/// <summary>Collects what it is sent, for the test to look at.</summary>
internal sealed class InternalTestActor(ChannelWriter<MessageEnvelope> received) : ActorBase
{
    private readonly PerChildStrategy _supervision = new();
    private TestActor.Ignore _ignore;
    private AutoPilot _pilot = AutoPilot.NoAutoPilot;

    protected override SupervisorStrategy SupervisorStrategy() => _supervision;

    protected override bool Receive(object message)
    {
        switch (message)
        {
            case TestActor.SetIgnore set:
                _ignore = set.Ignore;
                return true;
            case TestActor.SetAutoPilot set:
                _pilot = set.AutoPilot ?? AutoPilot.NoAutoPilot;
                return true;
            case TestActor.Watch watch:
                Context.Watch(watch.Actor);
                Sender.Tell(Done.Instance);
                return true;
            case TestActor.Unwatch unwatch:
                Context.Unwatch(unwatch.Actor);
                Sender.Tell(Done.Instance);
                return true;
            case TestActor.Spawn spawn:
                Sender.Tell(Start(spawn));
                return true;
            default:
                Collect(message);
                return true;
        }
    }

    protected override void PostStop()
    {
        var self = Self;
        received.TryComplete();
        Context.System.EventStream.Publish(new Debug(self.Path.ToString(), GetType(), "The test actor has stopped"));
    }

    private IActorRef Start(TestActor.Spawn spawn)
    {
        var child = Context.ActorOf(spawn.Props, spawn.Name);
        if (spawn.Strategy is not null) _supervision.Set(child, spawn.Strategy);
        return child;
    }

    private void Collect(object message)
    {
        var sender = InternalCurrentActorCellKeeper.Current.SenderOrNull;
        if (_pilot != AutoPilot.NoAutoPilot)
        {
            var next = _pilot.Run(Sender, message);
            if (next is not KeepRunning) _pilot = next ?? AutoPilot.NoAutoPilot;
        }

        if (_ignore?.Invoke(message) != true) received.TryWrite(new RealMessageEnvelope(message, sender));
    }
}
