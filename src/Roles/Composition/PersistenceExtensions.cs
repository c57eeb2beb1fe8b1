using ActorInference.Roles.Configuration;
using Akka.Hosting;
using Akka.Persistence.Hosting;
using Akka.Persistence.Sql.Hosting;

namespace ActorInference.Roles.Composition;

/// <summary>Where a node's persistent actors keep their events and snapshots.</summary>
internal static class PersistenceExtensions
{
    /// <summary>Sets up journal and snapshot store, both in one place. A database is opened by the first actor that persists.</summary>
    public static AkkaConfigurationBuilder WithPersistence(this AkkaConfigurationBuilder builder, PersistenceSettings settings) => settings.Provider switch
    {
        PersistenceProvider.Memory => builder.WithInMemoryJournal().WithInMemorySnapshotStore(),
        PersistenceProvider.Sqlite => builder.WithSqlPersistence(settings.ConnectionString, "SQLite.MS"),
        PersistenceProvider.PostgreSql => builder.WithSqlPersistence(settings.ConnectionString, "PostgreSQL.15"),
        _ => throw new ArgumentOutOfRangeException(nameof(settings), settings.Provider, "There is no such provider."),
    };
}
