namespace ActorInference.Cache.Store;

/// <summary>What a shard evicts first, and how much.</summary>
public enum EvictionOrder
{
    /// <summary>By bytes; what was unused longest, in steps of <see cref="CacheShardOptions.AgeStep"/>; within a step the pages deepest in their sequences.</summary>
    DeepestOfOldest,

    /// <summary>Strictly what was unused longest, as Mooncake does.</summary>
    LeastRecentlyUsed,
}

/// <summary>How cache shards keep pages.</summary>
public sealed record CacheShardOptions
{
    /// <summary>Buckets of the whole cache, 1 to 4096. Fixed for a cluster's life. Default 16.</summary>
    public int Buckets { get; init; } = 16;

    /// <summary>How long a page that was asked for is neither evicted nor removed. Default 10 s.</summary>
    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Longest soft pin. Default 24 h.</summary>
    public TimeSpan MaxPin { get; init; } = TimeSpan.FromHours(24);

    /// <summary>Whether soft-pinned pages go when nothing else is left. Default true.</summary>
    public bool EvictsPinned { get; init; } = true;

    /// <summary>Part of a store's memory beyond which it is evicted from, above 0 and at most 1. Default 0.90.</summary>
    public double HighWatermark { get; init; } = 0.90;

    /// <summary>Part of a store's memory that is freed below the watermark in one round. Default 0.05.</summary>
    public double EvictionRatio { get; init; } = 0.05;

    public EvictionOrder Order { get; init; } = EvictionOrder.DeepestOfOldest;

    /// <summary>Uses closer together than this count as one age. Default 8 s.</summary>
    public TimeSpan AgeStep { get; init; } = TimeSpan.FromSeconds(8);

    /// <summary>An unfinished put may be replaced after this. Default 30 s.</summary>
    public TimeSpan PutTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Reads a second of one page, over <see cref="HotWindow"/>, that earn it a further copy; 0 for none. Default 0.8.</summary>
    public double HotReadsPerSecond { get; init; } = 0.8;

    public TimeSpan HotWindow { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Copies in memory that a hot page may have. Default 2.</summary>
    public int MaxHotReplicas { get; init; } = 2;

    /// <summary>Copies between stores under way for one shard, at most. Default 64 pages.</summary>
    public int MaxCopies { get; init; } = 64;

    /// <summary>A copy that takes longer is given up. Default 30 s.</summary>
    public TimeSpan CopyTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>A store that a recovered shard has never seen since is given up after this. Default 5 min.</summary>
    public TimeSpan StoreRemoveAfter { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Whether a tenant needs a quota to store anything. Default false.</summary>
    public bool NeedsQuota { get; init; }

    /// <summary>Events between two snapshots of a shard. Default 2000.</summary>
    public int SnapshotEvery { get; init; } = 2_000;
}
