using ActorInference.Actors.Ids;
using ActorInference.Actors.Protocols;
using ActorInference.Actors.Supervision;
using ActorInference.Gpu.Workers;
using ActorInference.Roles.Configuration;
using ActorInference.Roles.Decode;
using ActorInference.Roles.Gateway;
using ActorInference.Roles.Prefill;
using ActorInference.Roles.Router;
using ActorInference.Roles.Workers;
using Akka.Actor;
using Akka.Hosting;

namespace ActorInference.Roles.Composition;

/// <summary>Starts the actors of a node.</summary>
public static class InferenceNodeExtensions
{
    /// <summary>
    /// Adds gateway, router, prefill and decode to a hosted actor system. The registry then has <see cref="GatewayActor"/>
    /// and <see cref="RouterActor"/>.
    /// </summary>
    public static AkkaConfigurationBuilder WithInferenceNode(this AkkaConfigurationBuilder builder, InferenceNode node) => builder
        .AddHocon(InferenceSettings.Reference, HoconAddMode.Append)
        .WithActors((system, registry) =>
        {
            var (gateway, router) = system.StartInferenceNode(node);
            registry.Register<GatewayActor>(gateway);
            registry.Register<RouterActor>(router);
        });

    /// <summary>Starts the actors in a system whose configuration has <see cref="InferenceSettings.Reference"/> in it.</summary>
    /// <exception cref="Akka.Configuration.ConfigurationException">A setting is wrong; nothing was started.</exception>
    public static (IActorRef Gateway, IActorRef Router) StartInferenceNode(this ActorSystem system, InferenceNode node)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(node.PrefillWorkers);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(node.DecodeWorkers);
        var settings = InferenceSettings.Read(system.Settings.Config);
        var router = system.ActorOf(RouterActor.Props(settings.Router), "router");
        for (var i = 0; i < node.PrefillWorkers; i++)
            StartWorker(system, node, WorkerRole.Prefill, i, settings.Prefill, router, PrefillActor.Props);
        for (var i = 0; i < node.DecodeWorkers; i++)
            StartWorker(system, node, WorkerRole.Decode, i, settings.Decode, router, DecodeActor.Props);
        var gateway = system.ActorOf(GatewayActor.Props(router, settings.Gateway), "gateway");
        return (gateway, router);
    }

    private static void StartWorker(
        ActorSystem system, InferenceNode node, WorkerRole role, int ordinal, WorkerSettings settings, IActorRef router, Func<WorkerRoleOptions, Props> props)
    {
        var worker = InferenceNode.NameOf(role, ordinal);
        var options = new WorkerRoleOptions
        {
            Worker = worker,
            GpuWorker = GpuWorkerActor.Props(GpuOptions(node, role, worker, settings)),
            Router = router,
            MaxJobs = settings.MaxJobs,
            ReportInterval = settings.ReportInterval,
        };
        system.ActorOf(SupervisionStrategies.WithBackoff(props(options), worker.Value), worker.Value);
    }

    private static GpuWorkerOptions GpuOptions(InferenceNode node, WorkerRole role, WorkerId worker, WorkerSettings settings) => new()
    {
        Worker = worker,
        Role = role,
        CreateRunner = () => node.CreateRunner(worker),
        CreateCache = runner => PrefixCaches.Create(runner, settings.PrefixCache, role == WorkerRole.Prefill ? node.PrefillWorkers : node.DecodeWorkers),
        Engine = settings.Engine with { EndTokenIds = node.EndTokenIds },
        TransferDeadline = settings.TransferDeadline,
    };
}
