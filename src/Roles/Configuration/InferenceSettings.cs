using ActorInference.Actors.Kv;
using ActorInference.Actors.Protocols;
using ActorInference.Roles.Composition;
using ActorInference.Roles.Gateway;
using ActorInference.Roles.Router;
using Akka.Configuration;

namespace ActorInference.Roles.Configuration;

/// <summary>The section <c>actor-inference</c> of the configuration, checked.</summary>
public sealed record InferenceSettings(
    GenerationOptions Gateway,
    RouterOptions Router,
    WorkerSettings Prefill,
    WorkerSettings Decode,
    WorkerSettings Both,
    TierSettings Tiers,
    MembershipSettings Membership,
    PersistenceSettings Persistence,
    ManagementSettings Management,
    GroupSettings Groups,
    CacheSettings Cache,
    KvDtype? KvDtype,
    TensorParallelSettings TensorParallel,
    TracingSettings Tracing)
{
    /// <summary>Path of the section.</summary>
    public const string Root = "actor-inference";

    private const string FollowingDevice = "auto";

    private static readonly string[] KvDtypeNames = [FollowingDevice, "f32", "f16", "bf16", "q8_0", "f8"];

    /// <summary>hocon/reference.conf: every setting with its default.</summary>
    public static Config Reference { get; } = Load("reference");

    /// <summary>What holds for a node agent: hocon/agent.conf on the reference.</summary>
    public static Config AgentDefaults { get; } = Load("agent").WithFallback(Reference);

    /// <summary>What holds for a node unless its own configuration says otherwise: hocon/ROLE.conf of each of its roles, on the reference.</summary>
    public static Config DefaultsOf(IEnumerable<NodeRole> roles) =>
        roles.Aggregate(Reference, (below, role) => Load(role.Name()).WithFallback(below));

    /// <exception cref="ConfigurationException">A key is unknown, missing or out of range.</exception>
    public static InferenceSettings Read(Config config)
    {
        var root = new ConfigSection(config, Root);
        var cache = root.Section("cache");
        var engine = root.Section("engine");
        var router = ReadRouter(root.Section("router"));
        WorkerSettings.ReadEngine(engine);
        var settings = new InferenceSettings(
            ReadGateway(root.Section("gateway")) with { PrefixBlockTokens = router.Prefix.BlockTokens },
            router,
            WorkerSettings.Read(root.Section("prefill"), engine),
            WorkerSettings.Read(root.Section("decode"), engine),
            WorkerSettings.Read(root.Section("both"), engine),
            TierSettings.Read(cache),
            MembershipSettings.Read(root.Section("membership")),
            PersistenceSettings.Read(root.Section("persistence")),
            ManagementSettings.Read(root.Section("management")),
            GroupSettings.Read(root.Section("groups")),
            CacheSettings.Read(cache),
            root.OneOf("kv-dtype", KvDtypeNames) is var dtype and not FollowingDevice ? Enum.Parse<KvDtype>(dtype, ignoreCase: true) : null,
            TensorParallelSettings.Read(root.Section("tensor-parallel")),
            TracingSettings.Read(root.Section("tracing")));
        cache.CheckNoOthers();
        root.CheckNoOthers("gpu-dispatcher", "cluster-dispatcher");
        return settings;
    }

    /// <summary>Of the workers that begin with a role.</summary>
    public WorkerSettings Of(WorkerRole role) => role switch
    {
        WorkerRole.Prefill => Prefill,
        WorkerRole.Decode => Decode,
        _ => Both,
    };

    private static GenerationOptions ReadGateway(ConfigSection section)
    {
        var options = new GenerationOptions
        {
            AssignDeadline = section.Duration("assign-deadline"),
            ReserveDeadline = section.Duration("reserve-deadline"),
            FirstPageDeadline = section.Duration("first-page-deadline"),
            StallDeadline = section.Duration("stall-deadline"),
            QueueDeadline = section.Duration("queue-deadline"),
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
            Prefix = ReadPrefix(section.Section("prefix")),
        };
        section.CheckNoOthers();
        return options;
    }

    private static PrefixRoutingOptions ReadPrefix(ConfigSection section)
    {
        var options = new PrefixRoutingOptions
        {
            BlockTokens = section.Integer("block-tokens", min: 0),
            CapacityBlocks = section.Integer("capacity-blocks", min: 1),
            PrefillSlackJobs = section.Integer("prefill-slack-jobs", min: 0),
            DecodeSlackJobs = section.Integer("decode-slack-jobs", min: 0),
        };
        section.CheckNoOthers();
        return options;
    }

    private static Config Load(string name)
    {
        var resource = $"ActorInference.Roles.hocon.{name}.conf";
        using var stream = typeof(InferenceSettings).Assembly.GetManifestResourceStream(resource)
            ?? throw new InvalidOperationException($"The assembly lacks its resource {resource}.");
        using var reader = new StreamReader(stream);
        return ConfigurationFactory.ParseString(reader.ReadToEnd());
    }
}
