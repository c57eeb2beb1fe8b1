using System.Collections.Immutable;
using ActorInference.Actors.Ids;
using ActorInference.Actors.Kv;
using Akka.Actor;

namespace ActorInference.Actors.Protocols;

/// <summary>Between a cache store, which holds pages, and those who give it some, look for it and govern it.</summary>
public static class CacheStoreProtocol
{
    /// <summary>A store is there. Repeated; the first one registers it.</summary>
    /// <param name="Epoch">New with every new life of its memory.</param>
    /// <param name="Actor">Takes its messages.</param>
    /// <param name="Host">Name of its host.</param>
    /// <param name="SharedPath">File of its memory, to be mapped on the same host; null if there is none.</param>
    /// <param name="IsDraining">It takes no more pages; those it has are to go elsewhere.</param>
    /// <param name="Refused">Pages that it had no room for, so far.</param>
    /// <param name="Views">How its pages are read from other hosts, for each shape of pages.</param>
    public sealed record StoreReport(
        StoreId Store,
        Guid Epoch,
        IActorRef Actor,
        string Host,
        long CapacityBytes,
        long UsedBytes,
        string? SharedPath,
        bool IsDraining,
        long Refused,
        ImmutableArray<PageView> Views) : IWireMessage;

    /// <param name="Pool">Name of the view.</param>
    public readonly record struct PageView(KvPoolId Pool, KvPageSource Source);

    /// <summary>A store leaves with all that it has in memory.</summary>
    /// <param name="WithDisk">It does not come back either.</param>
    public sealed record StoreLeft(StoreId Store, Guid Epoch, bool WithDisk) : IWireMessage;

    /// <summary>Take pages out of a pool. The sender holds them until the answer.</summary>
    /// <param name="Source">How to reach the pool from another process; null for one of the same.</param>
    public sealed record Put(string Tenant, KvPoolId Pool, KvPageSource? Source, ImmutableArray<GivenPage> Pages) : IWireMessage;

    public readonly record struct GivenPage(CacheShardProtocol.NewPage Page, KvPageReference From, uint Checksum);

    /// <summary>Where each page is now; a page that is null had no room or came broken.</summary>
    public sealed record PutDone(ImmutableArray<CacheShardProtocol.Replica?> Replicas) : IWireMessage;

    /// <summary>Use of a slot.</summary>
    public readonly record struct SlotUse(int Slot, int Generation);

    /// <summary>From a shard: it has journaled these; keep them.</summary>
    public sealed record Keep(Guid Epoch, ImmutableArray<SlotUse> Slots) : IWireMessage;

    /// <summary>From a shard: nobody will ask for these again.</summary>
    public sealed record Free(Guid Epoch, ImmutableArray<SlotUse> Slots) : IWireMessage;

    /// <summary>From a shard that begins, or meets a store anew: tell what you have of this bucket. Answered by <see cref="CacheShardProtocol.Adopt"/>.</summary>
    public sealed record Tell(int Bucket) : IWireMessage;

    /// <summary>From a shard: these may leave the disk.</summary>
    public sealed record FreeDisk(ImmutableArray<CacheShardProtocol.TenantKey> Keys) : IWireMessage;

    /// <summary>From a shard: copy pages out of another store. Answered by <see cref="CacheShardProtocol.Pulled"/>.</summary>
    public sealed record Pull(int Bucket, ImmutableArray<PullPage> Pages) : IWireMessage;

    public readonly record struct PullPage(
        string Tenant, CacheShardProtocol.NewPage Page, uint Checksum, CacheShardProtocol.Replica From);

    /// <summary>Bring pages from disk into memory, for reading. Answered by <see cref="PutDone"/>.</summary>
    public sealed record Load(ImmutableArray<CacheShardProtocol.TenantKey> Keys) : IWireMessage;

    /// <summary>What is to be done with a store as a whole.</summary>
    public enum StoreAction
    {
        /// <summary>Write all that is not on disk yet.</summary>
        Snapshot = 1,

        /// <summary>Give all pages to others, then leave.</summary>
        Drain = 2,

        /// <summary>Compare all pages, in memory and on disk, with their checksums.</summary>
        Verify = 3,

        /// <summary>Leave at once.</summary>
        Unmount = 4,
    }

    public sealed record Govern(StoreAction Action) : IWireMessage;

    /// <param name="Pages">Pages written, moved away or checked.</param>
    /// <param name="Failed">Those of them that could not be, or were broken.</param>
    public sealed record Governed(StoreAction Action, long Pages, long Failed, string Message) : IWireMessage;

    public sealed record GetStoreStatus : IWireMessage
    {
        public static readonly GetStoreStatus Instance = new();
    }

    /// <param name="DiskPath">Where pages are persisted; empty if they are not.</param>
    /// <param name="LoadMs">How long the warm-up took.</param>
    /// <param name="Warmed">Pages that it found.</param>
    /// <param name="Alerts">What somebody should look at.</param>
    public sealed record StoreStatus(
        StoreId Store,
        long CapacityBytes,
        long UsedBytes,
        int Pages,
        long LargestFreeBytes,
        string DiskPath,
        long DiskQuotaBytes,
        long DiskUsedBytes,
        long DiskPages,
        long FailedWrites,
        long CorruptPages,
        long LoadMs,
        long Warmed,
        ImmutableArray<string> Alerts) : IWireMessage;
}
