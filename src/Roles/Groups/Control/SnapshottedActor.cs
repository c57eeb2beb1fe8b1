using Akka.Event;
using Akka.Persistence;

namespace ActorInference.Roles.Groups.Control;

/// <summary>
/// A persistent actor that writes its whole state down every so many events, begins from that and the events after it, and gives up
/// what is older: a journal that nobody trims grows for ever.
/// </summary>
public abstract class SnapshottedActor : ReceivePersistentActor
{
    private readonly int _every;
    private readonly ILoggingAdapter _log = Context.GetLogger();

    /// <param name="every">Events between two snapshots, at least 1.</param>
    protected SnapshottedActor(int every)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(every, 1);
        _every = every;
        Recover<SnapshotOffer>(offer => Restore(offer.Snapshot));
        Command<SaveSnapshotSuccess>(OnSaved);
        Command<SaveSnapshotFailure>(failed => _log.Warning(failed.Cause, "Snapshot of {0} failed; replay grows until the next", PersistenceId));
        Command<DeleteSnapshotsSuccess>(_ => { });
        Command<DeleteSnapshotsFailure>(failed => _log.Warning(failed.Cause, "Old snapshots of {0} could not be deleted", PersistenceId));
        Command<DeleteMessagesSuccess>(_ => { });
        Command<DeleteMessagesFailure>(failed => _log.Warning(failed.Cause, "Old events of {0} could not be deleted", PersistenceId));
    }

    /// <summary>The whole state, in its journaled form.</summary>
    protected abstract IGroupMessage TakeSnapshot();

    /// <summary>Takes the state from what <see cref="TakeSnapshot"/> gave, of whatever version.</summary>
    protected abstract void Restore(object snapshot);

    /// <summary>To be called after each event is applied, in life and in replay.</summary>
    protected void OnApplied()
    {
        if (!IsRecovering && LastSequenceNr % _every == 0) SaveSnapshot(TakeSnapshot());
    }

    private void OnSaved(SaveSnapshotSuccess saved)
    {
        // The snapshot before this one stays, and the events after it: should this one be unreadable, those still are not.
        var before = saved.Metadata.SequenceNr - _every;
        if (before <= 0) return;
        DeleteSnapshots(new SnapshotSelectionCriteria(before - 1));
        DeleteMessages(before);
    }
}
