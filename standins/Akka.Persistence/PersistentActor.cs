using Akka.Actor;

namespace Akka.Persistence;

/// <summary>A persistent actor whose behaviours answer whether they have handled a message.</summary>
public abstract class PersistentActor : Eventsourced
{
    protected override bool Receive(object message) => ReceiveCommand(message);
}

/// <summary>A persistent actor with one method for commands and one for what recovery brings.</summary>
public abstract class UntypedPersistentActor : Eventsourced
{
    protected static new IUntypedActorContext Context => (IUntypedActorContext)ActorBase.Context;

    protected override bool Receive(object message) => ReceiveCommand(message);

    protected sealed override bool ReceiveRecover(object message) => RecoverCore(message);

    protected sealed override bool ReceiveCommand(object message) => CommandCore(message);

    private protected virtual bool RecoverCore(object message)
    {
        OnRecover(message);
        return true;
    }

    private protected virtual bool CommandCore(object message)
    {
        OnCommand(message);
        return true;
    }

    /// <summary>Takes every snapshot offer, event, and RecoveryCompleted.</summary>
    protected abstract void OnRecover(object message);

    protected abstract void OnCommand(object message);

    protected void Become(UntypedReceive receive) => Context.Become(receive);

    protected void BecomeStacked(UntypedReceive receive) => Context.BecomeStacked(receive);
}
