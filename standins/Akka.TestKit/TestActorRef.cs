using Akka.Actor;
using Akka.Actor.Internal;
using Akka.Dispatch.SysMsg;
using Akka.Util;

namespace Akka.TestKit;

/// <summary>An actor that runs on the thread that tells it something, and whose instance a test can look into.</summary>
public class TestActorRef<TActor>(ActorSystem system, Props actorProps, IActorRef supervisor = null, string name = null)
    : TestActorRefBase<TActor>(system, actorProps, supervisor, name)
    where TActor : ActorBase;

public abstract class TestActorRefBase<TActor> : IInternalActorRef
    where TActor : ActorBase
{
    private readonly LocalActorRef _actor;

    protected TestActorRefBase(ActorSystem system, Props actorProps, IActorRef supervisor = null, string name = null)
    {
        var props = actorProps.WithDispatcher(CallingThreadDispatcher.Id);
        var parent = (LocalActorRef)(supervisor ?? ((ExtendedActorSystem)system).Guardian);
        _actor = (LocalActorRef)parent.Cell.AttachChild(props, false, name);
    }

    public IActorRef Ref => _actor;

    /// <summary>The instance that is running now.</summary>
    /// <exception cref="InvalidOperationException">It has not started, or has stopped.</exception>
    public TActor UnderlyingActor => (TActor)_actor.Cell.Actor ?? throw new InvalidOperationException($"{_actor} has no running instance.");

    public ActorPath Path => _actor.Path;

    bool IActorRefScope.IsLocal => true;

    IInternalActorRef IInternalActorRef.Parent => _actor.Parent;

    IActorRefProvider IInternalActorRef.Provider => _actor.Provider;

    bool IInternalActorRef.IsTerminated => _actor.IsTerminated;

    /// <summary>Has the instance handle a message now. What it throws comes to the caller, and not to its supervisor.</summary>
    public void Receive(object message, IActorRef sender = null)
    {
        var (cell, outer) = (_actor.Cell, InternalCurrentActorCellKeeper.Current);
        InternalCurrentActorCellKeeper.Current = cell;
        try
        {
            cell.RunWithin(message, sender, () => cell.ReceiveMessage(message));
        }
        finally
        {
            InternalCurrentActorCellKeeper.Current = outer;
        }
    }

    public void Tell(object message, IActorRef sender) => _actor.Tell(message, sender);

    public void Tell(object message) => ((IActorRef)_actor).Tell(message);

    public void Forward(object message) => ((IActorRef)_actor).Forward(message);

    public void Watch(IActorRef subject) => _actor.Cell.Watch(subject);

    public void Unwatch(IActorRef subject) => _actor.Cell.Unwatch(subject);

    public override string ToString() => _actor.ToString();

    public override bool Equals(object obj) => _actor.Equals(obj);

    public override int GetHashCode() => _actor.GetHashCode();

    public bool Equals(IActorRef other) => _actor.Equals(other);

    public int CompareTo(object obj) => ((IComparable)_actor).CompareTo(obj);

    int IComparable<IActorRef>.CompareTo(IActorRef other) => _actor.CompareTo(other);

    ISurrogate ISurrogated.ToSurrogate(ActorSystem system) => _actor.ToSurrogate(system);

    IActorRef IInternalActorRef.GetChild(IReadOnlyList<string> name) => _actor.GetChild(name);

    void IInternalActorRef.Start() => _actor.Start();

    void IInternalActorRef.Stop() => _actor.Stop();

    void IInternalActorRef.Suspend() => _actor.Suspend();

    void IInternalActorRef.Resume(Exception causedByFailure) => _actor.Resume(causedByFailure);

    void IInternalActorRef.Restart(Exception cause) => _actor.Restart(cause);

    void IInternalActorRef.SendSystemMessage(ISystemMessage message) => _actor.SendSystemMessage(message);
}
