using Akka.Actor;

namespace Akka.Persistence;

/// <summary>The phases of a persistent actor and how messages are treated in each.</summary>
public abstract partial class Eventsourced
{
    private ICancelable? _recoveryTimer;
    private bool _eventSeen;

    private sealed record RecoveryTick(bool Snapshot);

    public override void AroundPreStart()
    {
        if (string.IsNullOrWhiteSpace(PersistenceId))
            throw new ArgumentException($"PersistenceId of {GetType().Name} is empty; it must be a name of its own for every persistent actor.");
        _ = Journal;
        _ = SnapshotStore;
        var config = _extension.JournalConfigFor(JournalPluginId);
        _maxMessageBatchSize = config.GetInt("max-message-batch-size");
        _recoveryEventTimeout = config.GetTimeSpan("recovery-event-timeout");
        _extension.RecoveryPermitter.Tell(RecoveryPermitter.RequestPermit.Instance, Self);
        base.AroundPreStart();
    }

    public override void AroundPreRestart(Exception cause, object message)
    {
        // Journal answers are for this incarnation only; whatever command caused the failure is not repeated.
        _internalStash.UnstashAll();
        ReturnPermit();
        base.AroundPreRestart(cause, message is IJournalResponse ? null! : message);
    }

    public override void AroundPostRestart(Exception cause, object message)
    {
        AroundPreStart();
        base.AroundPostRestart(cause, message);
    }

    public override void AroundPostStop()
    {
        _recoveryTimer?.Cancel();
        ReturnPermit();
        _internalStash.UnstashAll();
        base.AroundPostStop();
    }

    protected internal override bool AroundReceive(Receive receive, object message)
    {
        switch (_phase)
        {
            case Phase.WaitingForPermit: WhileWaitingForPermit(message); break;
            case Phase.LoadingSnapshot: WhileLoadingSnapshot(message); break;
            case Phase.Replaying: WhileReplaying(message); break;
            case Phase.Processing: WhileProcessing(message); break;
            default: WhilePersisting(message); break;
        }

        return true;
    }

    private TimeSpan _recoveryEventTimeout;

    private void WhileWaitingForPermit(object message)
    {
        if (message is not RecoveryPermitter.PermitGranted)
        {
            _internalStash.Stash();
            return;
        }

        _phase = Phase.LoadingSnapshot;
        StartRecoveryTimer(snapshot: true);
        LoadSnapshot(PersistenceId, Recovery.FromSnapshot, Recovery.ToSequenceNr);
    }

    private void WhileLoadingSnapshot(object message)
    {
        switch (message)
        {
            case LoadSnapshotResult result:
                OfferSnapshot(result);
                break;
            case LoadSnapshotFailed failed:
                FailRecovery(failed.Cause, null);
                break;
            case RecoveryTick { Snapshot: true }:
                FailRecovery(new RecoveryTimedOutException($"No snapshot answer for {PersistenceId} within {_recoveryEventTimeout.TotalSeconds} s."), null);
                break;
            case RecoveryTick:
                break;
            default:
                _internalStash.Stash();
                break;
        }
    }

    private void OfferSnapshot(LoadSnapshotResult result)
    {
        if (result.Snapshot is { } selected)
        {
            LastSequenceNr = _sequenceNr = selected.Metadata.SequenceNr;
            var offer = new SnapshotOffer(selected.Metadata, selected.Snapshot);
            if (!Recover(offer)) return;
        }

        _phase = Phase.Replaying;
        StartRecoveryTimer(snapshot: false);
        Journal.Tell(new ReplayMessages(LastSequenceNr + 1, result.ToSequenceNr, Recovery.ReplayMax, PersistenceId, Self));
    }

    private void WhileReplaying(object message)
    {
        switch (message)
        {
            case ReplayedMessage replayed:
                _eventSeen = true;
                LastSequenceNr = Math.Max(LastSequenceNr, replayed.Persistent.SequenceNr);
                Recover(replayed.Persistent.Payload);
                break;
            case RecoverySuccess success:
                FinishRecovery(success.HighestSequenceNr);
                break;
            case ReplayMessagesFailure failure:
                FailRecovery(failure.Cause, null);
                break;
            case RecoveryTick { Snapshot: false } when !_eventSeen:
                FailRecovery(new RecoveryTimedOutException($"No event of {PersistenceId} within {_recoveryEventTimeout.TotalSeconds} s."), null);
                break;
            case RecoveryTick:
                _eventSeen = false;
                break;
            default:
                _internalStash.Stash();
                break;
        }
    }

    /// <summary>Gives a message to ReceiveRecover. False if that threw, in which case the actor is stopping.</summary>
    private bool Recover(object message)
    {
        try
        {
            if (!base.AroundReceive(ReceiveRecover, message)) Unhandled(message);
            return true;
        }
        catch (Exception error)
        {
            FailRecovery(error, message);
            return false;
        }
    }

