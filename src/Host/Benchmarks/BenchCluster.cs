using System.Collections.Immutable;
using ActorInference.Host.Cli;
using ActorInference.Host.Commands;
using ActorInference.Host.Composition;
using ActorInference.Host.Management;
using ActorInference.Host.Serving;
using ActorInference.Roles.Composition;
using Akka.Actor;

namespace ActorInference.Host.Benchmarks;

/// <summary>A gateway in this process and a process for each worker, to be measured. Ends them when disposed.</summary>
internal sealed class BenchCluster : IAsyncDisposable
{
    private static readonly TimeSpan StartDeadline = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Check = TimeSpan.FromMilliseconds(100);

    private readonly IHost _host;
    private ImmutableArray<RoleProcess> _processes = [];

    private BenchCluster(IHost host) => _host = host;

    public ITokenGenerator Generator => _host.Services.GetRequiredService<ITokenGenerator>();

    /// <summary>Starts it and waits until every worker reports.</summary>
    /// <param name="pinned">Whether each keeps to a processor of its own.</param>
    /// <exception cref="UserErrorException">They did not come up.</exception>
    public static async Task<BenchCluster> StartAsync(ServedModel served, ProcessOptions model, IReadOnlyList<NodeRole> workers, bool pinned, CancellationToken stop)
    {
        var node = new ClusterNode(ClusterHost.Loopback, 0, [NodeRole.Gateway], []);
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ContentRootPath = AppContext.BaseDirectory });
        builder.Logging.LogToStderr(model.LogLevel);
        builder.Services.AddInferenceNode(new InferenceNode { Roles = [NodeRole.Gateway] }, model.LogLevel, node.Configure).AddGateway(served);
        var cluster = new BenchCluster(builder.Build());
        try
        {
            await cluster._host.StartAsync(stop);
            await cluster.StartWorkersAsync(node, model, workers, pinned, stop);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_processes.Select(process => process.DisposeAsync().AsTask()));
        await _host.StopAsync(CancellationToken.None);
        _host.Dispose();
    }

    private async Task StartWorkersAsync(ClusterNode node, ProcessOptions model, IReadOnlyList<NodeRole> workers, bool pinned, CancellationToken stop)
    {
        var system = _host.Services.GetRequiredService<ActorSystem>();
        var seed = await node.JoinAsync(system, model.Config.Settings.Membership.JoinDeadline, stop);
        var log = _host.Services.GetRequiredService<ILoggerFactory>().CreateLogger<RoleProcess>();
        _processes = [.. workers.Select((role, i) => new RoleProcess(
            role, model, seed, log, address => ClusterNode.RemoveDead(system, address), pinned ? i % Environment.ProcessorCount : null))];
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(stop);
        deadline.CancelAfter(StartDeadline);
        using var timer = new PeriodicTimer(Check);
        try
        {
            while ((await system.WorkersAsync()).Reports.Length < workers.Count) await timer.WaitForNextTickAsync(deadline.Token);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            throw new UserErrorException($"The worker processes did not come up within {StartDeadline.TotalMinutes:0} minutes.");
        }
    }
}
