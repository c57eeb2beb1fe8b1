using System.Collections.Immutable;
using ActorInference.Roles.Groups.Spec;

namespace ActorInference.Roles.Groups.Planning;

/// <summary>
/// Decides what a group does next, from what is declared and what is observed, and from nothing else: whoever asks again after a crash, at
/// any point, gets the rest of the same way.
/// </summary>
public static class Planner
{
    /// <summary>The next actions. Costs time by the number of instances.</summary>
    public static Plan Next(PlanInput input)
    {
        if (input.Deleting) return Shutdown.Plan(input);
        if (RollbackWatch.Due(input) is { } rollback) return new Plan([rollback], [], [], null);
        var strict = input.Desired.Mode == PlannerMode.RbgStrict;
        var roles = Views(input);
        var limits = strict ? StrictCoordination.Limits(roles, input) : NativeCoordination.Limits(roles, input);
        var steps = new List<RolePlan>();
        var held = false;
        foreach (var role in RoleOrder.Layers(input.Desired.Roles).SelectMany(layer => layer).Select(name => roles[name]))
        {
            var step = new RolePlan(role, input);
            steps.Add(step);
            if (!strict)
            {
                new NativeRoll(role, limits[role.Name], step, input.Paused).Run(DependencyGate.Native(role, roles, limits), DependencyGate.NewlyNamed(role, roles));
            }
            else if (DependencyGate.Strict(role, roles) is { } hold)
            {
                // There the reconciliation ends with the first role that waits.
                step.Holds.Add(hold);
                held = true;
                break;
            }
            else
            {
                StrictRoll.Run(role, limits[role.Name], step, input.Paused);
            }
        }

        if (!strict) TogetherLimit.Apply(input, roles, steps);
        return Complete(input, roles, limits, steps, held);
    }

    private static Dictionary<string, RoleView> Views(PlanInput input)
    {
        var instances = input.Instances.ToLookup(instance => instance.Role, StringComparer.Ordinal);
        return input.Desired.Roles.ToDictionary(role => role.Name, role => new RoleView(role, input.Stable.FindRole(role.Name), instances[role.Name], input.Now), StringComparer.Ordinal);
    }

    private static Plan Complete(PlanInput input, Dictionary<string, RoleView> roles, Dictionary<string, RoleLimits> limits, List<RolePlan> steps, bool held)
    {
        var actions = steps.SelectMany(step => step.Actions).ToList();
        var settled = actions.Count == 0 && roles.Values.All(IsComplete);
        var removed = input.Instances.Where(instance => !roles.ContainsKey(instance.Role)).ToList();
        var deletes = held || (!settled && input.Desired.Mode == PlannerMode.Native) ? [] : Shutdown.Orphans(removed, input.Stable);
        actions.AddRange(deletes);
        var done = settled && removed.Count == 0;
        var revision = SpecRevision.Of(input.Desired);
        var advances = input.Desired.Mode == PlannerMode.Native || Advances(input, roles, limits, revision);
        if (done && advances && revision != SpecRevision.Of(input.Stable)) actions.Add(new PromoteRevision(revision));
        var resting = actions.Count == 0 && roles.Values.All(role => IsResting(role, limits[role.Name], input.Paused));
        var waiting = done || resting ? [] : roles.Values.Where(role => !IsComplete(role)).ToList();
        var looks = roles.Values.Select(role => role.NextLook).Append(done ? null : RollbackWatch.NextLook(input)).Append(StallWatch.NextLook(input, waiting)).Where(look => look is not null).ToList();
        var holds = steps.SelectMany(step => step.Holds).ToImmutableArray();
        return new Plan(
            [.. actions],
            holds,
            [.. roles.Values.Select(role => role.Progress(limits[role.Name]))],
            looks.Count == 0 ? null : looks.Min())
        {
            Done = done && advances && actions.Count == 0,
            Resting = resting,
            Stalled = StallWatch.Describe(input, waiting, holds),
        };
    }

    /// <summary>RBG's rule: what is complete now must have been so when the status was last written down, which here is the rollout's clock.</summary>
    private static bool Advances(PlanInput input, Dictionary<string, RoleView> roles, Dictionary<string, RoleLimits> limits, string revision)
    {
        if (revision == SpecRevision.Of(input.Stable)) return true;
        var status = input.Clock is { } clock && clock.Revision == revision && clock.UpdatedReady >= roles.Values.Sum(role => role.Desired);
        return roles.Values.All(role => StrictRoll.Advances(role, limits[role.Name], input.Paused, status));
    }

    private static bool IsComplete(RoleView role) =>
        role.Leaving.Count == 0 && role.Live.Count == role.Desired && role.Live.All(instance => role.IsUpdated(instance) && role.IsAvailable(instance));

    /// <summary>Whole, and updated as far as partition and pause let it be.</summary>
    private static bool IsResting(RoleView role, RoleLimits limits, bool paused) =>
        paused || role.Spec.Rollout.Paused
        || (role.Live.Count >= role.Desired && role.Live.All(role.IsAvailable) && role.BaseUpdated >= role.Desired - limits.Partition);
}
