using ActorInference.Roles.Groups.Spec;

namespace ActorInference.Roles.Groups.Planning;

/// <summary>Ends a rollout that does not get on: the stable revision is declared again.</summary>
internal static class RollbackWatch
{
    public static RollBack? Due(PlanInput input)
    {
        if (Deadline(input) is not { } deadline || input.Clock is not { } clock || input.Now - clock.LastProgress < deadline) return null;
        var late = Late(input).ToList();
        if (late.Count == 0) return null;
        var first = late[0];
        var reason = $"{late.Count} of the new revision made no progress for {deadline.TotalSeconds:0} s; {first.Key} is not ready{(first.Reason is { } why ? $": {why}" : "")}";
        return new RollBack(SpecRevision.Of(input.Stable), reason);
    }

    public static DateTimeOffset? NextLook(PlanInput input) => Deadline(input) is { } deadline && input.Clock is { } clock ? clock.LastProgress + deadline : null;

    /// <summary>Null if there is nothing to go back to, or it is not to be.</summary>
    private static TimeSpan? Deadline(PlanInput input)
    {
        if (input.Desired.Mode == PlannerMode.RbgStrict || input.Paused || input.Clock is not { } clock) return null;
        var revision = SpecRevision.Of(input.Desired);
        if (clock.Revision != revision || revision == SpecRevision.Of(input.Stable)) return null;
        var deadlines = Late(input).Select(instance => input.Desired.FindRole(instance.Role)!.Rollout.ProgressDeadline).Where(deadline => deadline > TimeSpan.Zero).ToList();
        return deadlines.Count == 0 ? null : deadlines.Min();
    }

    /// <summary>Instances of a new revision that are not ready.</summary>
    private static IEnumerable<ObservedInstance> Late(PlanInput input)
    {
        foreach (var role in input.Desired.Roles)
        {
            var update = SpecRevision.Of(role);
            if (input.Stable.FindRole(role.Name) is { } stable && SpecRevision.Of(stable) == update) continue;
            foreach (var instance in input.Instances)
            {
                if (instance.Role == role.Name && instance.Revision == update && !instance.Ready && instance.Phase != InstancePhase.Terminating) yield return instance;
            }
        }
    }
}
