using System.Collections.Immutable;

namespace Akka.Persistence.Snapshot;

/// <summary>Keeps snapshots for the life of the store actor.</summary>
public class MemorySnapshotStore : SnapshotStore
{
    private readonly Lock _lock = new();
    private ImmutableList<SelectedSnapshot> _snapshots = [];

    protected override Task<SelectedSnapshot?> LoadAsync(string persistenceId, SnapshotSelectionCriteria criteria)
    {
        lock (_lock)
        {
            return Task.FromResult(_snapshots
                .Where(s => s.Metadata.PersistenceId == persistenceId && criteria.Matches(s.Metadata))
                .MaxBy(s => s.Metadata.SequenceNr));
        }
    }

    protected override Task SaveAsync(SnapshotMetadata metadata, object snapshot)
    {
        lock (_lock)
        {
            _snapshots = _snapshots.RemoveAll(s => Same(s.Metadata, metadata)).Add(new SelectedSnapshot(metadata, snapshot));
        }

        return Task.CompletedTask;
    }

    protected override Task DeleteAsync(SnapshotMetadata metadata)
    {
        lock (_lock) _snapshots = _snapshots.RemoveAll(s => Same(s.Metadata, metadata));
        return Task.CompletedTask;
    }

    protected override Task DeleteAsync(string persistenceId, SnapshotSelectionCriteria criteria)
    {
        lock (_lock) _snapshots = _snapshots.RemoveAll(s => s.Metadata.PersistenceId == persistenceId && criteria.Matches(s.Metadata));
        return Task.CompletedTask;
    }

    private static bool Same(SnapshotMetadata a, SnapshotMetadata b) => a.PersistenceId == b.PersistenceId && a.SequenceNr == b.SequenceNr;
}

/// <summary>For systems that want no snapshots: loading finds none, saving fails.</summary>
public sealed class NoSnapshotStore : SnapshotStore
{
    protected override Task<SelectedSnapshot?> LoadAsync(string persistenceId, SnapshotSelectionCriteria criteria) =>
        Task.FromResult<SelectedSnapshot?>(null);

    protected override Task SaveAsync(SnapshotMetadata metadata, object snapshot) =>
        throw new InvalidOperationException("No snapshot store is configured (akka.persistence.snapshot-store.plugin).");

    protected override Task DeleteAsync(SnapshotMetadata metadata) => SaveAsync(metadata, metadata);

    protected override Task DeleteAsync(string persistenceId, SnapshotSelectionCriteria criteria) =>
        SaveAsync(new SnapshotMetadata(persistenceId, 0), criteria);
}
