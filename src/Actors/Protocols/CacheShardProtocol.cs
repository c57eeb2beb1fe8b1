using System.Collections.Immutable;
using ActorInference.Actors.Ids;
using ActorInference.Actors.Kv;

namespace ActorInference.Actors.Protocols;

/// <summary>
/// Between a cache shard, which knows where pages are, and those who store, read and hold them. Everything comes in batches; a
/// reply has one result for each page, in the order of the request.
/// </summary>
public static class CacheShardProtocol
{
    /// <summary>Goes to the shard of a bucket: that of the keys within it, <see cref="CacheBuckets"/>.</summary>
    public interface IShardMessage : IWireMessage
    {
        int Bucket { get; }
    }

    /// <summary>What becomes of a page's pin when it is stored.</summary>
    public enum PinAction
    {
        Preserve = 1,
        Enable = 2,
        Disable = 3,
    }

    /// <summary>A page to store.</summary>
    /// <param name="Previous">The page that it continues; default if there is none.</param>
    /// <param name="Depth">Pages before it in its sequence.</param>
    public readonly record struct NewPage(KvPageKey Key, KvPageKey Previous, int Depth, int SizeBytes);

    /// <summary>How pages are to be kept.</summary>
    /// <param name="Replicas">Copies wanted, each in another store, at least 1. Fewer are kept where stores are lacking.</param>
    /// <param name="PinMs">With <see cref="PinAction.Enable"/>: how long it is evicted last. 0 does not pin.</param>
    /// <param name="HardPin">Never evict it.</param>
    /// <param name="Group">Pages of one group are leased and evicted together; empty for none.</param>
    /// <param name="Preferred">Stores to try first, in this order.</param>
    public sealed record PutPolicy(
        int Replicas, PinAction Pin, long PinMs, bool HardPin, string Group, ImmutableArray<StoreId> Preferred);

    /// <summary>Where to put pages? Nobody else sees them before <see cref="PutEnd"/>.</summary>
    /// <param name="Writer">Who alone may end it.</param>
    /// <param name="Host">The writer's: a store there is preferred.</param>
    public sealed record PutStart(int Bucket, string Tenant, Guid Writer, string Host, PutPolicy Policy, ImmutableArray<NewPage> Pages)
        : IShardMessage;

    /// <param name="Stores">Where to put it, as many as replicas are to be had.</param>
    public readonly record struct PutPlace(CacheOutcome Outcome, ImmutableArray<StoreId> Stores);

    public sealed record PutStarted(ImmutableArray<PutPlace> Places) : IWireMessage;

    /// <summary>Where one copy of a page is.</summary>
    /// <param name="Epoch">Which life of the store's memory the place is in.</param>
    /// <param name="Slot">Place in its table; -1 for its disk.</param>
    /// <param name="Generation">Tells this use of the slot from others.</param>
    /// <param name="Offset">Byte of the store's memory at which it begins.</param>
    public readonly record struct Replica(StoreId Store, Guid Epoch, int Slot, int Generation, long Offset)
    {
        public bool IsOnDisk => Slot < 0;

        public static Replica OnDisk(StoreId store) => new(store, Guid.Empty, -1, 0, 0);
    }

    public readonly record struct EndedPage(KvPageKey Key, uint Checksum, ImmutableArray<Replica> Replicas);

    /// <summary>The pages lie in their stores: show them. A page without replicas is revoked.</summary>
    public sealed record PutEnd(int Bucket, string Tenant, Guid Writer, ImmutableArray<EndedPage> Pages) : IShardMessage;

    /// <summary>The pages will not come.</summary>
    public sealed record PutRevoke(int Bucket, string Tenant, Guid Writer, ImmutableArray<KvPageKey> Keys) : IShardMessage;

    /// <summary>One result for each page.</summary>
    public sealed record Outcomes(ImmutableArray<CacheOutcome> Pages) : IWireMessage;

    /// <summary>Where are the pages?</summary>
    /// <param name="Lease">Keep them for a while, and count this as use.</param>
    public sealed record Query(int Bucket, string Tenant, bool Lease, ImmutableArray<KvPageKey> Keys) : IShardMessage;

