using System.Collections.Immutable;
using ActorInference.Actors.Ids;
using ActorInference.Actors.Kv;

namespace ActorInference.Actors.Protocols;

/// <summary>What a cache shard journals. Forever: fields are only added (docs/formats/cache-journal.md).</summary>
public static class CacheShardEvents
{
    public interface IShardEvent : IWireMessage;

    /// <param name="Wanted">Copies to keep.</param>
    public readonly record struct PageRecord(
        CacheShardProtocol.NewPage Page, uint Checksum, int Wanted, ImmutableArray<CacheShardProtocol.Replica> Replicas);

    /// <summary>Pages can be read from now on, or have further copies.</summary>
    /// <param name="PinUntilMs">Unix time in ms until which they are evicted last; 0 for no pin.</param>
    /// <param name="KeepsPin">A pin that a page has already stays as it is.</param>
    public sealed record PagesStored(
        string Tenant, string Group, bool HardPin, long PinUntilMs, bool KeepsPin, ImmutableArray<PageRecord> Pages) : IShardEvent;

    /// <summary>Why pages went.</summary>
    public enum RemovalCause
    {
        Removed = 1,
        Evicted = 2,
        Lost = 3,
    }

    public sealed record PagesRemoved(string Tenant, RemovalCause Cause, ImmutableArray<KvPageKey> Keys) : IShardEvent;

    public readonly record struct PageReplica(KvPageKey Key, CacheShardProtocol.Replica Replica);

    public sealed record ReplicasAdded(string Tenant, ImmutableArray<PageReplica> Replicas) : IShardEvent;

    /// <summary>Copies are gone; a page that has no other one is gone with them.</summary>
    public sealed record ReplicasRemoved(string Tenant, RemovalCause Cause, ImmutableArray<PageReplica> Replicas) : IShardEvent;

    /// <summary>All copies in a store's memory are gone, except those of its present life; on its disk too, if it left for good.</summary>
    public sealed record StoreLost(StoreId Store, Guid PresentEpoch, bool WithDisk) : IShardEvent;

    public sealed record PagesPinned(string Tenant, long PinUntilMs, ImmutableArray<KvPageKey> Keys) : IShardEvent;

    /// <param name="Bytes">Of this shard; null for no limit.</param>
    public sealed record QuotaSet(string Tenant, long? Bytes) : IShardEvent;

    /// <summary>A whole shard, as a snapshot.</summary>
    public sealed record ShardSnapshot(ImmutableArray<QuotaSet> Quotas, ImmutableArray<PagesStored> Pages) : IWireMessage;
}
