using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using ActorInference.Actors.Ids;
using ActorInference.Actors.Protocols;

namespace ActorInference.Cache.Store;

/// <summary>What is known of one store.</summary>
/// <param name="IsSuspect">It has been silent for a while: not read or written, and not forgotten.</param>
public sealed record KnownStore(CacheStoreProtocol.StoreReport Report, bool IsSuspect)
{
    public StoreId Id => Report.Store;

    public long FreeBytes => Report.CapacityBytes - Report.UsedBytes;

    /// <summary>Whether it takes new pages.</summary>
    public bool IsWritable => !IsSuspect && !Report.IsDraining;
}

/// <summary>The stores that a process knows of at one time.</summary>
/// <param name="Version">Grows with every change.</param>
public sealed record StoreTable(long Version, ImmutableSortedDictionary<string, KnownStore> Stores)
{
    public static readonly StoreTable Empty = new(0, ImmutableSortedDictionary.Create<string, KnownStore>(StringComparer.Ordinal));

    public bool TryGet(StoreId id, [MaybeNullWhen(false)] out KnownStore store) => Stores.TryGetValue(id.Value, out store);

    /// <summary>Whether a copy can be read now: its store is heard of, and in the same life.</summary>
    public bool IsReadable(in CacheShardProtocol.Replica replica) =>
        TryGet(replica.Store, out var store) && !store.IsSuspect && (replica.IsOnDisk || replica.Epoch == store.Report.Epoch);

    /// <summary>Whether copies that could be read then can no longer be.</summary>
    public bool HasLostPagesSince(StoreTable before)
    {
        foreach (var (id, store) in before.Stores)
        {
            if (!store.IsSuspect && !(Stores.TryGetValue(id, out var now) && !now.IsSuspect && now.Report.Epoch == store.Report.Epoch)) return true;
        }

        return false;
    }

    public StoreTable With(KnownStore store) => new(Version + 1, Stores.SetItem(store.Id.Value, store));

    public StoreTable Without(StoreId id) => new(Version + 1, Stores.Remove(id.Value));
}
