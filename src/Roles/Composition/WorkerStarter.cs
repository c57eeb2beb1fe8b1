using ActorInference.Actors.Ids;
using ActorInference.Actors.Protocols;
using ActorInference.Actors.Supervision;
using ActorInference.Gpu.Workers;
using ActorInference.Roles.Configuration;
using ActorInference.Roles.Workers;
using Akka.Actor;

namespace ActorInference.Roles.Composition;

/// <summary>Starts the workers of a node, each under a supervisor of its own.</summary>
internal sealed class WorkerStarter(ActorSystem system, InferenceNode node, IActorRef routers, IActorRef? courier, HostTiers tiers)
{
    public void Start(WorkerRole role, int count, WorkerSettings settings, Func<WorkerRoleOptions, Props> props)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        for (var i = 0; i < count; i++)
        {
            var name = InferenceNode.NameOf(role, i);
            var worker = new WorkerId(name + Place());
            var options = new WorkerRoleOptions
            {
                Worker = worker,
                GpuWorker = GpuWorkerActor.Props(GpuOptions(role, count, worker, settings)),
                Router = routers,
                Format = node.Exchange?.Source.Format,
                MaxJobs = settings.MaxJobs,
                ReportInterval = settings.ReportInterval,
            };
            system.ActorOf(SupervisionStrategies.WithBackoff(props(options), name), name);
        }
    }

    private GpuWorkerOptions GpuOptions(WorkerRole role, int count, WorkerId worker, WorkerSettings settings)
    {
        var createRunner = node.CreateRunner ?? throw new ArgumentException("A node with workers needs a model to run.", nameof(node));
        return new GpuWorkerOptions
        {
            Worker = worker,
            Role = role,
            CreateRunner = () => createRunner(worker),
            CreateCache = runner => PrefixCaches.Create(runner, settings.PrefixCache, count, tiers.Host),
            Tier = tiers.Host,
            Prefetch = tiers.Storage,
            Namespace = node.Namespace,
            Engine = settings.Engine with { EndTokenIds = node.EndTokenIds },
            TransferDeadline = settings.TransferDeadline,
            Source = node.Exchange?.Source,
            Courier = courier,
        };
    }

    /// <summary>In a cluster a worker's name has its node in it.</summary>
    private string Place() =>
        node.Exchange is not null && Akka.Cluster.Cluster.Get(system).SelfAddress is { } address ? $"@{address.Host}:{address.Port}" : "";
}
