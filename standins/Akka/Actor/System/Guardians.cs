using Akka.Dispatch;
using Akka.Dispatch.SysMsg;
using Akka.Event;

namespace Akka.Actor.Internal;

/// <summary>/user: keeps its children through a restart of its own.</summary>
internal sealed class GuardianActor : ActorBase, IRequiresMessageQueue<IUnboundedMessageQueueSemantics>
{
    protected override bool Receive(object message)
    {
        switch (message)
        {
            case Terminated:
                Context.Stop(Self);
                break;
            case StopChild stop:
                Context.Stop(stop.Child);
                break;
            default:
                Context.System.DeadLetters.Tell(new DeadLetter(message, Sender, Self), Sender);
                break;
        }

        return true;
    }

    protected override void PreStart()
    {
    }

    protected override void PreRestart(Exception reason, object message)
    {
    }
}

/// <summary>/system: outlives /user, and waits for those who asked to do something first.</summary>
internal sealed class SystemGuardianActor : ActorBase, IRequiresMessageQueue<IUnboundedMessageQueueSemantics>
{
    private readonly IActorRef _userGuardian;
    private readonly HashSet<IActorRef> _hooks = [];

    public SystemGuardianActor(IActorRef userGuardian)
    {
        _userGuardian = userGuardian;
    }

    protected override void PreStart() => Context.Watch(_userGuardian);

    protected override void PreRestart(Exception reason, object message)
    {
    }

    protected override bool Receive(object message)
    {
        switch (message)
        {
            case Terminated terminated when terminated.ActorRef.Equals(_userGuardian):
                Context.Become(Terminating);
                foreach (var hook in _hooks) hook.Tell(TerminationHook.Instance);
                StopIfDone();
                return true;
            case Terminated terminated:
                _hooks.Remove(terminated.ActorRef);
                return true;
            case StopChild stop:
                Context.Stop(stop.Child);
                return true;
            case RegisterTerminationHook when !ReferenceEquals(Sender, Context.System.DeadLetters):
                _hooks.Add(Sender);
                Context.Watch(Sender);
                return true;
            default:
                Context.System.DeadLetters.Tell(new DeadLetter(message, Sender, Self), Sender);
                return true;
        }
    }

    private bool Terminating(object message)
    {
        switch (message)
        {
            case Terminated terminated:
                Done(terminated.ActorRef);
                return true;
            case TerminationHookDone:
                Done(Sender);
                return true;
            default:
                Context.System.DeadLetters.Tell(new DeadLetter(message, Sender, Self), Sender);
                return true;
        }
    }

    private void Done(IActorRef hook)
    {
        _hooks.Remove(hook);
        StopIfDone();
    }

    private void StopIfDone()
    {
        if (_hooks.Count > 0) return;
        Context.System.EventStream.StopDefaultLoggers(Context.System);
        Context.Stop(Self);
    }
}

/// <summary>The top of the tree: ends when /system has.</summary>
internal sealed class RootGuardianActor : ActorBase, IRequiresMessageQueue<IUnboundedMessageQueueSemantics>
{
    protected override bool Receive(object message)
    {
        switch (message)
        {
            case WatchSystem watch:
                Context.Watch(watch.SystemGuardian);
                return true;
            case Terminated:
                Context.Stop(Self);
                return true;
            default:
                return false;
        }
    }

    protected override void PreRestart(Exception reason, object message)
    {
    }

    internal sealed record WatchSystem(IActorRef SystemGuardian) : INoSerializationVerificationNeeded;
}
