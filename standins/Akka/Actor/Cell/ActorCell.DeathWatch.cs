using Akka.Dispatch.SysMsg;
using Akka.Event;

namespace Akka.Actor;

public partial class ActorCell
{
    private DeathWatchState _watch;   // Null until this actor watches or is watched.

    public IActorRef Watch(IActorRef subject) => Watch(subject, null);

    public IActorRef WatchWith(IActorRef subject, object message)
    {
        ArgumentNullException.ThrowIfNull(message);
        return Watch(subject, message);
    }

    public IActorRef Unwatch(IActorRef subject)
    {
        var actor = (IInternalActorRef)subject;
        if (actor.Equals(Self) || _watch is null) return subject;
        if (_watch.Watching.ContainsKey(actor))
        {
            actor.SendSystemMessage(new Unwatch(actor, SelfInternal));
            StopFollowingAddress(() => _watch.Watching.Remove(actor), actor);
        }

        _watch.Ended.Remove(actor);   // Its notice may be in the mailbox already, and must not arrive.
        return subject;
    }

    internal bool IsWatching(IActorRef actor) => _watch is not null && _watch.Watching.ContainsKey(actor);

    /// <summary>A notice was stashed and comes back through the mailbox.</summary>
    internal void ExpectAgain(Terminated terminated) => (_watch ??= new DeathWatchState()).Ended[terminated.ActorRef] = null;

    private IActorRef Watch(IActorRef subject, object message)
    {
        var actor = (IInternalActorRef)subject;
        if (actor.Equals(Self)) return subject;
        var watching = (_watch ??= new DeathWatchState()).Watching;
        if (watching.TryGetValue(actor, out var previous))
        {
            if (!Equals(previous, message))
            {
                throw new InvalidOperationException(
                    $"Watch({subject}, {message ?? "Terminated"}) would replace the notice [{previous ?? "Terminated"}] asked for before; unwatch it first.");
            }

            return subject;
        }

        FollowAddress(() => watching.Add(actor, message), actor);
        actor.SendSystemMessage(new Watch(actor, SelfInternal));
        return subject;
    }

    private void AddWatcher(IInternalActorRef watchee, IInternalActorRef watcher)
    {
        if (watchee.Equals(Self) && !watcher.Equals(Self))
        {
            var state = _watch ??= new DeathWatchState();
            FollowAddress(() => state.WatchedBy.Add(watcher), watcher);
            if (System.Settings.DebugLifecycle) Publish(new Debug(Self.Path.ToString(), ActorType, $"now watched by {watcher}"));
        }
        else if (!watchee.Equals(Self) && watcher.Equals(Self))
        {
            Watch(watchee);
        }
        else
        {
            Publish(new Warning(Self.Path.ToString(), ActorType, $"BUG: illegal Watch({watchee},{watcher}) for {Self}"));
        }
    }

    private void RemoveWatcher(IInternalActorRef watchee, IInternalActorRef watcher)
    {
        if (watchee.Equals(Self) && !watcher.Equals(Self))
        {
            if (_watch is not null) StopFollowingAddress(() => _watch.WatchedBy.Remove(watcher), watcher);
            if (System.Settings.DebugLifecycle) Publish(new Debug(Self.Path.ToString(), ActorType, $"no longer watched by {watcher}"));
        }
        else if (!watchee.Equals(Self) && watcher.Equals(Self))
        {
            Unwatch(watchee);
        }
        else
        {
            Publish(new Warning(Self.Path.ToString(), ActorType, $"BUG: illegal Unwatch({watchee},{watcher}) for {Self}"));
        }
    }

    /// <summary>An actor has ended that is watched, or a child, or both.</summary>
    private void WatchedActorTerminated(DeathWatchNotification end)
    {
        var actor = end.Actor;
        if (_watch is not null && _watch.Watching.TryGetValue(actor, out var message))
        {
            StopFollowingAddress(() => _watch.Watching.Remove(actor), actor);
            if (!IsTerminating)
            {
                // Through the mailbox: what the actor sent before its end is handled before the notice of it.
                _watch.Ended[actor] = message;
                Self.Tell(new Terminated(actor, end.ExistenceConfirmed, end.AddressTerminated), actor);
            }
        }

        if (Volatile.Read(ref _children) is { } children && children.Contains(actor)) HandleChildTerminated(actor);
    }

    private void ReceiveTerminated(Terminated terminated)
    {
        if (_watch is null || !_watch.Ended.Remove(terminated.ActorRef, out var message)) return;
        ReceiveMessage(message ?? terminated);
    }

    private void ReceiveAddressTerminated(Address address)
    {
        if (_watch is null) return;
        foreach (var watcher in _watch.WatchedBy.Where(watcher => watcher.Path.Address.Equals(address)).ToList())
            StopFollowingAddress(() => _watch.WatchedBy.Remove(watcher), watcher);
        foreach (var watched in _watch.Watching.Keys.Where(watched => watched.Path.Address.Equals(address)).ToList())
        {
            var existed = Volatile.Read(ref _children)?.Contains(watched) ?? false;
            SelfInternal.SendSystemMessage(new DeathWatchNotification(watched, existed, addressTerminated: true));
        }
    }

    private void TellWatchersWeDied()
    {
        if (_watch is null) return;
        // Remote ones first: a local one may be about to take the connection down.
        foreach (var watcher in _watch.WatchedBy.OrderBy(IsLocalRef))
        {
            if (!watcher.Equals(Parent))
                ((IInternalActorRef)watcher).SendSystemMessage(new DeathWatchNotification(Self, existenceConfirmed: true, addressTerminated: false));
        }

        StopFollowingAddress(_watch.WatchedBy.Clear, null);
    }

    private void UnwatchWatchedActors()
    {
        if (_watch is null) return;
        foreach (var watched in _watch.Watching.Keys.Cast<IInternalActorRef>())
            watched.SendSystemMessage(new Unwatch(watched, SelfInternal));
        StopFollowingAddress(_watch.Watching.Clear, null);
        _watch.Ended.Clear();
    }

    private static bool IsLocalRef(IActorRef actor) => ((IInternalActorRef)actor).IsLocal;

    /// <summary>As long as this actor watches, or is watched from, another node, it hears of that node's end.</summary>
    private void FollowAddress(Action change, IActorRef about)
    {
        if (IsLocalRef(about))
        {
            change();
            return;
        }

        var had = _watch.InvolvesOtherNodes;
        change();
        if (!had) AddressTerminatedTopic.Get(System).Subscribe(Self);
    }

    private void StopFollowingAddress(Action change, IActorRef about)
    {
        if (about is not null && IsLocalRef(about))
        {
            change();
            return;
        }

        var had = _watch.InvolvesOtherNodes;
        change();
        if (had && !_watch.InvolvesOtherNodes) AddressTerminatedTopic.Get(System).Unsubscribe(Self);
    }

    private sealed class DeathWatchState
    {
        /// <summary>Whom this actor watches, and the message it wants; null for the plain notice.</summary>
        public readonly Dictionary<IActorRef, object> Watching = [];

        /// <summary>Those whose notice is in the mailbox.</summary>
        public readonly Dictionary<IActorRef, object> Ended = [];

        public readonly HashSet<IActorRef> WatchedBy = [];

        public bool InvolvesOtherNodes => !Watching.Keys.All(IsLocalRef) || !WatchedBy.All(IsLocalRef);
    }
}
