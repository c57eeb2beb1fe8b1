using System.Collections.Immutable;
using System.Net;
using ActorInference.Host.Cli;
using ActorInference.Host.Composition;
using ActorInference.Host.Http;
using ActorInference.Host.Serving;
using ActorInference.Host.Text;
using ActorInference.Roles.Composition;
using Akka.Actor;
using Akka.Hosting;

namespace ActorInference.Host.Commands;

/// <summary>Serves or answers one prompt: with every role in this process, or with a process for each.</summary>
public static class Up
{
    public static async Task<int> RunAsync(UpOptions options)
    {
        if (options.Prompt is null) WebServer.CheckFree(options.Host, options.Port);
        using var operations = options.Prompt is null ? Operations.Reserve(options, Console.Error.WriteLine) : null;
        if (options.DataFolder is { } data) CreateData(data);
        using var signals = new SignalCancellation();
        if (options.Processes)
        {
            await RunAsync(new UpRun(options, LoadedModel.LoadServed(options), new InferenceNode { Roles = [NodeRole.Gateway] }, operations, GatewayOfProcesses()), signals.Token);
            return CommandLine.Success;
        }

        using var model = LoadingBar.Show(options.ModelName, progress => LoadedModel.Load(options, progress));
        await RunAsync(new UpRun(options, model.Served, model.ToNode(options), operations, Cluster: null), signals.Token);
        return CommandLine.Success;
    }

    private static ClusterNode GatewayOfProcesses() => new(IPAddress.Loopback, 0, [NodeRole.Gateway], []);

    private static Task RunAsync(UpRun run, CancellationToken stop) =>
        run.Options.Prompt is { } prompt ? AnswerAsync(run, prompt, stop) : ServeAsync(run, stop);

    private static async Task AnswerAsync(UpRun run, PromptOptions prompt, CancellationToken stop)
    {
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ContentRootPath = AppContext.BaseDirectory });
        builder.Logging.LogToStderr(run.Options.LogLevel);
        builder.Services.AddInferenceNode(run.Served, run.Node, run.Options.LogLevel, run.Configure);
        using var host = builder.Build();
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
        builder.Services.AddInferenceNode(run.Served, run.Node, options.LogLevel, run.Configure);
        builder.Services.AddHttpApi();
        await using var app = builder.Build();
        app.MapHttpApi();
        await app.StartOrExplainAsync(options.Host, options.Port, stop);
        try
        {
            await using var processes = await run.StartProcessesAsync(app.Services, stop);
            await app.Services.WaitUntilServingAsync(stop);
            var lines = await run.Operations!.StartAsync(app.Services.GetRequiredService<ActorSystem>(), app.Logger);
            Console.Out.WriteLine(ServeBanner.Of(run.Served, new Uri(app.Urls.Single()), lines));
            await app.WaitForShutdownAsync(stop);
        }
        finally
        {
            app.Services.GetRequiredService<Readiness>().IsReady = false;
            await app.StopAsync(CancellationToken.None);
        }
    }

    private static void CreateData(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException($"--data is '{folder}'; expected a folder that can be made and written: {cause.Message}", cause);
        }
    }

    /// <summary>What this process does, and with whom.</summary>
    private sealed record UpRun(UpOptions Options, ServedModel Served, InferenceNode Node, Operations? Operations, ClusterNode? Cluster)
    {
        public void Configure(AkkaConfigurationBuilder akka)
        {
            Cluster?.Configure(akka);
            Operations?.Configure(akka);
        }

        /// <summary>Starts a process for each other role, if there is to be one, with this one as their seed.</summary>
        public async Task<RoleProcesses> StartProcessesAsync(IServiceProvider services, CancellationToken stop)
        {
            if (Cluster is null) return new RoleProcesses([]);
            var system = services.GetRequiredService<ActorSystem>();
            var seed = await Cluster.JoinAsync(system, stop);
            var log = services.GetRequiredService<ILoggerFactory>().CreateLogger<RoleProcess>();
            return new RoleProcesses([.. NodeRoles.All.Except(Cluster.Roles).Select(role => new RoleProcess(role, Options, seed, log, address => ClusterNode.RemoveDead(system, address)))]);
        }
    }

    /// <summary>Ended together.</summary>
    private sealed class RoleProcesses(ImmutableArray<RoleProcess> processes) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync() => await Task.WhenAll(processes.Select(process => process.DisposeAsync().AsTask()));
    }
}
