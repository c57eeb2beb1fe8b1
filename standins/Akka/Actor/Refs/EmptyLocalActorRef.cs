using Akka.Dispatch.SysMsg;
using Akka.Event;

namespace Akka.Actor;

/// <summary>A path where no actor lives: what is told it becomes a dead letter, watchers learn that it is gone.</summary>
public class EmptyLocalActorRef : MinimalActorRef
{
    private readonly EventStream _eventStream;

    public EmptyLocalActorRef(IActorRefProvider provider, ActorPath path, EventStream eventStream)
    {
        Provider = provider;
        Path = path;
        _eventStream = eventStream;
    }

    public override ActorPath Path { get; }

    public override IActorRefProvider Provider { get; }

    public override bool IsTerminated => true;

    public override void SendSystemMessage(ISystemMessage message) => SpecialHandle(message, Provider.DeadLetters);

    protected override void TellInternal(object message, IActorRef sender)
    {
        if (message is DeadLetter dead) SpecialHandle(dead.Message, dead.Sender);
        else if (!SpecialHandle(message, sender)) Publish(message, sender);
    }

    /// <summary>Answers what must be answered even where nobody lives; true if nothing is left to report.</summary>
    protected virtual bool SpecialHandle(object message, IActorRef sender)
    {
        switch (message)
        {
            case Watch watch:
                if (watch.Watchee.Equals(this) && !watch.Watcher.Equals(this))
                    watch.Watcher.SendSystemMessage(new DeathWatchNotification(watch.Watchee, existenceConfirmed: false, addressTerminated: false));
                return true;
            case Unwatch:
                return true;
            case Identify identify:
                sender?.Tell(new ActorIdentity(identify.MessageId, null), this);
                return true;
            case ActorSelectionMessage { Message: Identify identify } selection:
                if (!selection.WildCardFanOut) sender?.Tell(new ActorIdentity(identify.MessageId, null), this);
                return true;
            case ActorSelectionMessage selection:
                if (!selection.WildCardFanOut) Publish(selection.Message, sender);
                return true;
            case IDeadLetterSuppression suppressed:
                _eventStream.Publish(new SuppressedDeadLetter(suppressed, sender ?? Provider.DeadLetters, this));
                return true;
            default:
                return false;
        }
    }

    private void Publish(object message, IActorRef sender) =>
        _eventStream.Publish(new DeadLetter(message, sender ?? Provider.DeadLetters, this));
}

/// <summary>Where messages without a receiver end; publishes them to the event stream.</summary>
public sealed class DeadLetterActorRef(IActorRefProvider provider, ActorPath path, EventStream eventStream)
    : EmptyLocalActorRef(provider, path, eventStream)
{
    private readonly EventStream _eventStream = eventStream;

    public override bool IsTerminated => false;

    protected override void TellInternal(object message, IActorRef sender)
    {
        switch (message)
        {
            case DeadLetter dead:
                if (!SpecialHandle(dead.Message, dead.Sender)) _eventStream.Publish(dead);
                break;
            case AllDeadLetters letter:
                _eventStream.Publish(letter);
                break;
            default:
                if (!SpecialHandle(message, sender)) _eventStream.Publish(new DeadLetter(message, sender ?? this, this));
                break;
        }
    }

    protected override bool SpecialHandle(object message, IActorRef sender)
    {
        if (message is not Watch watch) return base.SpecialHandle(message, sender);
        // Left behind in the mailbox of a terminated actor: its watcher must still hear of the end.
        if (!watch.Watchee.Equals(this) && !watch.Watcher.Equals(this))
            watch.Watcher.SendSystemMessage(new DeathWatchNotification(watch.Watchee, existenceConfirmed: false, addressTerminated: false));
        return true;
    }
}

/// <summary>Drops everything without a trace.</summary>
public sealed class IgnoreActorRef(IActorRefProvider provider) : MinimalActorRef
{
    private static readonly ActorPath IgnorePath = new RootActorPath(new Address("akka", "local")) / "ignore";

    public override ActorPath Path => IgnorePath;

    public override IActorRefProvider Provider { get; } = provider;
}
