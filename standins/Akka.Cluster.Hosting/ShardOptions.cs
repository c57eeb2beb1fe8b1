using Akka.Actor;
using Akka.Cluster.Sharding;
using Akka.Persistence.Hosting;

namespace Akka.Cluster.Hosting;

/// <summary>Settings of the shards of one type; what is left null stays as the configuration says.</summary>
public sealed class ShardOptions
{
    public StateStoreMode? StateStoreMode { get; set; }

    public RememberEntitiesStore? RememberEntitiesStore { get; set; }

    public bool? RememberEntities { get; set; }

    /// <summary>Only nodes of that role host shards.</summary>
    public string? Role { get; set; }

    public string? JournalPluginId { get; set; }

    /// <summary>Stands for <see cref="JournalPluginId"/>.</summary>
    public JournalOptions? JournalOptions { get; set; }

    public string? SnapshotPluginId { get; set; }

    /// <summary>Stands for <see cref="SnapshotPluginId"/>.</summary>
    public SnapshotOptions? SnapshotOptions { get; set; }

    /// <summary>What entities are told when their shard moves, or they have been idle; they must stop then.</summary>
    public object? HandOffStopMessage { get; set; }

    public bool? ShouldPassivateIdleEntities { get; set; }

    public TimeSpan? PassivateIdleEntityAfter { get; set; }

    public TimeSpan? ShardRegionQueryTimeout { get; set; }

    internal ClusterShardingSettings Apply(ClusterShardingSettings settings)
    {
        var journal = JournalOptions?.PluginId ?? JournalPluginId;
        var snapshots = SnapshotOptions?.PluginId ?? SnapshotPluginId;
        var applied = settings with
        {
            StateStoreMode = StateStoreMode ?? settings.StateStoreMode,
            RememberEntitiesStore = RememberEntitiesStore ?? settings.RememberEntitiesStore,
            RememberEntities = RememberEntities ?? settings.RememberEntities,
            JournalPluginId = journal ?? settings.JournalPluginId,
            SnapshotPluginId = snapshots ?? settings.SnapshotPluginId,
            PassivateIdleEntityAfter = ShouldPassivateIdleEntities == false ? TimeSpan.Zero : PassivateIdleEntityAfter ?? settings.PassivateIdleEntityAfter,
            ShardRegionQueryTimeout = ShardRegionQueryTimeout ?? settings.ShardRegionQueryTimeout,
        };
        return Role is null ? applied : applied.WithRole(Role);
    }

    internal object StopMessage => HandOffStopMessage ?? PoisonPill.Instance;
}
