using System.Collections.Immutable;
using ActorInference.Actors.Ids;
using ActorInference.Actors.Protocols;

namespace ActorInference.Cache.Store;

/// <summary>The answer to a command, and the facts to journal before it is sent.</summary>
/// <param name="Reply">Null where nobody waits for one.</param>
public readonly record struct ShardDecision(object? Reply, ImmutableArray<CacheShardEvents.IShardEvent> Events)
{
    public static ShardDecision Of(object? reply, params ImmutableArray<CacheShardEvents.IShardEvent> events) => new(reply, events);
}

/// <summary>
/// What stores have to be told of an event once it is durable. Of one that is replayed nobody is told: it was done then, and
/// what was not is found out when stores and shards compare what they have.
/// </summary>
public interface IShardEffects
{
    /// <summary>A store's copy is wanted.</summary>
    void Keep(in CacheShardProtocol.Replica replica);

    /// <summary>A store's copy is not wanted any more.</summary>
    void Free(string tenant, in CacheShardProtocol.Replica replica, Actors.Kv.KvPageKey key);
}

/// <summary>Copies that a store is to make of pages in others.</summary>
public readonly record struct PullOrder(StoreId To, ImmutableArray<CacheStoreProtocol.PullPage> Pages);