    public readonly record struct FoundPage(CacheOutcome Outcome, int SizeBytes, uint Checksum, ImmutableArray<Replica> Replicas);

    /// <param name="LeaseMs">How long the pages are kept from now on.</param>
    public sealed record Found(long LeaseMs, ImmutableArray<FoundPage> Pages) : IWireMessage;

    /// <summary>Are the pages there, and readable? Leases them. Answered by <see cref="Outcomes"/>.</summary>
    public sealed record Exists(int Bucket, string Tenant, ImmutableArray<KvPageKey> Keys) : IShardMessage;

    /// <param name="Force">Leased ones too.</param>
    public sealed record Remove(int Bucket, string Tenant, bool Force, ImmutableArray<KvPageKey> Keys) : IShardMessage;

    /// <summary>Removes all pages of a tenant, or those whose key in hexadecimal digits matches a regular expression.</summary>
    /// <param name="Pattern">Empty for all.</param>
    public sealed record RemoveMatching(int Bucket, string Tenant, bool Force, string Pattern) : IShardMessage;

    public sealed record Counted(int Pages) : IWireMessage;

    /// <summary>Pins pages softly for a time, or no longer.</summary>
    public sealed record Pin(int Bucket, string Tenant, PinAction Action, long PinMs, ImmutableArray<KvPageKey> Keys) : IShardMessage;

    /// <summary>Copies pages to a store, or moves them there from another one.</summary>
    /// <param name="From">Whose copy goes with a move; empty for a copy.</param>
    public sealed record Copy(int Bucket, string Tenant, StoreId To, StoreId From, ImmutableArray<KvPageKey> Keys) : IShardMessage;

    /// <summary>A copy read badly: forget it. The page lives on by its others.</summary>
    public sealed record Broken(int Bucket, string Tenant, KvPageKey Key, Replica Replica) : IShardMessage;

    /// <summary>Bytes that a tenant may have in the whole cache; null takes the limit away.</summary>
    public sealed record SetQuota(int Bucket, string Tenant, long? Bytes) : IShardMessage;

    /// <summary>The tenant's pages after a key, in the order of the keys.</summary>
    public sealed record List(int Bucket, string Tenant, KvPageKey After, int Limit) : IShardMessage;

    public readonly record struct ListedPage(
        KvPageKey Key, int Depth, int SizeBytes, int MemoryReplicas, int DiskReplicas, bool IsLeased, bool IsPinned);

    public sealed record Listed(ImmutableArray<ListedPage> Pages) : IWireMessage;

    public sealed record GetShardStatus(int Bucket) : IShardMessage;

    /// <param name="Evicted">Pages evicted since the shard began here.</param>
    /// <param name="Lost">Pages whose last copy was lost since then.</param>
    public sealed record ShardStatus(
        int Bucket, int Pages, long Bytes, int Unfinished, int SoftPinned, int UnderReplicated, long Queried, long Hits, long Evicted, long Lost)
        : IWireMessage;

    /// <summary>A page that a store has, told so that the shard knows of it again.</summary>
    /// <param name="Tenant">Whose.</param>
    /// <param name="IsCertain">The store was told that it is wanted; an uncertain one is kept only if the shard knows it.</param>
    public readonly record struct HeldPage(string Tenant, NewPage Page, uint Checksum, Replica Replica, bool IsCertain);

    /// <summary>From a store: what it holds. It is told which of them to keep and which to free.</summary>
    public sealed record Adopt(int Bucket, StoreId Store, ImmutableArray<HeldPage> Pages) : IShardMessage;

    /// <summary>From a store: pages that its disk has from now on, or no longer.</summary>
    public sealed record DiskChanged(int Bucket, StoreId Store, bool IsAdded, ImmutableArray<TenantKey> Keys) : IShardMessage;

    public readonly record struct TenantKey(string Tenant, KvPageKey Key);

    /// <summary>From a store: copies that it was asked for are there; those without a replica failed.</summary>
    public sealed record Pulled(int Bucket, ImmutableArray<PulledPage> Pages) : IShardMessage;

    public readonly record struct PulledPage(TenantKey Page, StoreId Store, Replica? Replica);
}
