using ActorInference.Roles.Groups.Planning.Strict;
using ActorInference.Roles.Groups.Spec;

namespace ActorInference.Roles.Groups.Planning;

/// <summary>How far each role may be deployed, scaled and updated in this step, by the rules that it is in.</summary>
internal static class NativeCoordination
{
    public static Dictionary<string, RoleLimits> Limits(IReadOnlyDictionary<string, RoleView> roles, PlanInput input)
    {
        var limits = roles.Values.ToDictionary(role => role.Name, role => Own(role, input.Paused), StringComparer.Ordinal);
        foreach (var rule in input.Policy?.Rules ?? [])
        {
            var members = rule.Roles.Where(roles.ContainsKey).Select(name => roles[name]).ToList();
            if (rule.Rolling is { } rolling) Override(rolling, members, limits, input.Paused);
        }

        foreach (var rule in input.Policy?.Rules ?? [])
        {
            var members = rule.Roles.Where(roles.ContainsKey).Select(name => roles[name]).ToList();
            if (rule.Scaling is { } scaling) Scale(scaling, members, limits);
            if (rule.Rolling is { } rolling) Roll(rolling, members, limits);
        }

        return limits;
    }

    private static RoleLimits Own(RoleView role, bool paused)
    {
        var rollout = role.Spec.Rollout;
        var partition = StrategyMerge.PartitionReplicas(rollout.Partition, role.Desired);
        return new RoleLimits(role.Desired, Goal(role, partition, paused), partition, rollout.MaxUnavailable);
    }

    /// <summary>What a rule says in place of the role's own words; of several rules the most careful.</summary>
    private static void Override(RollingCoordination rolling, List<RoleView> members, Dictionary<string, RoleLimits> limits, bool paused)
    {
        foreach (var role in members)
        {
            var (limit, rollout) = (limits[role.Name], role.Spec.Rollout);
            if (rolling.Partition is { } share)
            {
                var partition = StrategyMerge.PartitionReplicas(share, role.Desired);
                var own = StrategyMerge.PartitionReplicas(rollout.Partition, role.Desired);
                if (limit.Partition != own) partition = Math.Max(partition, limit.Partition);
                limit = limit with { Partition = partition, Updatable = Goal(role, partition, paused) };
            }

            if (rolling.MaxUnavailable is { } most)
            {
                var first = limit.MaxUnavailable == rollout.MaxUnavailable;
                if (first || most.RoundUp(role.Desired) < limit.MaxUnavailable.RoundUp(role.Desired)) limit = limit with { MaxUnavailable = most };
            }

            limits[role.Name] = limit;
        }
    }

    private static int Goal(RoleView role, int partition, bool paused)
    {
        var goal = role.Desired - partition;
        return paused || role.Spec.Rollout.Paused ? Math.Min(goal, Math.Min(role.UpdatedCount, role.Desired)) : goal;
    }

    private static void Roll(RollingCoordination rolling, List<RoleView> members, Dictionary<string, RoleLimits> limits)
    {
        var counted = members.Where(role => role.Desired > 0).ToList();
        if (counted.Count < 2) return;
        var shares = counted.Select(role => Member(role, limits[role.Name])).ToList();
        foreach (var (name, allowed) in SkewWindow.Allow(shares, rolling.MaxSkew, rolling.Order))
        {
            var limit = limits[name];
            if (allowed < limit.Updatable) limits[name] = limit with { Updatable = allowed, With = [.. counted.Select(role => role.Name).Where(other => other != name)] };
        }
    }

    /// <summary>Ready instances of the new revision count; a role that has nothing to update is at its end, whatever happens to its instances.</summary>
    private static SkewWindow.Member Member(RoleView role, RoleLimits limit)
    {
        var desired = role.Desired;
        var goal = Math.Min(limit.Updatable, desired);
        return role.InRollout
            ? new SkewWindow.Member(role.Name, Math.Min(role.BaseUpdated, desired), Math.Min(role.UpdatedAvailable, Math.Min(role.BaseUpdated, desired)), desired, goal)
            : new SkewWindow.Member(role.Name, desired, desired, desired, desired);
    }

    private static void Scale(ScalingCoordination scaling, List<RoleView> members, Dictionary<string, RoleLimits> limits)
    {
        var skew = scaling.MaxSkew ?? IntOrPercent.Percent(100);
        var growing = members.Where(role => role.Desired > 0).Select(role => Growing(role, scaling.Progression)).ToList();
        foreach (var (name, allowed) in SkewWindow.Allow(growing, skew, [])) Lower(name, allowed);

        // What is too much goes in step too: shares of what is beyond the declared replicas, counted down to none.
        var shrinking = members.Where(role => role.Live.Count + role.Leaving.Count > role.Desired).ToList();
        foreach (var (name, allowed) in SkewWindow.Allow([.. shrinking.Select(Shrinking)], skew, []))
        {
            var role = shrinking.First(role => role.Name == name);
            if (role.Live.Count > role.Desired) limits[name] = limits[name] with { Target = Math.Max(limits[name].Target, role.Desired - allowed) };
        }

        void Lower(string name, int allowed)
        {
            if (allowed < limits[name].Target) limits[name] = limits[name] with { Target = allowed };
        }
    }

    private static SkewWindow.Member Growing(RoleView role, ScalingProgression? progression)
    {
        var (desired, existing) = (role.Desired, Math.Min(role.Live.Count, role.Desired));
        var arrived = progression == ScalingProgression.OrderScheduled ? role.Live.Count(instance => instance.Scheduled) : role.ReadyCount;
        return new SkewWindow.Member(role.Name, existing, existing == desired ? desired : Math.Min(arrived, existing), desired, desired);
    }

    private static SkewWindow.Member Shrinking(RoleView role) =>
        new(role.Name, Math.Min(0, role.Desired - role.Live.Count), Math.Min(0, role.Desired - role.Live.Count - role.Leaving.Count), Math.Max(role.Desired, 1), 0);
}
