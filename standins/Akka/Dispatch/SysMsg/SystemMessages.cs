using Akka.Actor;
using Akka.Event;

namespace Akka.Dispatch.SysMsg;

/// <summary>A message between the engine's parts. Overtakes those of users.</summary>
public interface ISystemMessage : INoSerializationVerificationNeeded;

/// <summary>A system message that can wait in a mailbox. One instance waits in one mailbox at most.</summary>
public abstract class SystemMessage : ISystemMessage
{
    /// <summary>The message that was queued before this one; the mailbox's own.</summary>
    internal SystemMessage Next;
}

/// <summary>Has been sent to mailboxes that are closed already, where nothing may wait.</summary>
internal sealed class NoMessage : SystemMessage
{
    public static readonly NoMessage Instance = new();
}

/// <summary>Make the actor's first instance.</summary>
public sealed class Create : SystemMessage
{
    public override string ToString() => "<Create>";
}

/// <summary>Replace a failed instance by a new one.</summary>
public sealed class Recreate(Exception cause) : SystemMessage, IStashWhenWaitingForChildren
{
    public Exception Cause { get; } = cause;

    public override string ToString() => $"<Recreate>{(Cause is null ? "" : $" Cause: {Cause}")}";
}

public sealed class Suspend : SystemMessage, IStashWhenWaitingForChildren
{
    public override string ToString() => "<Suspend>";
}

public sealed class Resume(Exception causedByFailure) : SystemMessage, IStashWhenWaitingForChildren
{
    public Exception CausedByFailure { get; } = causedByFailure;

    public override string ToString() => $"<Resume>{(CausedByFailure is null ? "" : $" CausedByFailure: {CausedByFailure}")}";
}

public sealed class Terminate : SystemMessage, IPossiblyHarmful, IDeadLetterSuppression
{
    public override string ToString() => "<Terminate>";
}

/// <summary>Tells a parent that a child has failed and waits to be judged.</summary>
public sealed class Failed(IActorRef child, Exception cause, long uid) : SystemMessage, IStashWhenFailed
{
    public IActorRef Child { get; } = child;

    public Exception Cause { get; } = cause;

    /// <summary>Which incarnation failed; the judgement of an earlier one comes too late.</summary>
    public long Uid { get; } = uid;

    public override string ToString() => $"<Failed>: {Child} ({Uid}) {(Cause is null ? "" : $", Cause: {Cause}")}";
}

/// <summary>Not handled while the actor itself waits to be judged.</summary>
public interface IStashWhenFailed;

/// <summary>Not handled while the actor waits for its children to stop.</summary>
public interface IStashWhenWaitingForChildren;

public sealed class Watch(IInternalActorRef watchee, IInternalActorRef watcher) : SystemMessage
{
    public IInternalActorRef Watchee { get; } = watchee;

    public IInternalActorRef Watcher { get; } = watcher;

    public override string ToString() => $"<Watch>: {Watcher} wants to watch {Watchee}";
}

public sealed class Unwatch(IInternalActorRef watchee, IInternalActorRef watcher) : SystemMessage
{
    public IInternalActorRef Watchee { get; } = watchee;

    public IInternalActorRef Watcher { get; } = watcher;

    public override string ToString() => $"<Unwatch>: {Watcher} wants to unwatch {Watchee}";
}

/// <summary>Tells parents and watchers that an actor has ended.</summary>
public sealed class DeathWatchNotification(IActorRef actor, bool existenceConfirmed, bool addressTerminated)
    : SystemMessage, IDeadLetterSuppression
{
    public IActorRef Actor { get; } = actor;

    public bool ExistenceConfirmed { get; } = existenceConfirmed;

    public bool AddressTerminated { get; } = addressTerminated;

    public override string ToString() =>
        $"<DeathWatchNotification>: {Actor}, ExistenceConfirmed={ExistenceConfirmed}, AddressTerminated={AddressTerminated}";
}

/// <summary>Runs the next piece of an actor's asynchronous handler, or reports how the handler ended.</summary>
internal sealed class ActorTaskSchedulerMessage(Action work) : SystemMessage, IDeadLetterSuppression
{
    public void Run() => work();

    public override string ToString() => "<ActorTaskSchedulerMessage>";
}

/// <summary>To a guardian, not a mailbox: stop that child.</summary>
public sealed class StopChild(IActorRef child) : ISystemMessage
{
    public IActorRef Child { get; } = child;

    public override string ToString() => $"<StopChild>: {Child}";
}

/// <summary>To the system guardian: hold the end of /system until I have stopped in answer to <see cref="TerminationHook"/>.</summary>
public sealed class RegisterTerminationHook : ISystemMessage
{
    public static readonly RegisterTerminationHook Instance = new();

    public override string ToString() => "<RegisterTerminationHook>";
}

public sealed class TerminationHook : ISystemMessage
{
    public static readonly TerminationHook Instance = new();

    public override string ToString() => "<TerminationHook>";
}

public sealed class TerminationHookDone : ISystemMessage
{
    public static readonly TerminationHookDone Instance = new();

    public override string ToString() => "<TerminationHookDone>";
}
