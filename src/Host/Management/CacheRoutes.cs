using System.Collections.Immutable;
using ActorInference.Actors.Protocols;
using ActorInference.Cache.Store;
using Akka.Actor;
using Akka.Http.Dsl;
using Akka.Management;
using Akka.Management.Dsl;
using Ceen;

namespace ActorInference.Host.Management;

/// <summary><c>GET /cache</c>: the storage tier's stores and shards.</summary>
public sealed class CacheRoutes : IManagementRouteProvider
{
    public (string, HttpModuleBase)[] Routes(ManagementRouteProviderSettings settings) => [("/cache", JsonRoute.Of(CacheAsync))];

    private static async Task<JsonAnswer> CacheAsync(ActorSystem system)
    {
        if (system.CacheOrNull() is not { } cache) return new JsonAnswer(HttpStatusCode.ServiceUnavailable, ManagementJson.Error("This node knows of no storage tier."));
        try
        {
            var (shards, stores) = (await cache.ShardsAsync(), await cache.StoresAsync());
            return new JsonAnswer(HttpStatusCode.OK, ManagementJson.Cache(new CacheBody(Total(shards), [.. stores.Select(Store)])));
        }
        catch (AskTimeoutException)
        {
            return new JsonAnswer(HttpStatusCode.ServiceUnavailable, ManagementJson.Error("A shard of the storage tier does not answer."));
        }
    }

    private static CacheShardsBody Total(ImmutableArray<CacheShardProtocol.ShardStatus> shards) => new(
        shards.Length, shards.Sum(shard => (long)shard.Pages), shards.Sum(shard => shard.Bytes), shards.Sum(shard => (long)shard.UnderReplicated),
        shards.Sum(shard => shard.Queried), shards.Sum(shard => shard.Hits), shards.Sum(shard => shard.Evicted), shards.Sum(shard => shard.Lost));

    private static CacheStoreBody Store((KnownStore Store, CacheStoreProtocol.StoreStatus? Status) each) => new(
        each.Store.Id.Value, each.Store.Report.Host, each.Store.IsSuspect ? "suspect" : each.Store.Report.IsDraining ? "draining" : "up",
        each.Store.Report.CapacityBytes, each.Store.Report.UsedBytes, each.Status?.Pages, each.Status?.DiskUsedBytes, each.Status?.DiskQuotaBytes, each.Status?.DiskPages,
        each.Status?.FailedWrites, each.Status?.CorruptPages, each.Status?.LoadMs, each.Status?.Warmed, each.Status?.Alerts);
}

public sealed record CacheBody(CacheShardsBody Shards, IReadOnlyList<CacheStoreBody> Stores);

/// <param name="Lost">Pages whose last copy was lost.</param>
public sealed record CacheShardsBody(int Count, long Pages, long Bytes, long UnderReplicated, long Queried, long Hits, long Evicted, long Lost);

/// <summary>What is null is not known: the store does not answer.</summary>
/// <param name="LoadMs">What reading its files took at its start.</param>
/// <param name="Warmed">Pages that it found in them; 0 until they are read.</param>
public sealed record CacheStoreBody(
    string Store, string Host, string State, long CapacityBytes, long UsedBytes, int? Pages, long? DiskUsedBytes, long? DiskQuotaBytes, long? DiskPages,
    long? FailedWrites, long? CorruptPages, long? LoadMs, long? Warmed, IReadOnlyList<string>? Alerts);
