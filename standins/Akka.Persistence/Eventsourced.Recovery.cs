using Akka.Actor;

namespace Akka.Persistence;

/// <summary>From the start to RecoveryCompleted: a permit, the snapshot, the events.</summary>
public abstract partial class Eventsourced
{
    private Phase _phase = Phase.WaitingForPermit;
    private ICancelable _recoveryTimer;
    private TimeSpan _recoveryEventTimeout;
    private bool _eventSeen;
    private bool _holdsPermit;

    private enum Phase
    {
        WaitingForPermit,
        LoadingSnapshot,
        Replaying,
        Processing,
        Persisting,
        Failed,
    }

    private sealed record RecoveryTick(bool Snapshot) : INotInfluenceReceiveTimeout;

    public override void AroundPreStart()
    {
        BeginRecovery();
        base.AroundPreStart();
    }

    public override void AroundPreRestart(Exception cause, object message)
    {
        try
        {
            _commands.ReturnAll();
        }
        finally
        {
            FlushJournalBatch();   // What had been persisted before the failure goes to the journal all the same.
            EndRecovery();
            base.AroundPreRestart(cause, Command(message));
        }
    }

    public override void AroundPostRestart(Exception reason, object message)
    {
        BeginRecovery();
        base.AroundPostRestart(reason, message);
    }

    public override void AroundPostStop()
    {
        EndRecovery();
        _commands.ReturnAll();
        base.AroundPostStop();
    }

    protected internal override bool AroundReceive(Receive receive, object message)
    {
        switch (_phase)
        {
            case Phase.WaitingForPermit: WhileWaitingForPermit(message); break;
            case Phase.LoadingSnapshot: WhileLoadingSnapshot(message); break;
            case Phase.Replaying: WhileReplaying(message); break;
            case Phase.Processing: WhileProcessing(receive, message); break;
            case Phase.Persisting: WhilePersisting(message); break;
            default: StashCommand(message); break;   // It is stopping.
        }

        return true;
    }

    /// <summary>What a user is shown of a message that came from the journal.</summary>
    private static object Command(object message) => message switch
    {
        WriteMessageSuccess success => success.Persistent,
        LoopMessageSuccess loop => loop.Message,
        ReplayedMessage replayed => replayed.Persistent,
        _ => message,
    };

    private void BeginRecovery()
    {
        if (string.IsNullOrWhiteSpace(PersistenceId))
        {
            throw new ArgumentException(
                $"PersistenceId of {GetType().Name} is '{PersistenceId}'; it must be a name, and another one for every persistent actor.");
        }

        _ = Journal;         // A plug-in that is not configured fails the start, and not the first write.
        _ = SnapshotStore;
        var config = JournalConfig;
        _maxMessageBatchSize = config.GetInt("max-message-batch-size");
        _recoveryEventTimeout = config.GetTimeSpan("recovery-event-timeout");
        _holdsPermit = true;
        Extension.RecoveryPermitter.Tell(RecoveryPermitter.RequestPermit.Instance, Self);
    }

    private void WhileWaitingForPermit(object message)
    {
        if (message is not RecoveryPermitter.PermitGranted)
        {
            StashCommand(message);
            return;
        }

        _phase = Phase.LoadingSnapshot;
        StartRecoveryTimer(snapshot: true);
        LoadSnapshot(SnapshotterId, Recovery.FromSnapshot, Recovery.ToSequenceNr);
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
                FailRecovery(NoAnswer("snapshot"), null);
                break;
            default:
                StashCommand(message);
                break;
        }
    }

    private void OfferSnapshot(LoadSnapshotResult result)
    {
        if (result.Snapshot is { } selected)
        {
            LastSequenceNr = selected.Metadata.SequenceNr;
            if (!Recover(new SnapshotOffer(selected.Metadata, selected.Snapshot))) return;
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
                FailRecovery(NoAnswer("event"), null);
                break;
            case RecoveryTick:
                _eventSeen = false;
                break;
            default:
                StashCommand(message);
                break;
        }
    }

    private RecoveryTimedOutException NoAnswer(string what) => new(
        $"Recovery of [{PersistenceId}] got no {what} within {_recoveryEventTimeout.TotalSeconds} s (recovery-event-timeout); last sequence number {LastSequenceNr}.");

    /// <summary>Gives a message to ReceiveRecover. False if that threw, in which case the actor is stopping.</summary>
    private bool Recover(object message)
    {
        try
        {
            base.AroundReceive(ReceiveRecover, message);
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
        EndRecovery();
        LastSequenceNr = Math.Max(LastSequenceNr, highestSequenceNr);
        _sequenceNr = LastSequenceNr;
        _phase = Phase.Processing;
        OnReplaySuccess();
        // Events persisted here go out like a command's, and the commands that waited follow.
        RunHandler(ReceiveRecover, RecoveryCompleted.Instance);
    }

    private void FailRecovery(Exception cause, object message)
    {
        _phase = Phase.Failed;
        EndRecovery();
        try
        {
            OnRecoveryFailure(cause, message);
        }
        finally
        {
            Context.Stop(Self);
        }
    }

    private void StartRecoveryTimer(bool snapshot)
    {
        _recoveryTimer?.Cancel();
        var tick = new RecoveryTick(snapshot);
        _recoveryTimer = snapshot
            ? Context.System.Scheduler.ScheduleTellOnceCancelable(_recoveryEventTimeout, Self, tick, Self)
            : Context.System.Scheduler.ScheduleTellRepeatedlyCancelable(_recoveryEventTimeout, _recoveryEventTimeout, Self, tick, Self);
    }

    private void EndRecovery()
    {
        _recoveryTimer?.Cancel();
        _recoveryTimer = null;
        if (!_holdsPermit) return;
        _holdsPermit = false;
        Extension.RecoveryPermitter.Tell(RecoveryPermitter.ReturnPermit.Instance, Self);
    }
}
