using System.Globalization;
using ActorInference.Actors.Protocols;
using Akka.Actor;
using Akka.Cluster.Sharding;

namespace ActorInference.Cache.Store;

/// <summary>How messages find cache shards.</summary>
public static class CacheShards
{
    /// <summary>Type of the sharded entities.</summary>
    public const string TypeName = "cache-shard";

    /// <summary>Each bucket is a shard of one entity, so that what moves from node to node is one bucket.</summary>
    public static IMessageExtractor Extractor { get; } = new BucketExtractor();

    /// <summary>Makes the actor of a bucket.</summary>
    /// <param name="entityId">The bucket's number.</param>
    /// <inheritdoc cref="CacheShardActor(int, CacheShardOptions, IActorRef, TimeProvider)" path="/param[@name='directory']"/>
    public static Props PropsOf(string entityId, CacheShardOptions options, IActorRef directory) =>
        CacheShardActor.Props(int.Parse(entityId, CultureInfo.InvariantCulture), options, directory, TimeProvider.System);

    private sealed class BucketExtractor : IMessageExtractor
    {
        public string? EntityId(object message) => message is CacheShardProtocol.IShardMessage { Bucket: var bucket } ? Name(bucket) : null;

        public object EntityMessage(object message) => message;

        public string? ShardId(object message) => EntityId(message);

        public string ShardId(string entityId, object? messageHint = null) => entityId;

        private static string Name(int bucket) => bucket.ToString(CultureInfo.InvariantCulture);
    }
}
