using ActorInference.Roles.Groups.Spec;

namespace ActorInference.Roles.Groups.Planning;

/// <summary>
/// Says of a rollout that has made no progress for longer than its roles allow which instance it waits for, and why. Where there is a revision
/// to go back to, <see cref="RollbackWatch"/> has done so by then.
/// </summary>
internal static class StallWatch
{
    /// <param name="waiting">Roles that are not as declared.</param>
    /// <param name="holds">Of the plan.</param>
    /// <returns>Empty if it is not stalled.</returns>
    public static string Describe(PlanInput input, IReadOnlyCollection<RoleView> waiting, IReadOnlyCollection<Hold> holds)
    {
        if (Deadline(waiting) is not { } deadline || input.Clock is not { } clock || clock.Revision != SpecRevision.Of(input.Desired)) return "";
        var still = input.Now - clock.LastProgress;
        return still < deadline ? "" : $"no progress for {still.TotalSeconds:0} s of {deadline.TotalSeconds:0} s: {Reason(waiting, holds)}";
    }

    /// <returns>When time alone makes it stalled; null is never.</returns>
    public static DateTimeOffset? NextLook(PlanInput input, IReadOnlyCollection<RoleView> waiting) =>
        Deadline(waiting) is { } deadline && input.Clock is { } clock && clock.LastProgress + deadline is var due && due > input.Now ? due : null;

    private static TimeSpan? Deadline(IEnumerable<RoleView> waiting) =>
        waiting.Select(role => role.Spec.Rollout.ProgressDeadline).Where(deadline => deadline > TimeSpan.Zero).Select(deadline => (TimeSpan?)deadline).Min();

    private static string Reason(IReadOnlyCollection<RoleView> waiting, IReadOnlyCollection<Hold> holds)
    {
        var late = waiting.SelectMany(role => role.Live).FirstOrDefault(instance => !instance.Ready);
        if (late is not null) return $"{late.Key} is not ready{(late.Reason is { } why ? $": {why}" : "")}";
        if (waiting.FirstOrDefault(role => role.Leaving.Count > 0) is { } leaving) return $"{leaving.Leaving[0].Key} has not ended";
        if (holds.FirstOrDefault() is { } hold) return $"{hold.Instance?.ToString() ?? hold.Role}: {hold.Reason}";
        var lacking = waiting.FirstOrDefault(role => role.Live.Count < role.Desired);
        return lacking is null ? string.Join(", ", waiting.Select(role => role.Name)) : $"{lacking.Name} has {lacking.Live.Count} of {lacking.Desired} instances: there is no place for more";
    }
}
