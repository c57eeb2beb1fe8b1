using ActorInference.Cache.Radix.Eviction;
using ActorInference.Gpu.Engine;

namespace ActorInference.Roles.Configuration;

/// <summary>The settings of the workers of one role.</summary>
/// <param name="MaxJobs">Jobs, waiting or at work, beyond which others are refused.</param>
/// <param name="ReportInterval">Between two reports of the load.</param>
/// <param name="TransferDeadline">How long pages under way are held for a receiver that does not answer.</param>
/// <param name="StepDeadline">A step that lasts longer counts as a hang.</param>
/// <param name="RehearsalDeadline">For a new worker to exchange pages with others before it gets work; zero for none.</param>
/// <param name="DrainGrace">For what a worker has when its process is told to leave.</param>
public sealed record WorkerSettings(
    int MaxJobs,
    TimeSpan ReportInterval,
    TimeSpan TransferDeadline,
    TimeSpan StepDeadline,
    TimeSpan RehearsalDeadline,
    TimeSpan DrainGrace,
    PrefixCacheSettings PrefixCache,
    EngineOptions Engine)
{
    internal static WorkerSettings Read(ConfigSection section, ConfigSection engine)
    {
        var settings = new WorkerSettings(
            section.Integer("max-jobs", min: 1),
            section.Duration("report-interval"),
            section.Duration("transfer-deadline"),
            section.Duration("step-deadline"),
            section.Duration("rehearsal-deadline", allowZero: true),
            section.Duration("drain-grace", allowZero: true),
            PrefixCacheSettings.Read(section.Section("prefix-cache")),
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
            StepStretch = ReadStretch(section),
            GrowthWindowTokens = section.Integer("growth-window-tokens", min: 1),
            MaxBypasses = section.Integer("max-bypasses", min: 0),
            Order = section.OneOf("order", ["fcfs", "lpm"]) == "lpm" ? AdmissionOrder.LongestPrefix : AdmissionOrder.Arrival,
            AgingTokensPerSecond = section.Number("aging-tokens-per-second", 0.001, 1e9),
            OverlapLoadBytes = section.Bytes("overlap-load", min: 0),
            TierBytesPerStep = section.Bytes("tier-bytes-per-step", min: 0),
            Turn = section.Duration("turn", allowZero: true),
        };
        section.CheckNoOthers();
        return options;
    }

    /// <summary>0 turns it off; a step with more in it never lasts less.</summary>
    private static double ReadStretch(ConfigSection section) => section.Number("step-stretch", 0, 1000) is 0 ? 0 : section.Number("step-stretch", 1.001, 1000);
}

/// <param name="Share">Part of the page pool that finished prompts may keep; 0 is no cache.</param>
/// <param name="Policy">One of <see cref="EvictionPolicies.Names"/>.</param>
public sealed record PrefixCacheSettings(double Share, string Policy)
{
    internal static PrefixCacheSettings Read(ConfigSection section)
    {
        var settings = new PrefixCacheSettings(section.Share("share"), section.OneOf("policy", EvictionPolicies.Names));
        section.CheckNoOthers();
        return settings;
    }
}
