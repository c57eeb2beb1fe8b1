using Akka.Actor.Internal;
using Akka.Event;

namespace Akka.Actor;

/// <summary>A behaviour: handles a message, or returns false to leave it unhandled.</summary>
public delegate bool Receive(object message);

/// <summary>A behaviour that handles every message.</summary>
public delegate void UntypedReceive(object message);

/// <summary>What an actor is made of: a behaviour, hooks on its life, and the context that it runs in.</summary>
public abstract class ActorBase : IInternalActor
{
    private IActorRef _clearedSelf;
    private SupervisorStrategy _supervision;   // Asked for once an instance, at its first child's failure.

    /// <exception cref="ActorInitializationException">It was made with <c>new</c> instead of by an actor system.</exception>
    protected ActorBase()
    {
        if (InternalCurrentActorCellKeeper.Current is null)
            throw new ActorInitializationException("Do not create actors using 'new', always create them using an ActorContext/System");
    }

    IActorContext IInternalActor.ActorContext => Context;

    /// <summary>The actor's own context. Only on the thread that runs it: in its constructor, handlers and hooks.</summary>
    /// <exception cref="NotSupportedException">No actor runs on this thread.</exception>
    protected static IActorContext Context
    {
        get
        {
            var context = InternalCurrentActorCellKeeper.Current;
            if (context is null) ThrowNoContext();
            return context.ActorHasBeenCleared ? null : context;
        }
    }

    protected IActorRef Sender => Context.Sender;

    protected IActorRef Self => _clearedSelf ?? Context.Self;

    /// <summary>Calls the behaviour; a subclass may put something around it.</summary>
    protected internal virtual bool AroundReceive(Receive receive, object message)
    {
        var wasHandled = receive(message);
        if (!wasHandled) Unhandled(message);
        return wasHandled;
    }

    public virtual void AroundPreRestart(Exception cause, object message) => PreRestart(cause, message);

    public virtual void AroundPreStart() => PreStart();

    public virtual void AroundPostRestart(Exception cause, object message) => PostRestart(cause);

    public virtual void AroundPostStop() => PostStop();

    internal bool Handle(object message) => Receive(message);

    internal SupervisorStrategy SupervisorStrategyInternal() => _supervision ??= SupervisorStrategy();

    /// <summary>The instance has ended: what it still says of itself no longer needs a context.</summary>
    internal void Clear(IActorRef self) => _clearedSelf = self;

    protected abstract bool Receive(object message);

    /// <summary>Publishes the message as unhandled; an unhandled <see cref="Terminated"/> ends this actor too.</summary>
    protected virtual void Unhandled(object message)
    {
        if (message is Terminated terminated) throw new DeathPactException(terminated.ActorRef);
        Context.System.EventStream.Publish(new UnhandledMessage(message, Sender, Self));
    }

    protected void Become(Receive receive) => Context.Become(receive);

    protected void BecomeStacked(Receive receive) => Context.BecomeStacked(receive);

    protected void UnbecomeStacked() => Context.UnbecomeStacked();

    protected void SetReceiveTimeout(TimeSpan? timeout) => Context.SetReceiveTimeout(timeout);

    /// <summary>Before the first message of a first instance, and by default of every later one.</summary>
    protected virtual void PreStart()
    {
    }

    /// <summary>After the last message of the last instance, when all children have stopped.</summary>
    protected virtual void PostStop()
    {
    }

    /// <summary>On the failed instance. By default stops all children and calls <see cref="PostStop"/>.</summary>
    protected virtual void PreRestart(Exception reason, object message)
    {
        foreach (var child in Context.GetChildren())
        {
            Context.Unwatch(child);
            Context.Stop(child);
        }

        PostStop();
    }

    /// <summary>On the new instance. By default calls <see cref="PreStart"/>.</summary>
    protected virtual void PostRestart(Exception reason) => PreStart();

    protected virtual SupervisorStrategy SupervisorStrategy() => Akka.Actor.SupervisorStrategy.DefaultStrategy;

    private static void ThrowNoContext() => throw new NotSupportedException(
        "There is no active ActorContext, this is most likely due to use of async operations from within this actor.");
}

/// <summary>Gives the engine's neighbours, such as a test kit, an actor's context.</summary>
public interface IInternalActor
{
    IActorContext ActorContext { get; }
}
