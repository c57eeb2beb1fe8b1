using ActorInference.Roles.Groups.Spec;

namespace ActorInference.Roles.Groups.Planning;

/// <summary>Of what its roles would update, leaves as many as a rule lets be unavailable of all its roles together.</summary>
internal static class TogetherLimit
{
    /// <param name="steps">Of the roles; updates beyond the limit are taken out of them, and are planned again when there is room.</param>
    public static void Apply(PlanInput input, IReadOnlyDictionary<string, RoleView> roles, IReadOnlyList<RolePlan> steps)
    {
        foreach (var rule in input.Policy?.Rules ?? [])
        {
            if (rule.Rolling is not { MaxUnavailableTogether: { } most } rolling) continue;
            var members = rolling.Order.Union(rule.Roles).Where(rule.Roles.Contains).Where(roles.ContainsKey).Select(name => roles[name]).ToList();
            var room = Math.Max(1, most.RoundUp(members.Sum(role => role.Desired))) - members.Sum(Missing);
            foreach (var role in members) room = Leave(room, role, steps.First(step => step.Role == role.Name), rule);
        }
    }

    private static int Missing(RoleView role) => Math.Max(0, role.Desired - role.Live.Count(role.IsAvailable));

    private static int Leave(int room, RoleView role, RolePlan step, CoordinationRule rule)
    {
        foreach (var update in step.Actions.OfType<UpdateInstance>().ToList())
        {
            // One that does not serve anyway costs nothing more.
            if (!role.Live.Exists(instance => instance.Key == update.Instance && role.IsAvailable(instance)) || room-- > 0) continue;
            step.Actions.Remove(update);
            step.Holds.Add(new Hold(role.Name, update.Instance, $"waits for others of {string.Join(", ", rule.Roles)}: so many are unavailable together as may be (maxUnavailableTogether)"));
        }

        return room;
    }
}
