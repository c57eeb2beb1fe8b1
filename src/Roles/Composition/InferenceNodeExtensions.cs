using ActorInference.Actors.Protocols;
using ActorInference.Cache.Store;
using ActorInference.Cache.Transfer;
using ActorInference.Roles.Configuration;
using ActorInference.Roles.Gateway;
using ActorInference.Roles.Router;
using Akka;
using Akka.Actor;
using Akka.Event;
using Akka.Hosting;

namespace ActorInference.Roles.Composition;

/// <summary>Starts the actors of a node.</summary>
public static class InferenceNodeExtensions
{
    /// <summary>For a worker to say that it is done, after its grace time.</summary>
    private static readonly TimeSpan DrainAnswer = TimeSpan.FromSeconds(2);

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
                if (node.Roles.Contains(NodeRole.CacheStore)) CacheNode.StartStore(system, shards, settings.Cache, node.Exchange, node.Roles.HasWorkers());
            })
            .WithActors((system, registry) =>
            {
                var (gateway, router) = system.StartInferenceNode(node, registry.TryGet<CacheShardActor>(out var shards) ? shards : null);
                if (gateway.IsNobody()) return;
                registry.Register<GatewayActor>(gateway);
                registry.Register<RouterActor>(router);
            });
    }

    /// <summary>Starts all but entities in a system whose configuration has <see cref="InferenceSettings.Reference"/> in it.</summary>
    /// <param name="cacheShards">Region or proxy of the storage tier's shards; null where there is no such tier.</param>
    /// <returns>Gateway and router; nobody where the node is no gateway.</returns>
    /// <exception cref="Akka.Configuration.ConfigurationException">A setting is wrong; nothing was started.</exception>
    public static (IActorRef Gateway, IActorRef Router) StartInferenceNode(this ActorSystem system, InferenceNode node, IActorRef? cacheShards = null)
    {
        var settings = InferenceSettings.Read(system.Settings.Config);
        var (gateway, router) = node.Roles.Contains(NodeRole.Gateway) ? StartGateway(system, settings) : (ActorRefs.Nobody, ActorRefs.Nobody);
        // Alone, its router is the only one; in a cluster there may be several, its own among them.
        var routers = node.Exchange is null ? router : system.ActorOf(GatewayDirectoryActor.Props(), "gateways");
        var courier = node.Exchange is { } exchange ? system.ActorOf(KvCourierActor.Props(exchange.Pool, exchange.Fetcher), "courier") : null;
        var tiers = HostTiers.Create(
            system, node, settings.Tiers, cacheShards is null ? null : pages => HostStorage.Create(system, cacheShards, settings.Cache, pages, node.Exchange));
        var workers = new WorkerStarter(system, node, settings, routers, courier, tiers).StartAll();
        tiers.EndWith(system, [.. workers.Select(static each => each.Worker)]);
        if (workers.Count > 0 && !node.Roles.Contains(NodeRole.Gateway)) DrainOnLeave(system, workers);
        return (gateway, router);
    }

    /// <summary>A node of workers finishes its jobs before it leaves. One with a gateway has nobody to leave them to.</summary>
    private static void DrainOnLeave(ActorSystem system, IReadOnlyList<(IActorRef Worker, TimeSpan DrainGrace)> workers) =>
        CoordinatedShutdown.Get(system).AddTask(CoordinatedShutdown.PhaseBeforeServiceUnbind, "drain-workers", async () =>
        {
            await Task.WhenAll(workers.Select(each => DrainAsync(system, each.Worker, each.DrainGrace))).ConfigureAwait(false);
            return Done.Instance;
        });

    private static async Task DrainAsync(ActorSystem system, IActorRef worker, TimeSpan grace)
    {
        try
        {
            await worker.Ask<WorkerProtocol.Drained>(new WorkerProtocol.Drain(grace), grace + DrainAnswer).ConfigureAwait(false);
        }
        catch (AskTimeoutException)
        {
            // It is restarting, or hangs: what it had is lost to its generations in any case.
            system.Log.Warning("{0} did not finish its jobs within {1}.", worker.Path, grace + DrainAnswer);
        }
    }

    private static (IActorRef Gateway, IActorRef Router) StartGateway(ActorSystem system, InferenceSettings settings)
    {
        var router = system.ActorOf(RouterActor.Props(settings.Router), RouterActor.Name);
        return (system.ActorOf(GatewayActor.Props(router, settings.Gateway), "gateway"), router);
    }
}
