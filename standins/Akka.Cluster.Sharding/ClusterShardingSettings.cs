using Akka.Actor;
using Akka.Configuration;

namespace Akka.Cluster.Sharding;

/// <summary>Where it is kept which node has which shard.</summary>
public enum StateStoreMode
{
    Persistence,
    DData,
    Custom,
}

/// <summary>Where it is kept which entities a shard has.</summary>
public enum RememberEntitiesStore
{
    DData,
    Eventsourced,
    Custom,
}

/// <summary>The section <c>akka.cluster.sharding</c>, and what the program changed of it.</summary>
public sealed record ClusterShardingSettings : INoSerializationVerificationNeeded
{
    private ClusterShardingSettings(Config config)
    {
        Role = config.GetString("role") is { Length: > 0 } role ? role : null;
        RememberEntities = config.GetBoolean("remember-entities");
        JournalPluginId = config.GetString("journal-plugin-id");
        SnapshotPluginId = config.GetString("snapshot-plugin-id");
        StateStoreMode = OneOf<StateStoreMode>(config, "state-store-mode");
        RememberEntitiesStore = OneOf<RememberEntitiesStore>(config, "remember-entities-store");
        ShardRegionQueryTimeout = config.GetTimeSpan("shard-region-query-timeout");
        PassivateIdleEntityAfter = ClusterSettings.OffOr(config, "passivate-idle-entity-after") ?? TimeSpan.Zero;
        TuningParameters = new TuningParameters(config);
    }

    /// <summary>Only nodes of it host shards; null for all nodes.</summary>
    public string Role { get; init; }

    public bool RememberEntities { get; init; }

    public string JournalPluginId { get; init; }

    public string SnapshotPluginId { get; init; }

    public StateStoreMode StateStoreMode { get; init; }

    public RememberEntitiesStore RememberEntitiesStore { get; init; }

    public TimeSpan ShardRegionQueryTimeout { get; init; }

    /// <summary>Zero for never. Entities that are remembered stay in any case.</summary>
    public TimeSpan PassivateIdleEntityAfter { get; init; }

    public TuningParameters TuningParameters { get; init; }

    internal bool ShouldPassivateIdleEntities => PassivateIdleEntityAfter > TimeSpan.Zero && !RememberEntities;

    /// <exception cref="ConfigurationException">A value cannot be used; the message names it.</exception>
    public static ClusterShardingSettings Create(ActorSystem system)
    {
        ClusterSharding.Get(system);   // Its defaults are there from then on.
        return Create(system.Settings.Config.GetConfig("akka.cluster.sharding"), system.Settings.Config.GetConfig("akka.cluster.singleton"));
    }

    /// <param name="singletonConfig">Unused: the coordinator needs none of it.</param>
    public static ClusterShardingSettings Create(Config config, Config singletonConfig) => new(config);

    public ClusterShardingSettings WithRole(string role) => this with { Role = string.IsNullOrEmpty(role) ? null : role };

    public ClusterShardingSettings WithRememberEntities(bool rememberEntities) => this with { RememberEntities = rememberEntities };

    public ClusterShardingSettings WithJournalPluginId(string journalPluginId) => this with { JournalPluginId = journalPluginId ?? "" };

    public ClusterShardingSettings WithSnapshotPluginId(string snapshotPluginId) => this with { SnapshotPluginId = snapshotPluginId ?? "" };

    public ClusterShardingSettings WithStateStoreMode(StateStoreMode mode) => this with { StateStoreMode = mode };

    public ClusterShardingSettings WithPassivateIdleAfter(TimeSpan duration) => this with { PassivateIdleEntityAfter = duration };

    public ClusterShardingSettings WithTuningParameters(TuningParameters tuningParameters) =>
        this with { TuningParameters = tuningParameters ?? throw new ArgumentNullException(nameof(tuningParameters)) };

    internal bool ShouldHostShard(Cluster cluster) => Role is null || cluster.SelfRoles.Contains(Role);

    /// <exception cref="ConfigurationException">They ask for a store that there is not.</exception>
    internal void Check()
    {
        if (StateStoreMode == StateStoreMode.Custom)
            throw new ConfigurationException("akka.cluster.sharding.state-store-mode is custom; it must be persistence or ddata.");
        if (RememberEntities && StateStoreMode == StateStoreMode.DData && RememberEntitiesStore != RememberEntitiesStore.Eventsourced)
        {
            throw new ConfigurationException(
                $"akka.cluster.sharding.remember-entities-store is {RememberEntitiesStore}; with remember-entities = on it must be eventsourced.");
        }
    }

    private static T OneOf<T>(Config config, string key)
        where T : struct, Enum
    {
        var text = config.GetString(key);
        return Enum.TryParse<T>(text, ignoreCase: true, out var value)
            ? value
            : throw new ConfigurationException($"akka.cluster.sharding.{key} is '{text}'; it must be one of {string.Join(", ", Enum.GetNames<T>()).ToLowerInvariant()}.");
    }
}
