using ActorInference.Actors.Ids;
using ActorInference.Actors.Protocols;
using ActorInference.Actors.Supervision;
using ActorInference.Cache.Tiers;
using ActorInference.Gpu.Workers;
using ActorInference.Roles.Configuration;
using ActorInference.Roles.Workers;
using Akka.Actor;

namespace ActorInference.Roles.Composition;

/// <summary>Starts the workers of a node, each under a supervisor of its own.</summary>
internal sealed class WorkerStarter(ActorSystem system, InferenceNode node, InferenceSettings settings, IActorRef routers, IActorRef? courier, HostTiers tiers)
{
    private readonly IReadOnlyList<(WorkerRole Role, int Count)> _workers = [.. node.Workers()];

    /// <summary>Once for all workers of the process.</summary>
    private readonly Lazy<Task> _beforeWork = new(() => node.BeforeWork?.Invoke(system, tiers) ?? Task.CompletedTask);

    /// <returns>The workers, each with the time that it has to finish its jobs when the node leaves.</returns>
    public IReadOnlyList<(IActorRef Worker, TimeSpan DrainGrace)> StartAll() =>
        [.. _workers.SelectMany(each => Enumerable.Range(0, each.Count).Select(i => (Start(each.Role, each.Count, i), settings.Of(each.Role).DrainGrace)))];

    private IActorRef Start(WorkerRole role, int count, int ordinal)
    {
        var own = settings.Of(role);
        var name = InferenceNode.NameOf(role, ordinal);
        var worker = new WorkerId(name + Place());
        var pulse = new WorkerPulse();
        var prefixes = settings.Router.Prefix.BlockTokens > 0 && own.PrefixCache.Share > 0 ? new PrefixJournal(settings.Router.Prefix.BlockTokens) : null;
        var gpu = GpuOptions(role, count, worker, prefixes) with { Pulse = pulse, StepLogPath = node.StepLogs is { } folder ? Path.Combine(folder, name + StepLog.Extension) : null };
        var options = new WorkerRoleOptions
        {
            Worker = worker,
            Role = role,
            GpuWorker = GpuWorkerActor.Props(gpu),
            Rehearsal = Rehearsal(role, worker),
            Router = routers,
            Format = node.Exchange?.Source.Format,
            MaxJobs = own.MaxJobs,
            ReportInterval = own.ReportInterval,
            StepDeadline = own.StepDeadline,
            // With other policies the device may have what host memory has not: that would be brought in vain.
            Prefetch = tiers.Storage is { } storage && settings.Tiers.Write == TierWritePolicy.WriteThrough ? new QueuedPrefetch(storage, node.Namespace, pulse) : null,
            Prefixes = prefixes,
            Pulse = pulse,
        };
        return system.ActorOf(SupervisionStrategies.WithBackoff(WorkerActor.Props(options), name), name);
    }

    /// <summary>A process by itself has nobody to exchange pages with.</summary>
    private Props? Rehearsal(WorkerRole role, WorkerId worker) => node.Exchange is not { } exchange ? null : RehearsalActor.Props(new RehearsalOptions
    {
        Worker = worker,
        Role = role,
        Format = exchange.Source.Format,
        Routers = routers,
        HasJoined = HasJoined,
        Deadline = settings.Of(role).RehearsalDeadline,
        BeforeWork = node.BeforeWork is null ? null : () => _beforeWork.Value,
    });

    private bool HasJoined()
    {
        var cluster = Akka.Cluster.Cluster.Get(system);
        return cluster.State.Members.Any(member => member.UniqueAddress.Equals(cluster.SelfUniqueAddress));
    }

    private GpuWorkerOptions GpuOptions(WorkerRole role, int count, WorkerId worker, PrefixJournal? prefixes)
    {
        var createRunner = node.CreateRunner ?? throw new ArgumentException("A node with workers needs a model to run.", nameof(node));
        var own = settings.Of(role);
        var shares = _workers.Sum(each => settings.Of(each.Role).PrefixCache.Share);
        return new GpuWorkerOptions
        {
            Worker = worker,
            CreateRunner = () => createRunner(worker),
            WarmUpTokens = node.WarmUpTokens,
            IsPreparedFirst = node.IsPreparedFirst,
            CreateWarmUpTiers = tiers.Host is null ? null : PrefixCaches.CreateForWarmUp,
            CreateCache = runner =>
            {
                prefixes?.Reset();
                return PrefixCaches.Create(runner, own.PrefixCache, count, shares, tiers.Host, prefixes);
            },
            OnSpace = prefixes is null ? null : prefixes.Name,
            Tier = tiers.Host,
            Prefetch = tiers.Storage,
            Namespace = node.Namespace,
            AheadPages = runner => PrefixCaches.AheadPages(runner, _workers.Sum(each => each.Count) > 1 ? shares : 0),
            Engine = own.Engine with { EndTokenIds = node.EndTokenIds },
            Vocabulary = node.Vocabulary,
            TransferDeadline = own.TransferDeadline,
            SignInterval = own.ReportInterval,
            Source = node.Exchange?.Source,
            Courier = courier,
        };
    }

    /// <summary>In a cluster a worker's name has its node in it.</summary>
    private string Place() =>
        node.Exchange is not null && Akka.Cluster.Cluster.Get(system).SelfAddress is { } address ? $"@{address.Host}:{address.Port}" : "";
}
