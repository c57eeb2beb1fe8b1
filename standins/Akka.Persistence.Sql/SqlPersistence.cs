using Akka.Actor;
using Akka.Configuration;

namespace Akka.Persistence.Sql;

/// <summary>The reference configuration of the SQL plug-ins.</summary>
public sealed class SqlPersistence : IExtension
{
    public const string JournalConfigPath = "akka.persistence.journal.sql";
    public const string SnapshotStoreConfigPath = "akka.persistence.snapshot-store.sql";

    private SqlPersistence(ExtendedActorSystem system) => system.Settings.InjectTopLevelFallback(DefaultConfiguration);

    public static Configuration.Config DefaultConfiguration { get; } =
        ConfigurationFactory.FromResource("Akka.Persistence.Sql.persistence.conf", typeof(SqlPersistence).Assembly);

    public static Configuration.Config DefaultJournalConfiguration => DefaultConfiguration.GetConfig(JournalConfigPath);

    public static Configuration.Config DefaultSnapshotConfiguration => DefaultConfiguration.GetConfig(SnapshotStoreConfigPath);

    /// <summary>Makes the defaults known to a system.</summary>
    public static SqlPersistence Get(ActorSystem system) => system.WithExtension<SqlPersistence, Provider>();

    /// <summary>Extension id.</summary>
    public sealed class Provider : ExtensionIdProvider<SqlPersistence>
    {
        public override SqlPersistence CreateExtension(ExtendedActorSystem system) => new(system);
    }
}
