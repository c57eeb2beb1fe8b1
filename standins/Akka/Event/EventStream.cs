using System.Collections.Concurrent;
using Akka.Actor;

namespace Akka.Event;

/// <summary>Publishes events to those who subscribed to their type, or to a base or interface of it.</summary>
public class EventStream : LoggingBus
{
    private readonly Lock _gate = new();
    private readonly Dictionary<Type, List<IActorRef>> _subscriptions = [];
    private readonly ConcurrentDictionary<Type, IActorRef[]> _byEventType = new();
    private readonly bool _debug;
    private IActorRef _unsubscriber;

    public EventStream(bool debug)
    {
        _debug = debug;
    }

    /// <summary>False if it was subscribed already.</summary>
    public override bool Subscribe(IActorRef subscriber, Type channel)
    {
        ArgumentNullException.ThrowIfNull(subscriber);
        ArgumentNullException.ThrowIfNull(channel);
        if (_debug) Publish(new Debug(SimpleName(this), GetType(), $"subscribing {subscriber} to channel {channel}"));
        lock (_gate)
        {
            if (!_subscriptions.TryGetValue(channel, out var subscribers)) _subscriptions[channel] = subscribers = [];
            if (subscribers.Contains(subscriber)) return false;
            subscribers.Add(subscriber);
            _byEventType.Clear();
        }

        Volatile.Read(ref _unsubscriber)?.Tell(new EventStreamUnsubscriber.Register(subscriber), ActorRefs.NoSender);
        return true;
    }

    public override bool Unsubscribe(IActorRef subscriber, Type channel)
    {
        ArgumentNullException.ThrowIfNull(subscriber);
        if (_debug) Publish(new Debug(SimpleName(this), GetType(), $"unsubscribing {subscriber} from channel {channel}"));
        lock (_gate)
        {
            if (!_subscriptions.TryGetValue(channel, out var subscribers) || !subscribers.Remove(subscriber)) return false;
            if (subscribers.Count == 0) _subscriptions.Remove(channel);
            _byEventType.Clear();
            if (_subscriptions.Values.Any(others => others.Contains(subscriber))) return true;
        }

        Volatile.Read(ref _unsubscriber)?.Tell(new EventStreamUnsubscriber.UnregisterIfNoMoreSubscribed(subscriber), ActorRefs.NoSender);
        return true;
    }

    public override bool Unsubscribe(IActorRef subscriber)
    {
        ArgumentNullException.ThrowIfNull(subscriber);
        List<Type> channels;
        lock (_gate) channels = [.. _subscriptions.Where(pair => pair.Value.Contains(subscriber)).Select(pair => pair.Key)];
        foreach (var channel in channels) Unsubscribe(subscriber, channel);
        return channels.Count > 0;
    }

    public override void Publish(object @event)
    {
        ArgumentNullException.ThrowIfNull(@event);
        var type = @event.GetType();
        var subscribers = _byEventType.TryGetValue(type, out var known) ? known : Find(type);
        foreach (var subscriber in subscribers) subscriber.Tell(@event, ActorRefs.NoSender);
    }

    internal bool HasSubscriptions(IActorRef subscriber)
    {
        lock (_gate) return _subscriptions.Values.Any(subscribers => subscribers.Contains(subscriber));
    }

    internal void StartUnsubscriber(ExtendedActorSystem system)
    {
        var unsubscriber = system.SystemActorOf(Props.Create(() => new EventStreamUnsubscriber(this)), "eventStreamUnsubscriber");
        Volatile.Write(ref _unsubscriber, unsubscriber);
        List<IActorRef> known;
        lock (_gate) known = [.. _subscriptions.Values.SelectMany(subscribers => subscribers).Distinct()];
        foreach (var subscriber in known) unsubscriber.Tell(new EventStreamUnsubscriber.Register(subscriber), ActorRefs.NoSender);
    }

    private IActorRef[] Find(Type type)
    {
        lock (_gate)
        {
            // Under the lock, so that a change of subscriptions cannot slip between the search and its caching.
            var found = _subscriptions.Where(pair => pair.Key.IsAssignableFrom(type)).SelectMany(pair => pair.Value).Distinct().ToArray();
            _byEventType[type] = found;
            return found;
        }
    }
}

public static class EventStreamExtensions
{
    public static bool Subscribe<TChannel>(this EventStream eventStream, IActorRef subscriber) => eventStream.Subscribe(subscriber, typeof(TChannel));

    public static bool Unsubscribe<TChannel>(this EventStream eventStream, IActorRef subscriber) => eventStream.Unsubscribe(subscriber, typeof(TChannel));
}

/// <summary>Takes ended actors out of the event stream.</summary>
internal sealed class EventStreamUnsubscriber : ReceiveActor
{
    public EventStreamUnsubscriber(EventStream eventStream)
    {
        Receive<Register>(register => Context.Watch(register.Actor));
        Receive<UnregisterIfNoMoreSubscribed>(message =>
        {
            if (!eventStream.HasSubscriptions(message.Actor)) Context.Unwatch(message.Actor);
        });
        Receive<Terminated>(terminated => eventStream.Unsubscribe(terminated.ActorRef));
    }

    internal sealed record Register(IActorRef Actor);

    internal sealed record UnregisterIfNoMoreSubscribed(IActorRef Actor);
}
