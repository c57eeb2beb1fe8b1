using Akka.Actor;

namespace Akka.Event;

/// <summary>Tells those who watch across nodes that a node is lost. The cluster and remoting publish here.</summary>
internal sealed class AddressTerminatedTopic : IExtension
{
    private readonly HashSet<IActorRef> _subscribers = [];

    public static AddressTerminatedTopic Get(ActorSystem system) => (AddressTerminatedTopic)system.RegisterExtension(Provider.Instance);

    public void Subscribe(IActorRef subscriber)
    {
        lock (_subscribers) _subscribers.Add(subscriber);
    }

    public void Unsubscribe(IActorRef subscriber)
    {
        lock (_subscribers) _subscribers.Remove(subscriber);
    }

    public void Publish(AddressTerminated lost)
    {
        IActorRef[] subscribers;
        lock (_subscribers) subscribers = [.. _subscribers];
        foreach (var subscriber in subscribers) subscriber.Tell(lost, ActorRefs.NoSender);
    }

    private sealed class Provider : ExtensionIdProvider<AddressTerminatedTopic>
    {
        public static readonly Provider Instance = new();

        public override AddressTerminatedTopic CreateExtension(ExtendedActorSystem system) => new();
    }
}
