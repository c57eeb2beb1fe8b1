using Akka.Hosting;
using Akka.Persistence.Hosting;

namespace Akka.Persistence.Sql.Hosting;

/// <summary>Verbs of a host whose actors persist to a SQL database.</summary>
public static class HostingExtensions
{
    /// <summary>Sets up a journal, a snapshot store, or both, in one database.</summary>
    /// <param name="providerName">SQLite.MS, or PostgreSQL with or without a version.</param>
    /// <param name="schemaName">Only null: the tables live in the connection's own schema (PostgreSQL: Search Path).</param>
    /// <param name="journalBuilder">Adds event adapters.</param>
    /// <param name="autoInitialize">Whether missing tables are created.</param>
    /// <param name="pluginIdentifier">As in <c>akka.persistence.journal.IDENTIFIER</c>.</param>
    /// <exception cref="ArgumentNullException">The connection string or the provider is not given.</exception>
    /// <exception cref="ArgumentException">Event adapters without a journal, or a schema.</exception>
    public static AkkaConfigurationBuilder WithSqlPersistence(
        this AkkaConfigurationBuilder builder,
        string connectionString,
        string providerName,
        PersistenceMode mode = PersistenceMode.Both,
        string? schemaName = null,
        Action<AkkaPersistenceJournalBuilder>? journalBuilder = null,
        bool autoInitialize = true,
        string pluginIdentifier = "sql",
        bool isDefaultPlugin = true,
        bool? deleteCompatibilityMode = null)
    {
        if (mode == PersistenceMode.SnapshotStore && journalBuilder is not null)
            throw new ArgumentException("Event adapters belong to a journal, and only a snapshot store is set up.", nameof(journalBuilder));
        if (schemaName is not null)
            throw new ArgumentException($"The schema is '{schemaName}'; name it in the connection string instead (Search Path).", nameof(schemaName));

        var journal = new SqlJournalOptions(isDefaultPlugin, pluginIdentifier)
        {
            ConnectionString = connectionString,
            ProviderName = providerName,
            AutoInitialize = autoInitialize,
            DeleteCompatibilityMode = deleteCompatibilityMode,
            Adapters = new AkkaPersistenceJournalBuilder(pluginIdentifier, builder),
        };
        journalBuilder?.Invoke(journal.Adapters);
        var snapshots = new SqlSnapshotOptions(isDefaultPlugin, pluginIdentifier)
        {
            ConnectionString = connectionString,
            ProviderName = providerName,
            AutoInitialize = autoInitialize,
        };
        return builder.WithSqlPersistence(
            mode == PersistenceMode.SnapshotStore ? null : journal, mode == PersistenceMode.Journal ? null : snapshots);
    }

    /// <exception cref="ArgumentException">Neither is given.</exception>
    public static AkkaConfigurationBuilder WithSqlPersistence(
        this AkkaConfigurationBuilder builder,
        Action<SqlJournalOptions>? journalOptionConfigurator = null,
        Action<SqlSnapshotOptions>? snapshotOptionConfigurator = null,
        bool isDefaultPlugin = true)
    {
        var journal = journalOptionConfigurator is null ? null : new SqlJournalOptions(isDefaultPlugin);
        journalOptionConfigurator?.Invoke(journal!);
        var snapshots = snapshotOptionConfigurator is null ? null : new SqlSnapshotOptions(isDefaultPlugin);
        snapshotOptionConfigurator?.Invoke(snapshots!);
        return builder.WithSqlPersistence(journal, snapshots);
    }

    /// <exception cref="ArgumentException">Neither is given.</exception>
    public static AkkaConfigurationBuilder WithSqlPersistence(
        this AkkaConfigurationBuilder builder, SqlJournalOptions? journalOptions = null, SqlSnapshotOptions? snapshotOptions = null)
    {
        if (journalOptions is null && snapshotOptions is null)
            throw new ArgumentException("Neither a journal nor a snapshot store is given.");
        if (journalOptions is not null) builder.WithJournal(journalOptions);
        if (snapshotOptions is not null) builder.WithSnapshot(snapshotOptions);
        return builder;
    }
}
