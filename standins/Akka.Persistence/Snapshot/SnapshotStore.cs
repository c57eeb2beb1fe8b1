using Akka.Actor;
using Akka.Pattern;

namespace Akka.Persistence.Snapshot;

/// <summary>Base of snapshot stores.</summary>
public abstract class SnapshotStore : ActorBase
{
    private readonly CircuitBreaker _breaker;

    protected SnapshotStore()
    {
        var breaker = Persistence.Instance.Apply(Context.System).ConfigOf(Self).GetConfig("circuit-breaker");
        _breaker = new CircuitBreaker(
            Context.System.Scheduler, breaker.GetInt("max-failures"), breaker.GetTimeSpan("call-timeout"), breaker.GetTimeSpan("reset-timeout"));
    }

    /// <summary>The newest snapshot that matches, or null.</summary>
    protected abstract Task<SelectedSnapshot> LoadAsync(string persistenceId, SnapshotSelectionCriteria criteria);

    protected abstract Task SaveAsync(SnapshotMetadata metadata, object snapshot);

    protected abstract Task DeleteAsync(SnapshotMetadata metadata);

    protected abstract Task DeleteAsync(string persistenceId, SnapshotSelectionCriteria criteria);

    /// <summary>Messages of the plug-in itself. True if handled.</summary>
    protected virtual bool ReceivePluginInternal(object message) => false;

    protected sealed override bool Receive(object message)
    {
        switch (message)
        {
            case LoadSnapshot load: HandleLoad(load); return true;
            case SaveSnapshot save: HandleSave(save); return true;
            case DeleteSnapshot delete: HandleDelete(delete); return true;
            case DeleteSnapshots delete: HandleDelete(delete); return true;
            default: return ReceivePluginInternal(message);
        }
    }

    private void HandleLoad(LoadSnapshot load)
    {
        if (load.Criteria == SnapshotSelectionCriteria.None)
        {
            Sender.Tell(new LoadSnapshotResult(null, load.ToSequenceNr));
            return;
        }

        _breaker.WithCircuitBreaker(() => LoadAsync(load.PersistenceId, load.Criteria.Limit(load.ToSequenceNr))).PipeTo(
            Sender, Self,
            success: found => new LoadSnapshotResult(found, load.ToSequenceNr),
            failure: error => new LoadSnapshotFailed(error));
    }

    private void HandleSave(SaveSnapshot save)
    {
        var metadata = save.Metadata with { Timestamp = DateTime.UtcNow };
        _breaker.WithCircuitBreaker(() => SaveAsync(metadata, save.Snapshot)).PipeTo(
            Sender, Self,
            success: () => new SaveSnapshotSuccess(metadata),
            failure: error => new SaveSnapshotFailure(metadata, error));
    }

    private void HandleDelete(DeleteSnapshot delete) =>
        _breaker.WithCircuitBreaker(() => DeleteAsync(delete.Metadata)).PipeTo(
            Sender, Self,
            success: () => new DeleteSnapshotSuccess(delete.Metadata),
            failure: error => new DeleteSnapshotFailure(delete.Metadata, error));

    private void HandleDelete(DeleteSnapshots delete) =>
        _breaker.WithCircuitBreaker(() => DeleteAsync(delete.PersistenceId, delete.Criteria)).PipeTo(
            Sender, Self,
            success: () => new DeleteSnapshotsSuccess(delete.Criteria),
            failure: error => new DeleteSnapshotsFailure(delete.Criteria, error));
}
