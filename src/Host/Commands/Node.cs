using ActorInference.Cache.Transfer;
using ActorInference.Host.Cli;
using ActorInference.Host.Composition;
using ActorInference.Host.Http;
using ActorInference.Host.Serving;
using ActorInference.Roles.Composition;
using Akka.Actor;

namespace ActorInference.Host.Commands;

/// <summary>Runs one process of a cluster until it is told to end.</summary>
public static class Node
{
    public static async Task<int> RunAsync(NodeOptions options)
    {
        var isGateway = options.Cluster.Roles.Contains(NodeRole.Gateway);
        if (isGateway) WebServer.CheckFree(options.Host, options.Port);
        using var signals = new SignalCancellation();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(signals.Token);
        if (options.EndsWithInput) _ = EndWithInputAsync(stop);
        using var model = options.Cluster.HasWorkers
            ? LoadingBar.Show(options.ModelName, progress => LoadedModel.Load(options, progress, shared: options.Transport != TransferTransport.Tcp && Actors.Kv.SharedSegment.Folder is not null))
            : null;
        await using var exchange = model is null ? null : options.Cluster.CreateExchange(model, options);
        var served = model?.Served ?? LoadedModel.LoadServed(options);
        var node = Describe(options, model, exchange);
        if (isGateway) await ServeAsync(options, served, node, stop.Token);
        else await WorkAsync(options, served, node, stop.Token);
        return CommandLine.Success;
    }

    private static InferenceNode Describe(NodeOptions options, LoadedModel? model, PageExchange? exchange) =>
        (model?.ToNode(options) ?? new InferenceNode { Settings = options.Settings }) with { Roles = options.Cluster.Roles, Exchange = exchange };

    private static async Task WorkAsync(NodeOptions options, ServedModel served, InferenceNode node, CancellationToken stop)
    {
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ContentRootPath = AppContext.BaseDirectory });
        builder.Logging.LogToStderr(options.LogLevel);
        builder.Services.AddInferenceNode(served, node, options.LogLevel, options.Cluster.Configure);
        using var host = builder.Build();
        await host.StartAsync(stop);
        await RunAsync(options, host, stop, (seed, _) =>
        {
            Console.Out.WriteLine($"{string.Join(", ", options.Cluster.Roles.Select(role => role.Name()))} of {served.Name} at {seed}. Ctrl-C stops it.");
            return Task.CompletedTask;
        });
    }

    private static async Task ServeAsync(NodeOptions options, ServedModel served, InferenceNode node, CancellationToken stop)
    {
        var builder = WebServer.CreateBuilder(options.Host, options.Port, options.LogLevel);
        builder.Services.AddInferenceNode(served, node, options.LogLevel, options.Cluster.Configure);
        builder.Services.AddHttpApi();
        await using var app = builder.Build();
        app.MapHttpApi();
        await app.StartOrExplainAsync(options.Host, options.Port, stop);
        await RunAsync(options, app, stop, async (seed, ended) =>
        {
            Console.Out.WriteLine($"Waiting for workers; they join by --seed {seed}.");
            await app.Services.WaitUntilServingAsync(ended);
            Console.Out.WriteLine(ServeBanner.Of(served, new Uri(app.Urls.Single()), [$"Cluster: {seed}"]));
        });
    }

    /// <summary>Joins, says that it has, and waits for the end.</summary>
    private static async Task RunAsync(NodeOptions options, IHost host, CancellationToken stop, Func<string, CancellationToken, Task> onJoined)
    {
        try
        {
            var seed = await options.Cluster.JoinAsync(host.Services.GetRequiredService<ActorSystem>(), stop);
            await onJoined(seed, stop);
            await host.WaitForShutdownAsync(stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Told to end before it was ready.
        }
        finally
        {
            await host.StopAsync(CancellationToken.None);
        }
    }

    private static async Task EndWithInputAsync(CancellationTokenSource stop)
    {
        var buffer = new byte[256];
        await using var input = Console.OpenStandardInput();
        while (await input.ReadAsync(buffer) > 0)
        {
        }

        await stop.CancelAsync();
    }
}
