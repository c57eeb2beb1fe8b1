using Akka.Actor;
using Akka.Persistence.Snapshot;
using Akka.Persistence.Sql.Storage;

namespace Akka.Persistence.Sql.Snapshot;

/// <summary>Snapshots in a SQL database.</summary>
public sealed class SqlSnapshotStore : SnapshotStore
{
    private readonly Database _database;
    private readonly PayloadSerializer _payloads;
    private readonly SnapshotTable _table;

    /// <exception cref="Akka.Configuration.ConfigurationException">connection-string or provider-name cannot be used.</exception>
    public SqlSnapshotStore(Configuration.Config snapshotConfig)
    {
        var config = snapshotConfig.WithFallback(SqlPersistence.DefaultSnapshotConfiguration);
        _payloads = new PayloadSerializer((ExtendedActorSystem)Context.System, config.GetString("serializer"));
        _database = Database.Create(config, Self.Path.Name, dialect => dialect.SnapshotSchema);
        _table = new SnapshotTable(_database);
    }

    protected override async Task<SelectedSnapshot> LoadAsync(string persistenceId, SnapshotSelectionCriteria criteria)
    {
        if (await _table.LoadAsync(persistenceId, Bounds(criteria)).ConfigureAwait(false) is not { } row) return null!;
        var snapshot = _payloads.Deserialize(
            $"Snapshot {row.SequenceNr} of '{persistenceId}'", row.Snapshot, row.SerializerId, row.Manifest);
        return new SelectedSnapshot(new SnapshotMetadata(persistenceId, row.SequenceNr, row.Created), snapshot);
    }

    protected override Task SaveAsync(SnapshotMetadata metadata, object snapshot)
    {
        var (bytes, serializerId, manifest) = _payloads.Serialize(snapshot);
        return _table.SaveAsync(new SnapshotRow(metadata.PersistenceId, metadata.SequenceNr, metadata.Timestamp, bytes, serializerId, manifest));
    }

    protected override Task DeleteAsync(SnapshotMetadata metadata) => _table.DeleteAsync(
        metadata.PersistenceId, new SnapshotBounds(metadata.SequenceNr, metadata.SequenceNr, DateTime.MinValue, DateTime.MaxValue));

    protected override Task DeleteAsync(string persistenceId, SnapshotSelectionCriteria criteria) =>
        _table.DeleteAsync(persistenceId, Bounds(criteria));

    protected override void PostStop()
    {
        _database.Dispose();
        base.PostStop();
    }

    private static SnapshotBounds Bounds(SnapshotSelectionCriteria criteria) => new(
        criteria.MinSequenceNr, criteria.MaxSequenceNr, criteria.MinTimestamp ?? DateTime.MinValue, criteria.MaxTimeStamp);
}
