using System.Globalization;
using ActorInference.Actors.Protocols;
using ActorInference.Actors.Supervision;
using Akka.Actor;

namespace ActorInference.Cache.Store;

/// <summary>The cache shards of a process by itself, without a cluster: each begins with the first message to it.</summary>
public sealed class LocalShardsActor : ReceiveActor
{
    private readonly IActorRef[] _shards;

    /// <param name="directory">The process's <see cref="StoreDirectoryActor"/>.</param>
    public LocalShardsActor(CacheShardOptions options, IActorRef directory)
    {
        _shards = new IActorRef[options.Buckets];
        Receive<CacheShardProtocol.IShardMessage>(message =>
        {
            if ((uint)message.Bucket >= (uint)_shards.Length)
            {
                Sender.Tell(new Status.Failure(new ArgumentOutOfRangeException(nameof(message), message.Bucket, $"There are {_shards.Length} buckets.")));
                return;
            }

            (_shards[message.Bucket] ??= Start(message.Bucket, options, directory)).Forward(message);
        });
    }

    public static Props Props(CacheShardOptions options, IActorRef directory) => Akka.Actor.Props.Create(() => new LocalShardsActor(options, directory));

    private static IActorRef Start(int bucket, CacheShardOptions options, IActorRef directory)
    {
        var name = bucket.ToString(CultureInfo.InvariantCulture);
        return Context.ActorOf(SupervisionStrategies.WithBackoff(CacheShards.PropsOf(name, options, directory), "shard"), name);
    }
}
