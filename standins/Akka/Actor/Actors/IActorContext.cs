using Akka.Dispatch;

namespace Akka.Actor;

/// <summary>Watches the end of actors.</summary>
public interface ICanWatch
{
    /// <summary>Asks for <see cref="Terminated"/> when the subject has ended; at once if it has already.</summary>
    IActorRef Watch(IActorRef subject);

    /// <summary>Asks for <paramref name="message"/> in place of <see cref="Terminated"/>.</summary>
    /// <exception cref="InvalidOperationException">It is watched already, with another message.</exception>
    IActorRef WatchWith(IActorRef subject, object message);

    /// <summary>After this returns, no notice of the subject's end arrives any more.</summary>
    IActorRef Unwatch(IActorRef subject);
}

/// <summary>What surrounds a running actor. Not to be used from other threads.</summary>
public interface IActorContext : IActorRefFactory, ICanWatch
{
    IActorRef Self { get; }

    Props Props { get; }

    /// <summary>The sender of the present message; dead letters if it has none.</summary>
    IActorRef Sender { get; }

    ActorSystem System { get; }

    IActorRef Parent { get; }

    MessageDispatcher Dispatcher { get; }

    TimeSpan? ReceiveTimeout { get; }

    void Become(Receive receive);

    void BecomeStacked(Receive receive);

    void UnbecomeStacked();

    /// <summary>The child of that name; Nobody if there is none.</summary>
    IActorRef Child(string name);

    IEnumerable<IActorRef> GetChildren();

    /// <summary>Asks for <see cref="Actor.ReceiveTimeout"/> whenever no message has come for so long; null ends it.</summary>
    void SetReceiveTimeout(TimeSpan? timeout);

    /// <summary>Stops an actor after its present message.</summary>
    void Stop(IActorRef child);
}

public interface IUntypedActorContext : IActorContext
{
    void Become(UntypedReceive receive);

    void BecomeStacked(UntypedReceive receive);
}
