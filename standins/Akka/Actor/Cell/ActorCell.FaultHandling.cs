using Akka.Actor.Internal;
using Akka.Dispatch.SysMsg;
using Akka.Event;

namespace Akka.Actor;

public partial class ActorCell
{
    private IActorRef _failedBy;       // Who brought this actor down: itself or a child. Null while it is well.
    private IActorRef _failingChild;   // Set while a child's failure is judged, since escalating it makes that child the culprit.

    /// <summary>Stops handling messages and asks the parent what to do.</summary>
    internal void HandleInvokeFailure(Exception cause, IReadOnlyList<IActorRef> childrenNotToSuspend)
    {
        if (_failedBy is not null) return;
        try
        {
            SuspendNonRecursive();
            _failedBy = _failingChild ?? Self;
            foreach (var child in GetChildren())
            {
                if (!child.Equals(_failingChild) && childrenNotToSuspend?.Contains(child) != true) child.Suspend();
            }

            Parent.SendSystemMessage(new Failed(Self, cause, Self.Path.Uid));
        }
        catch (Exception e)
        {
            Publish(new Error(e, Self.Path.ToString(), ActorType, $"Emergency stop: exception in failure handling for {cause}"));
            foreach (var child in GetChildren()) Stop(child);
            FinishTerminate();
        }
    }

    private void SuspendNonRecursive() => _dispatcher.Suspend(this);

    private void ResumeNonRecursive() => _dispatcher.Resume(this);

    private void FirstCreate()
    {
        try
        {
            var instance = NewActor();
            _actor = instance;
            instance.AroundPreStart();
            if (System.Settings.DebugLifecycle) Publish(new Debug(Self.Path.ToString(), ActorType, $"Started ({instance})"));
        }
        catch (Exception cause)
        {
            if (_actor is { } unfinished)
            {
                _actor = null;
                ClearActor(unfinished);
            }

            throw new ActorInitializationException(Self, "Exception during creation", cause);
        }
    }

    private void FaultSuspend()
    {
        SuspendNonRecursive();
        foreach (var child in GetChildren()) child.Suspend();
    }

    private void FaultResume(Exception causedByFailure)
    {
        if (_actor is null)
        {
            FaultCreate();
            return;
        }

        var culprit = _failedBy;
        if (causedByFailure is not null) _failedBy = null;
        ResumeNonRecursive();
        // Only the child that failed is told that its failure is forgiven; the others were merely held.
        foreach (var child in GetChildren()) child.Resume(child.Equals(culprit) ? causedByFailure : null);
    }

    private void FaultRecreate(Exception cause)
    {
        if (_actor is null)
        {
            Publish(new Error(Self.Path.ToString(), ActorType, "changing Recreate into Create after " + cause));
            FaultCreate();
            return;
        }

        if (IsTerminating)
        {
            FaultResume(null);   // Keeps the count of suspensions even; the end is on its way.
            return;
        }

        var failed = _actor;
        if (System.Settings.DebugLifecycle) Publish(new Debug(Self.Path.ToString(), ActorType, "restarting"));
        var message = CurrentMessage;
        try
        {
            failed.AroundPreRestart(cause, message);
        }
        catch (Exception e)
        {
            // Nothing better can be done with an instance that is broken anyway: the new one comes all the same.
            Publish(new Error(new PreRestartException(Self, e, cause, message), Self.Path.ToString(), ActorType, e.Message));
        }

        ClearActor(failed);
        if (!WaitForChildren(new SuspendReason.Recreation(cause))) FinishRecreate(cause);
    }

    private void FinishRecreate(Exception cause)
    {
        var survivors = GetChildren().ToList();
        ResumeNonRecursive();
        _failedBy = null;
        try
        {
            var fresh = NewActor();
            _actor = fresh;
            CurrentMessage = null;
            fresh.AroundPostRestart(cause, null);
            if (System.Settings.DebugLifecycle) Publish(new Debug(Self.Path.ToString(), ActorType, $"restarted ({fresh})"));
        }
        catch (Exception e)
        {
            var unfinished = _actor;
            _actor = null;
            if (unfinished is not null && !ActorHasBeenCleared) ClearActor(unfinished);
            HandleInvokeFailure(new PostRestartException(Self, e, cause), survivors);
            return;
        }

        foreach (var child in survivors) child.Restart(cause);
    }

