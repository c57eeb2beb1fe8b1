using ActorInference.Actors.Protocols;
using ActorInference.Cache.Store;
using ActorInference.Cache.Transfer;
using ActorInference.Roles.Configuration;
using ActorInference.Roles.Decode;
using ActorInference.Roles.Gateway;
using ActorInference.Roles.Prefill;
using ActorInference.Roles.Router;
using Akka.Actor;
using Akka.Hosting;

namespace ActorInference.Roles.Composition;

/// <summary>Starts the actors of a node.</summary>
public static class InferenceNodeExtensions
{
    /// <summary>
    /// Adds the node's roles to a hosted actor system, last of what configures it: the defaults go below what is there, and say with
    /// it where entities are persisted. The registry then has a region for each kind of <see cref="InferenceNode.Entities"/>, and on
    /// a gateway <see cref="GatewayActor"/> and <see cref="RouterActor"/>.
    /// </summary>
    /// <exception cref="Akka.Configuration.ConfigurationException">A setting is wrong.</exception>
    public static AkkaConfigurationBuilder WithInferenceNode(this AkkaConfigurationBuilder builder, InferenceNode node)
    {
        builder.AddHocon(InferenceSettings.DefaultsOf(node.Roles), HoconAddMode.Append);
        var settings = InferenceSettings.Read(builder.Configuration.Value);
        return builder
            .WithPersistence(settings.Persistence)
            .WithActors(async (system, registry) =>
            {
                foreach (var entity in node.Entities(settings)) await entity.StartAsync(system, registry).ConfigureAwait(false);
            })
            .WithActors((system, registry) =>
            {
                if (!registry.TryGet<CacheShardActor>(out var shards)) return;   // Entities of another choice.
                CacheNode.Directory(system, settings.Cache);
                var hasWorkers = node.Roles.Contains(NodeRole.Prefill) || node.Roles.Contains(NodeRole.Decode);
                if (node.Roles.Contains(NodeRole.CacheStore)) CacheNode.StartStore(system, shards, settings.Cache, node.Exchange, hasWorkers);
            })
            .WithActors((system, registry) =>
            {
                var (gateway, router) = system.StartInferenceNode(node);
                if (gateway.IsNobody()) return;
                registry.Register<GatewayActor>(gateway);
                registry.Register<RouterActor>(router);
            });
    }

    /// <summary>Starts all but entities in a system whose configuration has <see cref="InferenceSettings.Reference"/> in it.</summary>
    /// <returns>Gateway and router; nobody where the node is no gateway.</returns>
    /// <exception cref="Akka.Configuration.ConfigurationException">A setting is wrong; nothing was started.</exception>
    public static (IActorRef Gateway, IActorRef Router) StartInferenceNode(this ActorSystem system, InferenceNode node)
    {
        var settings = InferenceSettings.Read(system.Settings.Config);
        var (gateway, router) = node.Roles.Contains(NodeRole.Gateway) ? StartGateway(system, settings) : (ActorRefs.Nobody, ActorRefs.Nobody);
        // Alone, its router is the only one; in a cluster there may be several, its own among them.
        var routers = node.Exchange is null ? router : system.ActorOf(GatewayDirectoryActor.Props(), "gateways");
        var courier = node.Exchange is { } exchange ? system.ActorOf(KvCourierActor.Props(exchange.Pool, exchange.Fetcher), "courier") : null;
        var starter = new WorkerStarter(system, node, routers, courier, HostTiers.Create(system, node, settings.Tiers));
        if (node.Roles.Contains(NodeRole.Prefill)) starter.Start(WorkerRole.Prefill, node.PrefillWorkers, settings.Prefill, PrefillActor.Props);
        if (node.Roles.Contains(NodeRole.Decode)) starter.Start(WorkerRole.Decode, node.DecodeWorkers, settings.Decode, DecodeActor.Props);
        return (gateway, router);
    }

    private static (IActorRef Gateway, IActorRef Router) StartGateway(ActorSystem system, InferenceSettings settings)
    {
        var router = system.ActorOf(RouterActor.Props(settings.Router), RouterActor.Name);
        return (system.ActorOf(GatewayActor.Props(router, settings.Gateway), "gateway"), router);
    }
}
