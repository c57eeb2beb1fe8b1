using ActorInference.Cache.Store;

namespace ActorInference.Roles.Configuration;

/// <summary>The storage tier: the section <c>actor-inference.cache</c>.</summary>
/// <param name="Shards">How shards keep metadata.</param>
/// <param name="Liveness">When a silent store counts as what.</param>
/// <param name="Client">How workers use the tier.</param>
/// <param name="Store">What a node with the role cache-store holds.</param>
public sealed record CacheSettings(CacheShardOptions Shards, StoreLiveness Liveness, StorageClientOptions Client, CacheStoreSettings Store)
{
    /// <summary>Path of the section.</summary>
    public const string Section = InferenceSettings.Root + ".cache";

    internal static CacheSettings Read(ConfigSection section)
    {
        var shards = new CacheShardOptions
        {
            Buckets = section.Integer("buckets", min: 1),
            Lease = section.Duration("lease"),
            HighWatermark = section.Share("high-watermark"),
            EvictionRatio = section.Share("eviction-ratio"),
            PutTimeout = section.Duration("put-timeout"),
            MaxHotReplicas = section.Integer("max-hot-replicas", min: 1),
            StoreRemoveAfter = section.Duration("remove-after"),
        };
        var liveness = new StoreLiveness { SuspectAfter = section.Duration("suspect-after"), RemoveAfter = shards.StoreRemoveAfter };
        var client = ReadClient(section.Section("client"), shards.Buckets, section.Integer("replicas", min: 1));
        var settings = new CacheSettings(shards, liveness, client, CacheStoreSettings.Read(section.Section("store")));
        return settings;
    }

    private static StorageClientOptions ReadClient(ConfigSection section, int buckets, int replicas)
    {
        var defaults = new StorageClientOptions();
        var options = defaults with
        {
            Buckets = buckets,
            Policy = defaults.Policy with { Replicas = replicas },
            QueryDeadline = section.Duration("query-deadline"),
            TransferDeadline = section.Duration("transfer-deadline"),
        };
        section.CheckNoOthers();
        return options;
    }
}
