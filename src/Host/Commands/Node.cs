using ActorInference.Actors.Kv;
using ActorInference.Cache.Tiers;
using ActorInference.Host.Cli;
using ActorInference.Host.Composition;
using ActorInference.Host.Http;
using ActorInference.Host.Serving;
using ActorInference.Host.Tracing;
using ActorInference.Roles.Composition;
using ActorInference.Roles.Configuration;
using Akka;
using Akka.Actor;
using Akka.Hosting;
using StartingShare = ActorInference.Roles.Agents.StartingShare;

namespace ActorInference.Host.Commands;

/// <summary>Runs one process of a cluster until it is told to end.</summary>
public static class Node
{
    public static async Task<int> RunAsync(NodeOptions options)
    {
        if (options.Cpu is { } cpu) ProcessorAffinity.Set(cpu);
        if (options.IsGateway) WebServer.CheckFree(options.Host, options.Port);
        using var operations = Operations.Reserve(options, options.IsGateway ? options.Port : 0, Console.Error.WriteLine);
        ReservedPort.Take("--cluster-port", new PortRequest(options.Cluster.Port, IsGiven: true), 0, Console.Error.WriteLine, options.Cluster.Host.Listen)?.Dispose();
        using var traces = TraceExport.Start(options.Config.Settings.Tracing, options.Cluster.Roles);
        using var signals = new SignalCancellation();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(signals.Token);
        if (options.EndsWithInput) _ = EndWithInputAsync(stop);
        using var model = options.Cluster.HasWorkers
            ? LoadingBar.Show(options.ModelName, progress => LoadedModel.Load(options, progress, options.Note, shared: options.Transport != TransferTransport.Tcp && SharedSegment.Folder is not null))
            : null;
        if (model is not null)
        {
            operations.Metrics.ObservePages(model.Pages);
            operations.Metrics.ObserveDrafts();
        }

        using var lost = model?.Backend.WhenLost.Register(stop.Cancel);
        await using var exchange = model is null ? null : options.Cluster.CreateExchange(model, options);
        var plain = model?.ToNode(options) ?? new InferenceNode();
        var node = plain with
        {
            Roles = options.Cluster.Roles,
            Exchange = exchange,
            BeforeWork = options.ReadyPort is null ? null : (system, tiers) => PrepareAsync(system, options, tiers.Storage, plain.Namespace, stop.Token),
            StepLogs = options.StepLogs,
            IsPreparedFirst = true,
        };
        if (options.IsGateway) await ServeAsync(new NodeRun(options, node, operations), model?.Served ?? LoadedModel.LoadServed(options), stop.Token);
        else await WorkAsync(new NodeRun(options, node, operations), stop.Token);
        // Whoever started the process begins another one, which gets the device back.
        return model?.Backend.WhenLost.IsCancellationRequested == true ? CommandLine.Failure : CommandLine.Success;
    }

    /// <summary>For a process that somebody probes: its first request finds it as fast as any later one.</summary>
    private static async Task PrepareAsync(ActorSystem system, NodeOptions options, StorageTier? storage, KvNamespace space, CancellationToken stop)
    {
        await StorageReady.WaitAsync(system, options.Config.Settings, storage, space, stop);
        await StartingShare.TakeFullAsync(stop);
        CoordinatedShutdown.Get(system).AddTask(CoordinatedShutdown.PhaseBeforeClusterShutdown, "give-back-share", () =>
        {
            StartingShare.GiveBack();
            return Task.FromResult(Done.Instance);
        });
    }

    private static async Task WorkAsync(NodeRun run, CancellationToken stop)
    {
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ContentRootPath = AppContext.BaseDirectory });
        builder.Logging.LogToStderr(run.Options.LogLevel);
        builder.Services.AddInferenceNode(run.Node, run.Options.LogLevel, run.Configure);
        using var host = builder.Build();
        host.Services.StartActorSystem(run.Options);
        await host.StartAsync(stop);
        await run.UntilEndAsync(host, stop, (seed, lines) =>
        {
            var work = string.Join(", ", run.Options.Cluster.Roles.Select(role => role.Name()));
            Console.Out.WriteLine($"{work} {(run.Options.Cluster.HasWorkers ? $"of {run.Options.ModelName} " : "")}at {seed}.\n{ServeBanner.End(lines)}");
            return Task.CompletedTask;
        });
    }

    private static async Task ServeAsync(NodeRun run, ServedModel served, CancellationToken stop)
    {
        var options = run.Options;
        var builder = WebServer.CreateBuilder(options.Host, options.Port, options.LogLevel);
        builder.Services.AddInferenceNode(run.Node, options.LogLevel, run.Configure).AddGateway(served, run.Operations.Metrics).AddHttpApi();
        await using var app = builder.Build();
        app.MapHttpApi();
        app.Services.StartActorSystem(options);
        await app.StartOrExplainAsync(options.Host, options.Port, stop);
        await run.UntilEndAsync(app, stop, async (seed, lines) =>
        {
            Console.Out.WriteLine($"Waiting for workers; they join by --seed {seed}.");
            await app.Services.WaitUntilServingAsync(stop);
            Console.Out.WriteLine(ServeBanner.Of(served, new Uri(app.Urls.Single()), [$"Cluster: {seed}", .. lines]));
        });
    }

    /// <summary>What this process does, and how it is operated.</summary>
    private sealed record NodeRun(NodeOptions Options, InferenceNode Node, Operations Operations)
    {
        public void Configure(AkkaConfigurationBuilder akka)
        {
            Options.Configure(akka, Options.DataFolder);
            Options.Cluster.Configure(akka);
            Operations.Configure(akka);
        }

        /// <summary>Joins, says that it has, and waits for the end.</summary>
        public async Task UntilEndAsync(IHost host, CancellationToken stop, Func<string, IReadOnlyList<string>, Task> onJoined)
        {
            ReadyPort? ready = null;
            try
            {
                var system = host.Services.GetRequiredService<ActorSystem>();
                // First, so that a node can be looked at, and told whom to join, while it waits for its seeds.
                var log = host.Services.GetRequiredService<ILogger<Operations>>();
                var lines = await Operations.StartAsync(system, log);
                WarnOfMemory(log);
                await onJoined(await Options.Cluster.JoinAsync(system, Options.Config.Settings.Membership.JoinDeadline, stop), lines);
                if (Options.ReadyPort is { } port)
                {
                    await WorkersReady.WaitAsync(system, Node, stop);
                    ready = ReadyPort.Open(Options.Cluster.Host.Listen, port);
                }

                await host.WaitForShutdownAsync(stop);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                // Told to end before it was ready.
            }
            finally
            {
                ready?.Dispose();   // Before anything ends: who asks sends nothing more.
                if (host is WebApplication app) app.NoteUnanswered();
                await host.StopAsync(CancellationToken.None);
            }
        }

        /// <summary>Says that what entities know is not safe, if this node hosts any and nobody else has decided on that.</summary>
        private void WarnOfMemory(ILogger log)
        {
            var settings = Options.Config.Settings;
            if (Options.EndsWithInput || Options.DataFolder is not null || settings.Persistence.Provider != PersistenceProvider.Memory) return;
            var hosted = Node.Entities(settings).Where(entity => entity.Role is not { } role || Node.Roles.Contains(role)).Select(entity => entity.TypeName).ToList();
            if (hosted.Count == 0) return;
            log.LogWarning(
                "What the entities {Types} know is kept in memory, and gone when they move to another process or this one ends; name a database by --data or {Section}.",
                string.Join(", ", hosted), PersistenceSettings.Section);
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
