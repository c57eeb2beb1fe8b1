using System.Collections.Immutable;
using ActorInference.Roles.Groups.Planning;
using ActorInference.Roles.Groups.Spec;

namespace ActorInference.Roles.Groups.Control;

/// <summary>Order of dependencies, one role after another, within each role's own bounds.</summary>
public static class Planner
{
    public static Plan Next(PlanInput input)
    {
        var roles = input.Desired.Roles;
        var actions = new List<PlannedAction>();
        var holds = new List<Hold>();
        var progress = roles.Select(role => Progress(input, role)).ToImmutableArray();
        if (input.Deleting) return Delete(input, progress);
        foreach (var role in roles)
        {
            var unready = role.Dependencies.FirstOrDefault(name => !IsReady(input, name));
            if (unready is not null)
            {
                holds.Add(new Hold(role.Name, null, $"waits for role {unready}"));
                continue;
            }

            Plan(input, role, actions);
        }

        foreach (var extra in input.Instances.Where(each => each.Phase != InstancePhase.Terminating && IsExtra(input, each)))
            actions.Add(new DeleteInstance(extra.Key, "it is not declared any more"));
        var done = actions.Count == 0 && progress.All(role => role.UpdatedReady == role.Desired && role.Existing == role.Desired);
        if (done) actions.Add(new PromoteRevision(SpecRevision.Of(input.Desired)));
        return new Plan([.. actions], [.. holds], progress, null) { Done = done };
    }

    private static void Plan(PlanInput input, RoleSpec role, List<PlannedAction> actions)
    {
        var revision = SpecRevision.Of(role);
        var present = input.Instances.Where(each => each.Role == role.Name).ToDictionary(each => each.Ordinal);
        for (var ordinal = 0; ordinal < role.Replicas; ordinal++)
        {
            if (!present.ContainsKey(ordinal)) actions.Add(new CreateInstance(new InstanceKey(role.Name, ordinal), revision, Surge: false));
        }

        if (input.Paused || role.Rollout.Paused) return;
        var budget = Math.Max(1, role.Rollout.MaxUnavailable.RoundUp(role.Replicas)) - (role.Replicas - present.Values.Count(each => each.Ready));
        foreach (var old in present.Values.Where(each => each.Revision != revision && each.Ordinal >= role.Rollout.Partition.RoundUp(role.Replicas)).OrderByDescending(each => each.Ordinal))
        {
            if (old.Ready && budget-- <= 0) continue;
            actions.Add(new UpdateInstance(old.Key, old.Revision, revision, role.Rollout.Type != UpdateType.RecreatePod, role.Rollout.Grace));
        }
    }

    private static Plan Delete(PlanInput input, ImmutableArray<RoleProgress> progress)
    {
        var actions = input.Instances
            .Where(each => each.Phase != InstancePhase.Terminating)
            .Where(each => !input.Desired.Roles.Any(other => other.Dependencies.Contains(each.Role) && input.Instances.Any(one => one.Role == other.Name)))
            .Select(each => new DeleteInstance(each.Key, "its group is deleted"));
        return new Plan([.. actions], [], progress, null) { Done = input.Instances.IsEmpty };
    }

    private static bool IsReady(PlanInput input, string name) =>
        input.Desired.FindRole(name) is { } role && input.Instances.Count(each => each.Role == name && each.Ready) >= role.Replicas;

    private static bool IsExtra(PlanInput input, ObservedInstance instance) =>
        input.Desired.FindRole(instance.Role) is not { } role || instance.Ordinal >= role.Replicas;

    private static RoleProgress Progress(PlanInput input, RoleSpec role)
    {
        var revision = SpecRevision.Of(role);
        var present = input.Instances.Where(each => each.Role == role.Name).ToList();
        return new RoleProgress(
            role.Name, role.Replicas, role.Replicas, present.Count, present.Count(each => each.Ready), present.Count(each => each.Revision == revision),
            present.Count(each => each.Revision == revision && each.Ready), role.Replicas);
    }
}
