using System.Collections.Immutable;
using ActorInference.Actors.Kv;
using ActorInference.Actors.Protocols;

namespace ActorInference.Cache.Store;

/// <summary>What a shard knows of one page. Leases, ages and heat are not journaled: they would not be worth it.</summary>
internal sealed class PageEntry(CacheTenant tenant, CacheShardProtocol.NewPage page, uint checksum, int wanted)
{
    public CacheTenant Tenant { get; } = tenant;

    public CacheShardProtocol.NewPage Page { get; } = page;

    public KvPageKey Key => Page.Key;

    public uint Checksum { get; set; } = checksum;

    /// <summary>Copies to keep.</summary>
    public int Wanted { get; set; } = wanted;

    public ImmutableArray<CacheShardProtocol.Replica> Replicas { get; set; } = [];

    public PageGroup? Group { get; set; }

    public bool IsHardPinned { get; set; }

    public long PinUntilMs { get; set; }

    public long LeaseUntilMs { get; set; }

    /// <summary>Its place in the order of eviction, lowest first.</summary>
    public long Age { get; set; }

    /// <summary>Tells which of two equally old ones was used earlier.</summary>
    public long Use { get; set; }

    /// <summary>False once it has left the shard.</summary>
    public bool IsAlive { get; set; } = true;

    /// <summary>Its end is being journaled: it is hidden already.</summary>
    public bool IsEnding { get; set; }

    /// <summary>It makes room for its tenant's other pages.</summary>
    public bool IsQuotaEnding { get; set; }

    /// <summary>Copies of it under way.</summary>
    public int Copying { get; set; }

    public int Hits { get; set; }

    public long HitsSinceMs { get; set; }

    public long CoolUntilMs { get; set; }

    public bool IsReadable => IsAlive && !IsEnding;

    public bool IsSoftPinned(long nowMs) => PinUntilMs > nowMs;

    public bool IsLeased(long nowMs) => LeaseUntilMs > nowMs || Group?.LeaseUntilMs > nowMs;

    /// <summary>Stores that have it, in memory or on disk.</summary>
    public int Stores => Replicas.Length < 2 ? Replicas.Length : Replicas.Select(replica => replica.Store).Distinct().Count();

    public int MemoryReplicas => Replicas.Count(replica => !replica.IsOnDisk);
}

/// <summary>Pages that are leased and evicted together.</summary>
internal sealed class PageGroup(string name)
{
    public string Name { get; } = name;

    public HashSet<PageEntry> Members { get; } = [];

    public long LeaseUntilMs { get; set; }
}

/// <summary>The pages of one tenant in a shard.</summary>
internal sealed class CacheTenant(string name)
{
    public string Name { get; } = name;

    public Dictionary<KvPageKey, PageEntry> Pages { get; } = [];

    public Dictionary<KvPageKey, UnfinishedPut> Puts { get; } = [];

    public Dictionary<string, PageGroup> Groups { get; } = new(StringComparer.Ordinal);

    /// <summary>Bytes that it may have in this shard; null for no limit.</summary>
    public long? QuotaBytes { get; set; }

    /// <summary>Bytes of its pages, each counted once however many copies it has, unfinished ones too.</summary>
    public long UsedBytes { get; set; }

    /// <summary>Those of them that were evicted for its quota, and go once that is durable.</summary>
    public long EndingBytes { get; set; }

    public EvictionQueue Order { get; } = new();
}

/// <summary>A put that was started and has not ended.</summary>
internal sealed record UnfinishedPut(
    CacheShardProtocol.NewPage Page, Guid Writer, CacheShardProtocol.PutPolicy Policy, int Replicas, long StartedMs)
{
    /// <summary>Its end is being journaled.</summary>
    public bool IsEnding { get; set; }
}
