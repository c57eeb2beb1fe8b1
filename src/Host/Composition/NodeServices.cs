using ActorInference.Actors.Kv;
using ActorInference.Gpu.Constraints;
using ActorInference.Host.Cli;
using ActorInference.Host.Commands;
using ActorInference.Host.Metrics;
using ActorInference.Host.Serving;
using ActorInference.Roles.Composition;
using Akka.Actor;
using Akka.Configuration;
using Akka.Hosting;

namespace ActorInference.Host.Composition;

/// <summary>The actors of a process, as services of its host.</summary>
public static class NodeServices
{
    /// <summary>Name of the actor system, the same in every process of a cluster.</summary>
    public const string SystemName = "actor-inference";

    /// <summary>For the workers to load weights and make their buffers, in other processes too.</summary>
    private static readonly TimeSpan ServingDeadline = TimeSpan.FromMinutes(5);

    /// <summary>Enough for each kernel of prompts to run; less than a step of a large model takes.</summary>
    private const int WarmUpTokens = 32;

    /// <summary>What a process with workers runs.</summary>
    public static InferenceNode ToNode(this LoadedModel model, ModelOptions options)
    {
        var threads = options.Threads ?? Environment.ProcessorCount;
        return new InferenceNode
        {
            CreateRunner = _ => model.Backend.CreateRunner(threads),
            WarmUpTokens = WarmUpTokens,
            EndTokenIds = model.Served.EosTokenIds,
            Vocabulary = new Lazy<TokenVocabulary>(() => TokenVocabulary.Create(model.Served.Tokenizer, model.Served.EosTokenIds)),
            DevicePool = model.Pages,
            Namespace = new KvNamespace(model.Served.Name, WeightsFingerprint.Of(model.Served.Folder), model.Pages.Layout.Dtype),
        };
    }

    /// <summary>Adds the actors.</summary>
    /// <param name="services">Of the host.</param>
    /// <param name="node">What the process does.</param>
    /// <param name="logLevel">Least level that actors log.</param>
    /// <param name="configure">Adds more to the actor system, above the defaults.</param>
    public static IServiceCollection AddInferenceNode(
        this IServiceCollection services, InferenceNode node, LogLevel logLevel, Action<AkkaConfigurationBuilder> configure) =>
        services.AddAkka(SystemName, akka =>
        {
            akka.ConfigureLoggers(loggers =>
            {
                loggers.ClearLoggers();
                loggers.LogLevel = Severity(logLevel);
                loggers.AddLoggerFactory();
            });
            configure(akka);
            akka.WithInferenceNode(node);
        });

    /// <summary>Adds what a gateway has over the actors: the generator, and what it knows of the model.</summary>
    /// <param name="services">Of the host.</param>
    /// <param name="served">The model.</param>
    /// <param name="metrics">Measures generations; null for none.</param>
    public static IServiceCollection AddGateway(this IServiceCollection services, ServedModel served, InferenceMetrics? metrics = null) => services
        .AddSingleton(served)
        .AddSingleton<ClusterTokenGenerator>()
        .AddSingleton<ITokenGenerator>(provider =>
        {
            var generator = provider.GetRequiredService<ClusterTokenGenerator>();
            return metrics is null ? generator : new MeteredGenerator(generator, metrics);
        });

    /// <summary>Makes the actor system, before the host starts: what is wrong with its configuration is then one line and not the host's failure.</summary>
    /// <exception cref="UserErrorException">Something is.</exception>
    public static void StartActorSystem(this IServiceProvider services, ProcessOptions options)
    {
        try
        {
            services.GetRequiredService<ActorSystem>();
        }
        catch (Exception cause) when (cause.GetBaseException() is ConfigurationException or FormatException)
        {
            throw new UserErrorException($"{options.Config.Path ?? "The configuration"}: {cause.GetBaseException().Message}", cause);
        }
    }

    /// <summary>Waits until prompts can be answered, and says so to health checks.</summary>
    public static async Task WaitUntilServingAsync(this IServiceProvider services, CancellationToken cancellationToken)
    {
        await services.GetRequiredService<ClusterTokenGenerator>().WaitUntilServingAsync(ServingDeadline, cancellationToken);
        if (services.GetService<Readiness>() is { } readiness) readiness.IsReady = true;
    }

    /// <summary>The same level as actors know it.</summary>
    public static Akka.Event.LogLevel Severity(LogLevel level) => level switch
    {
        LogLevel.Trace or LogLevel.Debug => Akka.Event.LogLevel.DebugLevel,
        LogLevel.Information => Akka.Event.LogLevel.InfoLevel,
        LogLevel.Warning => Akka.Event.LogLevel.WarningLevel,
        _ => Akka.Event.LogLevel.ErrorLevel,
    };
}
