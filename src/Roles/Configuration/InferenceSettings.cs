using ActorInference.Gpu.Engine;
using ActorInference.Roles.Gateway;
using ActorInference.Roles.Router;
using Akka.Configuration;

namespace ActorInference.Roles.Configuration;

/// <summary>The section <c>actor-inference</c> of the configuration, checked.</summary>
public sealed record InferenceSettings(GenerationOptions Gateway, RouterOptions Router, WorkerSettings Prefill, WorkerSettings Decode)
{
    private const string Root = "actor-inference";
    private const string ReferenceResource = "ActorInference.Roles.reference.conf";

    /// <summary>hocon/reference.conf: every setting with its default.</summary>
    public static Config Reference { get; } = LoadReference();

    /// <exception cref="ConfigurationException">A key is unknown, missing or out of range.</exception>
    public static InferenceSettings Read(Config config)
    {
        var root = new ConfigSection(config, Root);
        var engine = root.Section("engine");
        WorkerSettings.ReadEngine(engine);
        var settings = new InferenceSettings(
            ReadGateway(root.Section("gateway")),
            ReadRouter(root.Section("router")),
            WorkerSettings.Read(root.Section("prefill"), engine),
            WorkerSettings.Read(root.Section("decode"), engine));
        root.CheckNoOthers("gpu-dispatcher");
        return settings;
    }

    private static GenerationOptions ReadGateway(ConfigSection section)
    {
        var options = new GenerationOptions
        {
            AssignDeadline = section.Duration("assign-deadline"),
            ReserveDeadline = section.Duration("reserve-deadline"),
            PrefillDeadline = section.Duration("prefill-deadline"),
            TokenDeadline = section.Duration("token-deadline"),
            MaxRedispatches = section.Integer("max-redispatches", min: 0),
        };
        section.CheckNoOthers();
        return options;
    }

    private static RouterOptions ReadRouter(ConfigSection section)
    {
        var options = new RouterOptions
        {
            MaxInFlight = section.Integer("max-in-flight", min: 1),
            WorkerSilence = section.Duration("worker-silence"),
        };
        section.CheckNoOthers();
        return options;
    }

    private static Config LoadReference()
    {
        using var stream = typeof(InferenceSettings).Assembly.GetManifestResourceStream(ReferenceResource)
            ?? throw new InvalidOperationException($"The assembly lacks its resource {ReferenceResource}.");
        using var reader = new StreamReader(stream);
        return ConfigurationFactory.ParseString(reader.ReadToEnd());
    }
}

/// <summary>The settings of the workers of one role.</summary>
/// <param name="MaxJobs">Jobs, waiting or at work, beyond which others are refused.</param>
/// <param name="ReportInterval">Between two reports of the load.</param>
/// <param name="TransferDeadline">How long pages under way are held for a receiver that does not answer.</param>
public sealed record WorkerSettings(int MaxJobs, TimeSpan ReportInterval, TimeSpan TransferDeadline, EngineOptions Engine)
{
    internal static WorkerSettings Read(ConfigSection section, ConfigSection engine)
    {
        var settings = new WorkerSettings(
            section.Integer("max-jobs", min: 1),
            section.Duration("report-interval"),
            section.Duration("transfer-deadline"),
            ReadEngine(section.Section("engine", engine)));
        section.CheckNoOthers();
        return settings;
    }

    internal static EngineOptions ReadEngine(ConfigSection section)
    {
        var options = new EngineOptions
        {
            MaxSequences = section.Integer("max-sequences", min: 1),
            MaxStepTokens = section.Integer("max-step-tokens", min: 1),
            StepTarget = section.Duration("step-target", allowZero: true),
            GrowthWindowTokens = section.Integer("growth-window-tokens", min: 1),
            MaxBypasses = section.Integer("max-bypasses", min: 0),
        };
        section.CheckNoOthers();
        return options;
    }
}
