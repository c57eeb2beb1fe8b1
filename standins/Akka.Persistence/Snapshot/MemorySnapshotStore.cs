namespace Akka.Persistence.Snapshot;

/// <summary>Keeps snapshots for the life of the store actor, on whose thread everything here runs.</summary>
public class MemorySnapshotStore : SnapshotStore
{
    private readonly Dictionary<string, SortedList<long, SelectedSnapshot>> _snapshots = [];

    protected override Task<SelectedSnapshot> LoadAsync(string persistenceId, SnapshotSelectionCriteria criteria) =>
        Task.FromResult(Matching(persistenceId, criteria).LastOrDefault());

    protected override Task SaveAsync(SnapshotMetadata metadata, object snapshot)
    {
        if (!_snapshots.TryGetValue(metadata.PersistenceId, out var own)) _snapshots[metadata.PersistenceId] = own = [];
        own[metadata.SequenceNr] = new SelectedSnapshot(metadata, snapshot);
        return Task.CompletedTask;
    }

    protected override Task DeleteAsync(SnapshotMetadata metadata)
    {
        if (_snapshots.TryGetValue(metadata.PersistenceId, out var own)) own.Remove(metadata.SequenceNr);
        return Task.CompletedTask;
    }

    protected override Task DeleteAsync(string persistenceId, SnapshotSelectionCriteria criteria)
    {
        foreach (var snapshot in Matching(persistenceId, criteria).ToList()) _snapshots[persistenceId].Remove(snapshot.Metadata.SequenceNr);
        return Task.CompletedTask;
    }

    private IEnumerable<SelectedSnapshot> Matching(string persistenceId, SnapshotSelectionCriteria criteria) =>
        _snapshots.TryGetValue(persistenceId, out var own) ? own.Values.Where(snapshot => criteria.Matches(snapshot.Metadata)) : [];
}

/// <summary>For systems that want no snapshots: loading finds none, saving fails.</summary>
public sealed class NoSnapshotStore : SnapshotStore
{
    protected override Task<SelectedSnapshot> LoadAsync(string persistenceId, SnapshotSelectionCriteria criteria) =>
        Task.FromResult<SelectedSnapshot>(null);

    protected override Task SaveAsync(SnapshotMetadata metadata, object snapshot) => Task.FromException(NotConfigured());

    protected override Task DeleteAsync(SnapshotMetadata metadata) => Task.FromException(NotConfigured());

    protected override Task DeleteAsync(string persistenceId, SnapshotSelectionCriteria criteria) => Task.FromException(NotConfigured());

    private static InvalidOperationException NotConfigured() => new("No snapshot store is configured (akka.persistence.snapshot-store.plugin).");
}
