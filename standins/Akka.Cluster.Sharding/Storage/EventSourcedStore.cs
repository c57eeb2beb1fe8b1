using Akka.Actor;
using Akka.Event;
using Akka.Persistence;

namespace Akka.Cluster.Sharding.Storage;

/// <summary>
/// Keeps the state of its parent in a journal. It tells the parent <see cref="Recovered"/> once, then answers each
/// <see cref="Store"/> by <see cref="Stored"/>. When it cannot go on it stops, and the parent sees that.
/// </summary>
internal abstract class EventSourcedStore<TState> : UntypedPersistentActor
{
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly TuningParameters _tuning;
    private long _eventsSinceSnapshot;

    protected EventSourcedStore(string persistenceId, TState empty, ClusterShardingSettings settings)
    {
        PersistenceId = persistenceId;
        JournalPluginId = settings.JournalPluginId;
        SnapshotPluginId = settings.SnapshotPluginId;
        _tuning = settings.TuningParameters;
        State = empty;
    }

    public override string PersistenceId { get; }

    protected TState State { get; private set; }

    protected abstract TState Apply(TState state, object @event);

    /// <summary>The state as it is told to the parent, and kept in snapshots.</summary>
    protected abstract object ToMessage(TState state);

    protected abstract TState FromMessage(object snapshot);

    protected override void OnRecover(object message)
    {
        switch (message)
        {
            case SnapshotOffer offer:
                State = FromMessage(offer.Snapshot);
                break;
            case RecoveryCompleted:
                Context.Parent.Tell(new Recovered(ToMessage(State)));
                break;
            default:
                State = Apply(State, message);
                break;
        }
    }

    protected override void OnCommand(object message)
    {
        switch (message)
        {
            case Store store:
                PersistAll(store.Events, persisted =>
                {
                    State = Apply(State, persisted);
                    _eventsSinceSnapshot++;
                });
                DeferAsync(store, _ => OnStored());
                break;
            case SaveSnapshotSuccess saved:
                Forget(saved.Metadata.SequenceNr);
                break;
            case SaveSnapshotFailure failure:
                _log.Warning(failure.Cause, "The snapshot of [{0}] failed; its replay grows until the next: {1}", PersistenceId, failure.Cause.Message);
                break;
            case DeleteMessagesFailure failure:
                _log.Warning(failure.Cause, "Old events of [{0}] could not be deleted: {1}", PersistenceId, failure.Cause.Message);
                break;
            case DeleteSnapshotsFailure failure:
                _log.Warning(failure.Cause, "Old snapshots of [{0}] could not be deleted: {1}", PersistenceId, failure.Cause.Message);
                break;
            case DeleteMessagesSuccess or DeleteSnapshotsSuccess:
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void OnStored()
    {
        Context.Parent.Tell(Stored.Instance);
        if (_eventsSinceSnapshot < _tuning.SnapshotAfter) return;
        _eventsSinceSnapshot = 0;
        SaveSnapshot(ToMessage(State));
    }

    private void Forget(long snapshotSequenceNr)
    {
        var upTo = snapshotSequenceNr - (long)_tuning.KeepNrOfBatches * _tuning.SnapshotAfter;
        if (upTo <= 0) return;
        DeleteMessages(upTo);
        DeleteSnapshots(new SnapshotSelectionCriteria(upTo - 1));
    }
}

/// <summary>What a store was told before, by an earlier incarnation of its parent.</summary>
internal sealed record Recovered(object State) : INoSerializationVerificationNeeded;

/// <summary>Make these durable, all or none. One at a time.</summary>
internal sealed record Store(IReadOnlyList<object> Events) : INoSerializationVerificationNeeded;

internal sealed record Stored : INoSerializationVerificationNeeded
{
    public static readonly Stored Instance = new();
}
