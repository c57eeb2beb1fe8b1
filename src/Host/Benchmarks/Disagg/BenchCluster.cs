using System.Collections.Immutable;
using ActorInference.Actors.Protocols;
using ActorInference.Gpu.Workers;
using ActorInference.Host.Cli;
using ActorInference.Host.Commands;
using ActorInference.Host.Composition;
using ActorInference.Host.Management;
using ActorInference.Host.Serving;
using ActorInference.Roles.Composition;
using Akka.Actor;

namespace ActorInference.Host.Benchmarks.Disagg;

/// <summary>A worker of the cluster.</summary>
/// <param name="Actor">Takes its commands.</param>
/// <param name="ProcessId">Of its process.</param>
/// <param name="StepLog">File of its steps.</param>
internal sealed record BenchWorker(IActorRef Actor, int ProcessId, string StepLog);

/// <summary>A gateway in this process and processes with a worker each, whose roles change as they are told. Ends them when disposed.</summary>
internal sealed class BenchCluster : IAsyncDisposable
{
    private static readonly TimeSpan StartDeadline = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan RoleDeadline = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Check = TimeSpan.FromMilliseconds(20);

    private readonly IHost _host;
    private ImmutableArray<RoleProcess> _processes = [];

    private BenchCluster(IHost host) => _host = host;

    public ITokenGenerator Generator => _host.Services.GetRequiredService<ITokenGenerator>();

    /// <summary>In the order of their places.</summary>
    public ImmutableArray<BenchWorker> Workers { get; private set; } = [];

    private ActorSystem System => _host.Services.GetRequiredService<ActorSystem>();

    /// <summary>Starts it and waits until every worker reports; they do both at first.</summary>
    /// <param name="places">One for each, with a folder for its steps.</param>
    /// <exception cref="UserErrorException">They did not come up.</exception>
    public static async Task<BenchCluster> StartAsync(ServedModel served, ProcessOptions model, ImmutableArray<RolePlacement> places, CancellationToken stop)
    {
        var node = new ClusterNode(ClusterHost.Loopback, 0, [NodeRole.Gateway], []);
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ContentRootPath = AppContext.BaseDirectory });
        builder.Logging.LogToStderr(model.LogLevel);
        builder.Services.AddInferenceNode(new InferenceNode { Roles = [NodeRole.Gateway] }, model.LogLevel, node.Configure).AddGateway(served);
        var cluster = new BenchCluster(builder.Build());
        try
        {
            await cluster._host.StartAsync(stop);
            await cluster.StartWorkersAsync(node, model, places, stop);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Gives each worker a role, and waits until the router knows.</summary>
    public async Task SetRolesAsync(ImmutableArray<WorkerRole> roles, CancellationToken stop)
    {
        foreach (var (worker, role) in Workers.Zip(roles)) await worker.Actor.Ask<WorkerProtocol.RoleSet>(new WorkerProtocol.SetRole(role), RoleDeadline, stop);
        await UntilAsync(
            RoleDeadline,
            reports => Workers.Zip(roles).All(pair => reports.Any(report => report.Actor.Equals(pair.First.Actor) && report.Role == pair.Second)),
            "did not take their roles",
            stop);
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_processes.Select(process => process.DisposeAsync().AsTask()));
        await _host.StopAsync(CancellationToken.None);
        _host.Dispose();
    }

    private async Task StartWorkersAsync(ClusterNode node, ProcessOptions model, ImmutableArray<RolePlacement> places, CancellationToken stop)
    {
        var seed = await node.JoinAsync(System, model.Config.Settings.Membership.JoinDeadline, stop);
        var log = _host.Services.GetRequiredService<ILoggerFactory>().CreateLogger<RoleProcess>();
        _processes = [.. places.Select(place => new RoleProcess(NodeRole.Both, model, seed, log, address => ClusterNode.RemoveDead(System, address), place))];
        await UntilAsync(
            StartDeadline,
            reports =>
            {
                var found = _processes.Zip(places).Select(each => Find(each.First, each.Second, reports)).OfType<BenchWorker>().ToImmutableArray();
                if (found.Length < places.Length) return false;
                Workers = found;
                return true;
            },
            "did not come up",
            stop);
    }

    private static BenchWorker? Find(RoleProcess process, RolePlacement place, ImmutableArray<RouterProtocol.WorkerReport> reports)
    {
        if (process.Member is not { } member) return null;
        var report = reports.FirstOrDefault(report => $"{report.Actor.Path.Address.Host}:{report.Actor.Path.Address.Port}" == member.Address);
        return report is null ? null : new BenchWorker(report.Actor, member.ProcessId, Path.Combine(place.StepLogs!, InferenceNode.NameOf(WorkerRole.Both, 0) + StepLog.Extension));
    }

    private async Task UntilAsync(TimeSpan limit, Func<ImmutableArray<RouterProtocol.WorkerReport>, bool> condition, string otherwise, CancellationToken stop)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(stop);
        deadline.CancelAfter(limit);
        using var timer = new PeriodicTimer(Check);
        try
        {
            while (!condition((await System.WorkersAsync()).Reports)) await timer.WaitForNextTickAsync(deadline.Token);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            throw new UserErrorException($"The worker processes {otherwise} within {limit.TotalSeconds:0} s.");
        }
    }
}
