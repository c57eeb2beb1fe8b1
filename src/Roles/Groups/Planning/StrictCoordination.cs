using ActorInference.Roles.Groups.Planning.Strict;
using ActorInference.Roles.Groups.Spec;

namespace ActorInference.Roles.Groups.Planning;

/// <summary>The same question, answered with RBG's numbers.</summary>
internal static class StrictCoordination
{
    public static Dictionary<string, RoleLimits> Limits(IReadOnlyDictionary<string, RoleView> roles, PlanInput input)
    {
        var limits = roles.Values.ToDictionary(role => role.Name, Own, StringComparer.Ordinal);
        foreach (var rule in input.Policy?.Rules ?? [])
        {
            var members = rule.Roles.Where(roles.ContainsKey).Select(name => roles[name]).ToList();
            if (rule.Scaling is { } scaling && members.Count > 0) Scale(scaling, members, limits);
        }

        foreach (var (role, merged) in Rolling(input.Policy, roles))
        {
            var view = roles[role];
            var partition = merged.Partition?.RoundUp(view.Desired) ?? 0;
            limits[role] = limits[role] with
            {
                Partition = partition,
                Updatable = Math.Max(0, view.Desired - partition),
                MaxUnavailable = merged.MaxUnavailable ?? view.Spec.Rollout.MaxUnavailable,
                With = [.. roles.Keys.Where(other => other != role)],
            };
        }

        return limits;
    }

    private static RoleLimits Own(RoleView role)
    {
        var partition = role.Spec.Rollout.Partition.RoundDown(role.Desired);
        return new RoleLimits(role.Desired, role.Desired - partition, partition, role.Spec.Rollout.MaxUnavailable);
    }

    private static void Scale(ScalingCoordination scaling, List<RoleView> members, Dictionary<string, RoleLimits> limits)
    {
        var counts = members.Select(role => new ScalingCount(role.Name, role.Desired, role.Live.Count, role.Live.Count(instance => instance.Scheduled), role.ReadyCount)).ToList();
        foreach (var (name, target) in ScalingTargets.Compute(counts, scaling.MaxSkew, scaling.Progression))
            limits[name] = limits[name] with { Target = Math.Min(limits[name].Target, target) };
    }

    private static Dictionary<string, RollingLimit> Rolling(CoordinatedPolicy? policy, IReadOnlyDictionary<string, RoleView> roles)
    {
        var merged = new Dictionary<string, RollingLimit>(StringComparer.Ordinal);
        foreach (var rule in policy?.Rules ?? [])
        {
            if (rule.Rolling is not { } rolling) continue;
            var members = rule.Roles.Where(roles.ContainsKey).Select(name => roles[name]).Where(role => role.Desired > 0).ToList();
            if (members.Count < 2) continue;
            var targets = rolling.MaxSkew is { } skew ? RollingBounds.Targets(skew, [.. members.Select(Count)]) : null;
            foreach (var role in members)
            {
                var limit = Limit(role, rolling, targets?[role.Name]);
                merged[role.Name] = merged.TryGetValue(role.Name, out var other) ? StrategyMerge.Merge(other, limit) : limit;
            }
        }

        return merged;
    }

    private static RoleCount Count(RoleView role) => new(role.Name, role.Desired, role.UpdatedCount, role.ReadyCount);

    private static RollingLimit Limit(RoleView role, RollingCoordination rolling, int? target)
    {
        var own = rolling.Partition is { } share ? StrategyMerge.PartitionReplicas(share, role.Desired) : role.Spec.Rollout.Partition.RoundUp(role.Desired);
        var step = target is { } updated ? Math.Max(role.Desired - updated, 0) : 0;
        return new RollingLimit(rolling.MaxUnavailable ?? role.Spec.Rollout.MaxUnavailable, IntOrPercent.Replicas(Math.Max(step, own)));
    }
}