    private void FinishRecovery(long highestSequenceNr)
    {
        _recoveryTimer?.Cancel();
        LastSequenceNr = Math.Max(LastSequenceNr, highestSequenceNr);
        _sequenceNr = LastSequenceNr;
        _phase = Phase.Processing;
        ReturnPermit();
        OnReplaySuccess();
        // Not every actor cares; an unhandled RecoveryCompleted is no news. Events persisted here go out like a command's.
        base.AroundReceive(ReceiveRecover, RecoveryCompleted.Instance);
        CommandDone();
        _internalStash.UnstashAll();
    }

    private void FailRecovery(Exception cause, object? message)
    {
        _recoveryTimer?.Cancel();
        try
        {
            OnRecoveryFailure(cause, message);
        }
        finally
        {
            Context.Stop(Self);
        }

        ReturnPermit();
    }

    private void WhileProcessing(object message)
    {
        if (HandleJournalAnswer(message) || message is RecoveryTick) return;
        base.AroundReceive(ReceiveCommandOrUnhandled, message);
        if (!_asyncTaskRunning) CommandDone();
    }

    private bool ReceiveCommandOrUnhandled(object message)
    {
        if (!ReceiveCommand(message)) Unhandled(message);
        return true;
    }

    private void WhilePersisting(object message)
    {
        if (HandleJournalAnswer(message) || message is RecoveryTick) return;
        _internalStash.Stash();
    }

    /// <summary>After a handler: its events go to the journal, and commands wait if it asked for that.</summary>
    private void CommandDone()
    {
        FlushEventBatch();
        if (_pendingStashing > 0) _phase = Phase.Persisting;
    }

    private void FlushEventBatch()
    {
        if (_eventBatch.Count == 0) return;
        foreach (var envelope in _eventBatch)
        {
            _journalBatch.Add(envelope);
            if (_journalBatch.Count >= _maxMessageBatchSize) FlushJournalBatch();
        }

        _eventBatch.Clear();
        FlushJournalBatch();
    }

    private void FlushJournalBatch()
    {
        if (_writeInProgress || _journalBatch.Count == 0) return;
        Journal.Tell(new WriteMessages(_journalBatch.ToArray(), Self, _instanceId));
        _journalBatch.Clear();
        _writeInProgress = true;
    }

    /// <returns>Whether the message was one from the journal; those of an earlier incarnation are dropped.</returns>
    private bool HandleJournalAnswer(object message)
    {
        switch (message)
        {
            case WriteMessagesSuccessful:
                _writeInProgress = false;
                FlushJournalBatch();
                return true;
            case WriteMessagesFailed:
                _writeInProgress = false;   // The failures of the single events follow and stop the actor.
                return true;
            case WriteMessageSuccess success:
                if (success.ActorInstanceId == _instanceId) Persisted(success.Persistent.Payload, success.Persistent.SequenceNr);
                return true;
            case LoopMessageSuccess loop:
                if (loop.ActorInstanceId == _instanceId) Persisted(loop.Message, 0);
                return true;
            case WriteMessageRejected rejected:
                if (rejected.ActorInstanceId == _instanceId) Rejected(rejected);
                return true;
            case WriteMessageFailure failure:
                if (failure.ActorInstanceId == _instanceId) Failed(failure);
                return true;
            default:
                return false;
        }
    }

    private void Persisted(object payload, long sequenceNr)
    {
        LastSequenceNr = Math.Max(LastSequenceNr, sequenceNr);
        var invocation = _pendingInvocations.Dequeue();
        if (invocation.Stashing) _pendingStashing--;
        try
        {
            base.AroundReceive(
                e =>
                {
                    invocation.Handler(e);
                    return true;
                },
                payload);
        }
        finally
        {
            FlushEventBatch();
            ResumeIfDone();
        }
    }

    private void Rejected(WriteMessageRejected rejected)
    {
        LastSequenceNr = Math.Max(LastSequenceNr, rejected.Persistent.SequenceNr);
        OnPersistRejected(rejected.Cause, rejected.Persistent.Payload, rejected.Persistent.SequenceNr);
        if (_pendingInvocations.Dequeue().Stashing) _pendingStashing--;
        ResumeIfDone();
    }

    private void Failed(WriteMessageFailure failure)
    {
        try
        {
            OnPersistFailure(failure.Cause, failure.Persistent.Payload, failure.Persistent.SequenceNr);
        }
        finally
        {
            Context.Stop(Self);
        }
    }

    private void ResumeIfDone()
    {
        if (_phase != Phase.Persisting || _pendingStashing > 0) return;
        _phase = Phase.Processing;
        _internalStash.UnstashAll();
    }

    private void StartRecoveryTimer(bool snapshot)
    {
        _recoveryTimer?.Cancel();
        _recoveryTimer = snapshot
            ? Context.System.Scheduler.ScheduleTellOnceCancelable(_recoveryEventTimeout, Self, new RecoveryTick(true), Self)
            : Context.System.Scheduler.ScheduleTellRepeatedlyCancelable(_recoveryEventTimeout, _recoveryEventTimeout, Self, new RecoveryTick(false), Self);
    }

    private void ReturnPermit() => _extension.RecoveryPermitter.Tell(RecoveryPermitter.ReturnPermit.Instance, Self);
}
