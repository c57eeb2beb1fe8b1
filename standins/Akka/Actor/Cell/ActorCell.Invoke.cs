using Akka.Actor.Scheduler;
using Akka.Dispatch.SysMsg;
using Akka.Event;

namespace Akka.Actor;

public partial class ActorCell
{
    private List<SystemMessage> _heldBack;   // System messages that the present state does not allow yet.

    internal void Invoke(Envelope envelope)
    {
        var message = envelope.Message;
        CurrentMessage = message;
        CurrentEnvelopeId++;
        _sender = envelope.Sender;
        try
        {
            if (_receiveTimeout is not null) BeforeReceive(message);
            if (message is IAutoReceivedMessage) AutoReceive(message);
            else ReceiveMessage(message);
            CurrentMessage = null;   // Both stay after a failure, for PreRestart.
            _sender = null;
        }
        catch (Exception cause)
        {
            HandleInvokeFailure(cause, null);
        }
        finally
        {
            if (_receiveTimeout is not null) AfterReceive(message);
        }
    }

    /// <summary>Handles a system message, and those held back that its effect has freed.</summary>
    internal void SystemInvoke(SystemMessage message)
    {
        if (ShouldHoldBack(message))
        {
            (_heldBack ??= []).Add(message);
            return;
        }

        SystemInvokeNow(message);
        while (_heldBack is { Count: > 0 } && !IsTerminated)
        {
            var index = _heldBack.FindIndex(held => !ShouldHoldBack(held));
            if (index < 0) return;
            var freed = _heldBack[index];
            _heldBack.RemoveAt(index);
            SystemInvokeNow(freed);
        }
    }

    protected internal virtual void ReceiveMessage(object message)
    {
        if (SystemImpl.LogsReceived && _actor is ILogReceive) LogReceived(message);
        _actor.AroundReceive(_behaviour, message);
    }

    protected virtual void AutoReceive(object message)
    {
        if (System.Settings.DebugAutoReceive)
            Publish(new Debug(Self.Path.ToString(), ActorType, $"received AutoReceiveMessage {message}"));
        switch (message)
        {
            case ITimerMsg timer:
                if (TakeTimerMessage(timer, out var timed)) ReceiveMessage(timed);
                break;
            case Terminated terminated:
                ReceiveTerminated(terminated);
                break;
            case AddressTerminated lost:
                ReceiveAddressTerminated(lost.Address);
                break;
            case Kill:
                throw new ActorKilledException("Kill");
            case PoisonPill:
                Stop();
                break;
            case ActorSelectionMessage selection:
                ReceiveSelection(selection);
                break;
            case Identify identify:
                Sender.Tell(new ActorIdentity(identify.MessageId, Self), Self);
                break;
        }
    }

    private Type ActorType => _actor?.GetType() ?? Props.Type;

    private bool ShouldHoldBack(SystemMessage message) => message switch
    {
        IStashWhenWaitingForChildren => IsWaitingForChildren,
        IStashWhenFailed => !IsWaitingForChildren && Mailbox.IsSuspended,
        _ => false,
    };

    private void SystemInvokeNow(SystemMessage message)
    {
        try
        {
            switch (message)
            {
                case ActorTaskSchedulerMessage piece: piece.Run(); break;
                case Create: FirstCreate(); break;
                case Watch watch: AddWatcher(watch.Watchee, watch.Watcher); break;
                case Unwatch unwatch: RemoveWatcher(unwatch.Watchee, unwatch.Watcher); break;
                case DeathWatchNotification end: WatchedActorTerminated(end); break;
                case Failed failed: HandleFailed(failed); break;
                case Dispatch.SysMsg.Suspend: FaultSuspend(); break;
                case Resume resume: FaultResume(resume.CausedByFailure); break;
                case Recreate recreate: FaultRecreate(recreate.Cause); break;
                case Terminate: TerminateNow(); break;
                case NoMessage: break;
                default: throw new NotSupportedException($"Unknown system message {message.GetType()}.");
            }
        }
        catch (Exception cause)
        {
            HandleInvokeFailure(cause, null);
        }
    }

    private void ReceiveSelection(ActorSelectionMessage selection)
    {
        if (selection.Elements.Length == 0) Invoke(new Envelope(selection.Message, _sender));
        else Akka.Actor.ActorSelection.DeliverSelection(SelfInternal, _sender, selection);
    }

    private void LogReceived(object message) =>
        Publish(new Debug(Self.Path.ToString(), ActorType, $"received handled message {message} from {Sender}"));
}
