using ActorInference.Cache.Store;
using ActorInference.Roles.Configuration;
using Akka.Actor;
using Akka.Hosting;

namespace ActorInference.Host.Management;

/// <summary>The storage tier, as operators reach it from this node.</summary>
public static class CacheQuery
{
    /// <summary>A shard or store that is slower than this is as good as none.</summary>
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    /// <returns>Null where the node knows of no storage tier.</returns>
    public static CacheAdministration? CacheOrNull(this ActorSystem system)
    {
        if (!ActorRegistry.For(system).TryGet<CacheShardActor>(out var shards)) return null;
        return new CacheAdministration(system, shards, InferenceSettings.Read(system.Settings.Config).Cache.Shards.Buckets, Timeout);
    }
}
