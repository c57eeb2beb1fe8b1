using System.Collections.Immutable;
using ActorInference.Roles.Groups.Spec;

namespace ActorInference.Roles.Groups.Planning;

/// <summary>Which hosts a warm-up works on next, and when it is over.</summary>
public static class WarmupPlanner
{
    /// <param name="nodes">Hosts that it targets; none at all is complete.</param>
    /// <param name="started">When it began.</param>
    public static WarmupPlan Next(Warmup warmup, IReadOnlyCollection<WarmupNode> nodes, DateTimeOffset started, DateTimeOffset now)
    {
        var policies = warmup.Policies;
        var failed = nodes.Count(node => IsLost(node, policies));
        var active = nodes.Count(node => node.Active);
        if (failed > (policies.MaxFailedNodes ?? int.MaxValue)) return Ended(WarmupPhase.Failed, $"{failed} hosts failed; {policies.MaxFailedNodes} may");
        if (nodes.All(node => node.Succeeded || IsLost(node, policies))) return Ended(failed == 0 || policies.MaxFailedNodes is not null ? WarmupPhase.Completed : WarmupPhase.Failed, $"{failed} of {nodes.Count} hosts failed");
        if (policies.GlobalTimeout is { } timeout && now - started >= timeout) return Ended(WarmupPhase.Failed, $"not done after {timeout.TotalSeconds:0} s");
        if (warmup.Paused) return new WarmupPlan(WarmupPhase.Paused, [], failed, "");
        var free = (policies.Parallelism ?? int.MaxValue) - active;
        var next = nodes.Where(node => node is { Active: false, Succeeded: false } && !IsLost(node, policies)).OrderBy(node => node.Failures).ThenBy(node => node.Name, StringComparer.Ordinal);
        return new WarmupPlan(WarmupPhase.Running, [.. next.Take(Math.Max(0, free)).Select(node => node.Name)], failed, "");

        WarmupPlan Ended(WarmupPhase phase, string reason) => new(phase, [], failed, failed == 0 && phase == WarmupPhase.Completed ? "" : reason);
    }

    private static bool IsLost(WarmupNode node, WarmupPolicies policies) => policies.BackoffLimitPerNode is { } limit && node.Failures > limit;
}

/// <param name="Failures">Attempts that failed.</param>
public sealed record WarmupNode(string Name, bool Active, bool Succeeded, int Failures);

/// <param name="Start">Hosts to begin with now.</param>
/// <param name="Failed">Hosts that are given up.</param>
public sealed record WarmupPlan(WarmupPhase Phase, ImmutableArray<string> Start, int Failed, string Reason);

public enum WarmupPhase
{
    Running,
    Paused,
    Completed,
    Failed,
}
