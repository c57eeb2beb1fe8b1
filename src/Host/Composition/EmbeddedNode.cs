using ActorInference.Gpu.Cpu;
using ActorInference.Host.Commands;
using ActorInference.Host.Serving;
using ActorInference.Roles.Composition;
using Akka.Hosting;

namespace ActorInference.Host.Composition;

/// <summary>The embedded default: every role as actors of this process, on the CPU.</summary>
public static class EmbeddedNode
{
    private const string SystemName = "actor-inference";

    /// <summary>For the workers to make their buffers; weights are loaded before.</summary>
    private static readonly TimeSpan ServingDeadline = TimeSpan.FromMinutes(2);

    /// <summary>Adds the actors, and the generator over them.</summary>
    /// <param name="services">Of the host.</param>
    /// <param name="model">What the workers run.</param>
    /// <param name="options">What was asked for.</param>
    /// <param name="configure">Adds more to the actor system.</param>
    public static IServiceCollection AddEmbeddedNode(
        this IServiceCollection services, LoadedModel model, UpOptions options, Action<AkkaConfigurationBuilder> configure)
    {
        var threads = options.Threads ?? Environment.ProcessorCount;
        var node = new InferenceNode
        {
            CreateRunner = _ => new CpuModelRunner(model.Weights, model.Pages, new CpuRunnerOptions { Threads = threads }),
            EndTokenIds = model.Served.EosTokenIds,
        };
        services.AddSingleton(model.Served);
        services.AddSingleton<ClusterTokenGenerator>();
        services.AddSingleton<ITokenGenerator>(provider => provider.GetRequiredService<ClusterTokenGenerator>());
        services.AddAkka(SystemName, akka => configure(akka
            .ConfigureLoggers(loggers =>
            {
                loggers.ClearLoggers();
                loggers.LogLevel = Severity(options.LogLevel);
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