    private void FaultCreate()
    {
        CancelReceiveTimeout();
        ShutDownChildren();
        if (!WaitForChildren(SuspendReason.Creation)) FinishCreate();
    }

    private void FinishCreate()
    {
        ResumeNonRecursive();
        _failedBy = null;
        try
        {
            FirstCreate();
        }
        catch (Exception cause)
        {
            HandleInvokeFailure(cause, null);
        }
    }

    private void TerminateNow()
    {
        SetReceiveTimeout(null);
        UnwatchWatchedActors();
        ShutDownChildren();
        var wasTerminating = IsTerminating;
        if (WaitForChildren(SuspendReason.Termination))
        {
            if (wasTerminating) return;
            SuspendNonRecursive();   // No user message is handled any more.
            _failedBy ??= Self;      // And no failure of the children is judged any more.
            if (System.Settings.DebugLifecycle) Publish(new Debug(Self.Path.ToString(), ActorType, "stopping"));
            return;
        }

        FinishTerminate();
    }

    private void FinishTerminate()
    {
        var actor = _actor;
        try
        {
            actor?.AroundPostStop();
        }
        catch (Exception e)
        {
            Publish(new Error(e, Self.Path.ToString(), ActorType, e.Message));
        }

        ClearActor(actor);   // Before the mailbox closes, since what was stashed goes back there.
        CloseChildren();
        Volatile.Write(ref _isTerminated, true);
        _dispatcher.Detach(this);
        Parent.SendSystemMessage(new DeathWatchNotification(Self, existenceConfirmed: true, addressTerminated: false));
        TellWatchersWeDied();
        UnwatchWatchedActors();
        if (System.Settings.DebugLifecycle) Publish(new Debug(Self.Path.ToString(), ActorType, "stopped"));
        _actor = null;
        _sender = null;
        _heldBack = null;
    }

    private void HandleFailed(Failed failed)
    {
        CurrentMessage = failed;
        _sender = failed.Child;
        if (Volatile.Read(ref _children) is { } children && children.TryGet(failed.Child.Path.Name, out var child)
            && child.Equals(failed.Child))
        {
            _failingChild = child;
            try
            {
                var strategy = Props.SupervisorStrategy ?? _actor.SupervisorStrategyInternal();
                if (!strategy.HandleFailure(this, child, failed.Cause, children.StatsOf(child), children.AllStats))
                    HandleInvokeFailure(failed.Cause, null);
            }
            catch (Exception e)
            {
                HandleInvokeFailure(e, null);
            }
            finally
            {
                _failingChild = null;
            }
        }
        else
        {
            Publish(new Debug(Self.Path.ToString(), ActorType, $"dropping Failed({failed.Cause}) from unknown child {failed.Child}"));
        }

        CurrentMessage = null;
    }

    /// <summary>Most strategies do not look, and a parent of many would list them all at each one's end.</summary>
    private IEnumerable<IInternalActorRef> ChildrenWhenAsked()
    {
        foreach (var child in GetChildren()) yield return child;
    }

    private void HandleChildTerminated(IActorRef child)
    {
        var reason = Volatile.Read(ref _children).Remove(child);
        if (_actor is not null)
        {
            try
            {
                var strategy = Props.SupervisorStrategy ?? _actor.SupervisorStrategyInternal();
                strategy.HandleChildTerminated(this, child, ChildrenWhenAsked());
            }
            catch (Exception e)
            {
                Publish(new Error(e, Self.Path.ToString(), ActorType, "HandleChildTerminated failed"));
                HandleInvokeFailure(e, null);
            }
        }

        switch (reason)
        {
            case SuspendReason.Recreation recreation: FinishRecreate(recreation.Cause); break;
            case not null when reason == SuspendReason.Creation: FinishCreate(); break;
            case not null when reason == SuspendReason.Termination: FinishTerminate(); break;
        }
    }
}
