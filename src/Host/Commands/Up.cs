using System.Collections.Immutable;
using ActorInference.Gpu.Models;
using ActorInference.Host.Cli;
using ActorInference.Host.Composition;
using ActorInference.Host.Http;
using ActorInference.Host.Serving;
using ActorInference.Host.Text;
using ActorInference.Host.Tracing;
using ActorInference.Roles.Composition;
using Akka.Actor;
using Akka.Hosting;

namespace ActorInference.Host.Commands;

/// <summary>Serves or answers one prompt: a cluster of this process alone, with every role, or of a process for each role.</summary>
public static class Up
{
    public static async Task<int> RunAsync(UpOptions options)
    {
        if (options.Prompt is null) WebServer.CheckFree(options.Host, options.Port);
        using var operations = options.Prompt is null ? Operations.Reserve(options, options.Port, Console.Error.WriteLine) : null;
        using var data = OpenData(options);
        using var signals = new SignalCancellation();
        using var traces = options.Prompt is null ? TraceExport.Start(options.Config.Settings.Tracing, options.Processes ? [NodeRole.Gateway] : NodeRoles.All) : null;
        if (options.Processes)
        {
            RankedBackend.Divide(options, ModelConfig.Load(options.ModelFolder));   // The roles' processes would say so each, again and again.
            var gateway = new InferenceNode { Roles = [NodeRole.Gateway] };
            await RunAsync(new UpRun(options, LoadedModel.LoadServed(options), gateway, operations, data), signals.Token);
            return CommandLine.Success;
        }

        using var model = LoadingBar.Show(options.ModelName, progress => LoadedModel.Load(options, progress, options.Note));
        operations?.Metrics.ObservePages(model.Pages);
        operations?.Metrics.ObserveDrafts();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(signals.Token, model.Backend.WhenLost);
        var node = model.ToNode(options);
        // Every worker has ranks of its own: one that does both has them once.
        if (options.Ranks > 1) node = node with { Roles = NodeRoles.Aggregated };
        await RunAsync(new UpRun(options, model.Served, node, operations, data), stop.Token);
        return model.Backend.WhenLost.IsCancellationRequested ? CommandLine.Failure : CommandLine.Success;
    }

    /// <summary>One answer leaves nothing behind, unless it is told where.</summary>
    private static DataFolder? OpenData(UpOptions options)
    {
        if (options.DataFolder is { } given) return DataFolder.Open(given);
        return options.Prompt is not null || options.Config.ChoosesPersistence ? null : DataFolder.OpenDefault(Console.Error.WriteLine);
    }

    private static Task RunAsync(UpRun run, CancellationToken stop) =>
        run.Options.Prompt is { } prompt ? AnswerAsync(run, prompt, stop) : ServeAsync(run, stop);

    private static async Task AnswerAsync(UpRun run, PromptOptions prompt, CancellationToken stop)
    {
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ContentRootPath = AppContext.BaseDirectory });
        builder.Logging.LogToStderr(run.Options.LogLevel);
        builder.Services.AddInferenceNode(run.Node, run.Options.LogLevel, run.Configure).AddGateway(run.Served);
        using var host = builder.Build();
        host.Services.StartActorSystem(run.Options);
        await host.StartAsync(stop);
        try
        {
            await using var processes = await run.StartProcessesAsync(host.Services, stop);
            await host.Services.WaitUntilServingAsync(stop);
            var answer = new PromptRun(run.Served, new TextGeneration(host.Services.GetRequiredService<ITokenGenerator>(), run.Served));
            await answer.RunAsync(prompt, Console.Out, stop);
        }
        finally
        {
            await host.StopAsync(CancellationToken.None);
        }
    }

    private static async Task ServeAsync(UpRun run, CancellationToken stop)
    {
        var options = run.Options;
        var builder = WebServer.CreateBuilder(options.Host, options.Port, options.LogLevel);
        builder.Services.AddInferenceNode(run.Node, options.LogLevel, run.Configure).AddGateway(run.Served, run.Operations!.Metrics).AddHttpApi();
        await using var app = builder.Build();
        app.MapHttpApi();
        app.Services.StartActorSystem(options);
        await app.StartOrExplainAsync(options.Host, options.Port, stop);
        try
        {
            await using var processes = await run.StartProcessesAsync(app.Services, stop);
            await app.Services.WaitUntilServingAsync(stop);
            var lines = await run.Operations!.StartAsync(app.Services.GetRequiredService<ActorSystem>(), app.Logger);
            Console.Out.WriteLine(ServeBanner.Of(run.Served, new Uri(app.Urls.Single()), run.Data is { } data ? [.. lines, $"Data: {data.Path}"] : lines));
            await app.WaitForShutdownAsync(stop);
        }
        finally
        {
            app.Services.GetRequiredService<Readiness>().IsReady = false;
            app.NoteUnanswered();
            await app.StopAsync(CancellationToken.None);
        }
    }

    /// <summary>What this process does, and with whom.</summary>
    private sealed record UpRun(UpOptions Options, ServedModel Served, InferenceNode Node, Operations? Operations, DataFolder? Data)
    {
        /// <summary>On a port of loopback that nobody is told of but the processes of this command.</summary>
        private readonly ClusterNode _cluster = new(ClusterHost.Loopback, 0, Node.Roles, []);

        public void Configure(AkkaConfigurationBuilder akka)
        {
            Options.Configure(akka, Data?.Path);
            _cluster.Configure(akka);
            Operations?.Configure(akka);
        }

        /// <summary>Begins the cluster; if each role is to have a process, starts those of the others, with this one as their seed.</summary>
        public async Task<RoleProcesses> StartProcessesAsync(IServiceProvider services, CancellationToken stop)
        {
            var system = services.GetRequiredService<ActorSystem>();
            var joining = _cluster.JoinAsync(system, Options.Config.Settings.Membership.JoinDeadline, stop);
            if (!Options.Processes)
            {
                await Task.WhenAll(joining, services.WaitUntilServingAsync(stop));   // Both take their time, and neither needs the other.
                return new RoleProcesses([]);
            }

            var seed = await joining;
            var log = services.GetRequiredService<ILoggerFactory>().CreateLogger<RoleProcess>();
            var options = Options with { DataFolder = Data?.Path };
            return new RoleProcesses([.. NodeRoles.All.Except(Node.Roles).Select(role => new RoleProcess(role, options, seed, log, address => ClusterNode.RemoveDead(system, address)))]);
        }
    }

    /// <summary>Ended together.</summary>
    private sealed class RoleProcesses(ImmutableArray<RoleProcess> processes) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync() => await Task.WhenAll(processes.Select(process => process.DisposeAsync().AsTask()));
    }
}
