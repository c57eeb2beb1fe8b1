using ActorInference.Actors.Kv;
using ActorInference.Gpu.Cpu;
using ActorInference.Host.Commands;
using ActorInference.Host.Serving;
using ActorInference.Roles.Composition;
using Akka.Hosting;

namespace ActorInference.Host.Composition;

/// <summary>The actors of a process, as services of its host.</summary>
public static class NodeServices
{
    /// <summary>Name of the actor system, the same in every process of a cluster.</summary>
    public const string SystemName = "actor-inference";

    /// <summary>For the workers to load weights and make their buffers, in other processes too.</summary>
    private static readonly TimeSpan ServingDeadline = TimeSpan.FromMinutes(5);

    /// <summary>What a process with workers runs: the model on the CPU.</summary>
    public static InferenceNode ToNode(this LoadedModel model, ModelOptions options)
    {
        var threads = options.Threads ?? Environment.ProcessorCount;
        return new InferenceNode
        {
            CreateRunner = _ => new CpuModelRunner(model.Weights, model.Pages, new CpuRunnerOptions { Threads = threads }),
            EndTokenIds = model.Served.EosTokenIds,
            DevicePool = model.Pages,
            Settings = options.Settings,
            Namespace = new KvNamespace(model.Served.Name, WeightsFingerprint.Of(model.Served.Folder), model.Pages.Layout.Dtype),
        };
    }

    /// <summary>Adds the actors and, on a gateway, the generator over them.</summary>
    /// <param name="services">Of the host.</param>
    /// <param name="served">What the edge knows of the model.</param>
    /// <param name="node">What the process does.</param>
    /// <param name="logLevel">Least level that actors log.</param>
    /// <param name="configure">Adds more to the actor system.</param>
    public static IServiceCollection AddInferenceNode(
        this IServiceCollection services, ServedModel served, InferenceNode node, LogLevel logLevel, Action<AkkaConfigurationBuilder> configure)
    {
        services.AddSingleton(served);
        services.AddSingleton<ClusterTokenGenerator>();
        services.AddSingleton<ITokenGenerator>(provider => provider.GetRequiredService<ClusterTokenGenerator>());
        services.AddAkka(SystemName, akka => configure(akka
            .ConfigureLoggers(loggers =>
            {
                loggers.ClearLoggers();
                loggers.LogLevel = Severity(logLevel);
                loggers.AddLoggerFactory();
            })
            .WithInferenceNode(node)));
        return services;
    }

    /// <summary>Waits until prompts can be answered, and says so to health checks.</summary>
    public static async Task WaitUntilServingAsync(this IServiceProvider services, CancellationToken cancellationToken)
    {
        await services.GetRequiredService<ClusterTokenGenerator>().WaitUntilServingAsync(ServingDeadline, cancellationToken);
        if (services.GetService<Readiness>() is { } readiness) readiness.IsReady = true;
    }

    private static Akka.Event.LogLevel Severity(LogLevel level) => level switch
    {
        LogLevel.Trace or LogLevel.Debug => Akka.Event.LogLevel.DebugLevel,
        LogLevel.Information => Akka.Event.LogLevel.InfoLevel,
        LogLevel.Warning => Akka.Event.LogLevel.WarningLevel,
        _ => Akka.Event.LogLevel.ErrorLevel,
    };
}
