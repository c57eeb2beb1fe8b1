using Akka.Actor;
using Akka.Cluster.Tools.PublishSubscribe;
using Akka.Cluster.Tools.Singleton;
using Akka.Configuration;
using Akka.Serialization;

namespace Akka.Cluster.Tools;

/// <summary>Defaults and serializers of a tool, added when a system first uses it: it has read its configuration by then.</summary>
internal static class ToolsDefaults
{
    private static readonly Lock Adding = new();

    public static void ForSingleton(ActorSystem system) => Add(
        system, ClusterSingletonManager.DefaultConfig, "akka-singleton",
        typeof(IClusterSingletonMessage), each => new ClusterSingletonMessageSerializer(each));

    public static void ForPublishSubscribe(ActorSystem system) => Add(
        system, DistributedPubSub.DefaultConfig, "akka-pubsub",
        typeof(IDistributedPubSubMessage), each => new DistributedPubSubMessageSerializer(each));

    private static void Add(
        ActorSystem system, Func<Config> defaults, string name, Type messages, Func<ExtendedActorSystem, Serializer> create)
    {
        var extended = (ExtendedActorSystem)system;
        lock (Adding)
        {
            if (extended.Serialization.FindSerializerForType(messages).GetType().Assembly == typeof(ToolsDefaults).Assembly) return;
            system.Settings.InjectTopLevelFallback(defaults());
            var serializer = create(extended);
            extended.Serialization.AddSerializer(name, serializer);
            extended.Serialization.AddSerializationMap(messages, serializer);
        }
    }
}
