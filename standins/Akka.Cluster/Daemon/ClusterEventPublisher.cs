using System.Collections.Immutable;
using Akka.Actor;
using Akka.Dispatch;
using static Akka.Cluster.ClusterProtocol;

namespace Akka.Cluster;

/// <summary>Tells subscribers what has changed, and keeps what <see cref="Cluster.State"/> shows.</summary>
internal sealed class ClusterEventPublisher : UntypedActor, IRequiresMessageQueue<IUnboundedMessageQueueSemantics>
{
    private readonly Dictionary<IActorRef, ImmutableHashSet<Type>> _subscribers = [];
    private readonly Cluster _cluster;
    private readonly MembershipState _empty;
    private MembershipState _state;

    public ClusterEventPublisher(Cluster cluster)
    {
        _cluster = cluster;
        _state = _empty = new MembershipState(Gossip.Empty, cluster.SelfUniqueAddress);
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case PublishChanges changes:
                PublishChangesTo(changes.State);
                break;
            case Subscribe subscribe:
                Add(subscribe);
                break;
            case Unsubscribe unsubscribe:
                Remove(unsubscribe.Subscriber, unsubscribe.To);
                break;
            case SendCurrentClusterState send:
                send.Receiver.Tell(ClusterEvent.CurrentClusterState.Of(_state));
                break;
            case Terminated terminated:
                _subscribers.Remove(terminated.ActorRef);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    protected override void PreRestart(Exception reason, object message) => PostStop();

    protected override void PostStop()
    {
        Publish(ClusterEvent.ClusterShuttingDown.Instance);
        PublishChangesTo(_empty);
    }

    private void PublishChangesTo(MembershipState state)
    {
        var before = _state;
        _state = state;
        _cluster.Show(state);
        foreach (var @event in ClusterEventDiff.Between(before, state)) Publish(@event);
        Publish(new ClusterEvent.StateChanged(state));
    }

    private void Publish(object @event)
    {
        foreach (var (subscriber, types) in _subscribers)
        {
            if (types.Any(type => type.IsInstanceOfType(@event))) subscriber.Tell(@event, ActorRefs.NoSender);
        }
    }

    private void Add(Subscribe subscribe)
    {
        if (_subscribers.TryGetValue(subscribe.Subscriber, out var types)) _subscribers[subscribe.Subscriber] = types.Union(subscribe.To);
        else _subscribers[Context.Watch(subscribe.Subscriber)] = subscribe.To;

        if (subscribe.Mode == ClusterEvent.SubscriptionInitialStateMode.InitialStateAsSnapshot)
        {
            subscribe.Subscriber.Tell(ClusterEvent.CurrentClusterState.Of(_state), ActorRefs.NoSender);
            return;
        }

        foreach (var @event in ClusterEventDiff.Between(_empty, _state).Append((object)new ClusterEvent.StateChanged(_state)))
        {
            if (subscribe.To.Any(type => type.IsInstanceOfType(@event))) subscribe.Subscriber.Tell(@event, ActorRefs.NoSender);
        }
    }

    private void Remove(IActorRef subscriber, Type to)
    {
        if (!_subscribers.TryGetValue(subscriber, out var types)) return;
        var left = to is null ? [] : types.Remove(to);
        if (!left.IsEmpty)
        {
            _subscribers[subscriber] = left;
            return;
        }

        _subscribers.Remove(subscriber);
        Context.Unwatch(subscriber);
    }
}
