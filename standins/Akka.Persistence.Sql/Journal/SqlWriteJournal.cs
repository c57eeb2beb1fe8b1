using System.Collections.Concurrent;
using System.Collections.Immutable;
using Akka.Actor;
using Akka.Persistence.Journal;
using Akka.Persistence.Sql.Storage;

namespace Akka.Persistence.Sql.Journal;

/// <summary>
/// The journal in a SQL database. Writes of all actors share transactions. Two writers of one persistence id cannot both
/// succeed: the pair of persistence id and sequence number is unique, and the later of the two fails.
/// </summary>
public sealed class SqlWriteJournal : AsyncWriteJournal
{
    private readonly Database _database;
    private readonly PayloadSerializer _payloads;
    private readonly JournalWriter _writer;
    private readonly JournalReader _reader;
    private readonly ConcurrentDictionary<string, Task> _writing = new();

    /// <exception cref="Akka.Configuration.ConfigurationException">connection-string or provider-name cannot be used.</exception>
    public SqlWriteJournal(Configuration.Config journalConfig)
    {
        var config = journalConfig.WithFallback(SqlPersistence.DefaultJournalConfiguration);
        var system = (ExtendedActorSystem)Context.System;
        var useMetadata = config.GetBoolean("delete-compatibility-mode");
        _database = Database.Create(
            config, Self.Path.Name, dialect => useMetadata ? [.. dialect.JournalSchema, dialect.MetadataSchema] : dialect.JournalSchema);
        _payloads = new PayloadSerializer(system, config.GetString("serializer"));
        _writer = new JournalWriter(_database, config.GetInt("buffer-size"), config.GetInt("batch-size"));
        _reader = new JournalReader(_database, config.GetInt("replay-batch-size"), useMetadata);
    }

    public override async Task<long> ReadHighestSequenceNrAsync(string persistenceId, long fromSequenceNr)
    {
        // An actor that restarts may still have a write under way; without it, the actor would take its number again.
        if (_writing.TryGetValue(persistenceId, out var write))
            await write.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return await _reader.HighestSequenceNrAsync(persistenceId).ConfigureAwait(false);
    }

    public override Task ReplayMessagesAsync(
        IActorContext context, string persistenceId, long fromSequenceNr, long toSequenceNr, long max, Action<IPersistentRepresentation> recoveryCallback) =>
        _reader.ReplayAsync(persistenceId, fromSequenceNr, toSequenceNr, max, row => recoveryCallback(Event(row)));

    protected override async Task<IImmutableList<Exception>> WriteMessagesAsync(IEnumerable<AtomicWrite> messages)
    {
        var rows = new List<JournalRow>();
        var rejections = ImmutableList.CreateBuilder<Exception>();
        foreach (var write in messages) rejections.Add(Serialize(write, rows)!);
        if (rows.Count > 0) await WriteAsync(rows).ConfigureAwait(false);
        return rejections.TrueForAll(rejection => rejection is null) ? null! : rejections.ToImmutable();
    }

    protected override Task DeleteMessagesToAsync(string persistenceId, long toSequenceNr) => _reader.DeleteToAsync(persistenceId, toSequenceNr);

    protected override void PostStop()
    {
        _writer.Close();
        _database.Dispose();
        base.PostStop();
    }

    private async Task WriteAsync(List<JournalRow> rows)
    {
        var persistenceId = rows[0].PersistenceId;
        var write = _writer.WriteAsync(rows);
        _writing[persistenceId] = write;
        try
        {
            await write.ConfigureAwait(false);
        }
        finally
        {
            _writing.TryRemove(KeyValuePair.Create(persistenceId, write));
        }
    }

    /// <summary>Adds the rows of a write, or none and says why.</summary>
    private Exception? Serialize(AtomicWrite write, List<JournalRow> rows)
    {
        var before = rows.Count;
        try
        {
            foreach (var e in (IEnumerable<IPersistentRepresentation>)write.Payload) rows.Add(Row(e));
            return null;
        }
        catch (Exception error)
        {
            rows.RemoveRange(before, rows.Count - before);
            return error;
        }
    }

    private JournalRow Row(IPersistentRepresentation e)
    {
        var (payload, tags) = e.Payload is Tagged tagged ? (tagged.Payload, tagged.Tags) : (e.Payload, ImmutableHashSet<string>.Empty);
        var (bytes, serializerId, manifest) = _payloads.Serialize(payload);
        return new JournalRow(e.PersistenceId, e.SequenceNr, e.Timestamp, tags, bytes, serializerId, manifest, e.WriterGuid);
    }

    private Persistent Event(JournalRow row) => new(
        _payloads.Deserialize($"Event {row.SequenceNr} of '{row.PersistenceId}'", row.Message, row.SerializerId, row.Manifest),
        row.SequenceNr, row.PersistenceId, row.Manifest, isDeleted: false, ActorRefs.NoSender, row.WriterUuid, row.Created);
}
