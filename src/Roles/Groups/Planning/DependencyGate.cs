namespace ActorInference.Roles.Groups.Planning;

/// <summary>When a role may begin.</summary>
internal static class DependencyGate
{
    /// <summary>
    /// A role that has no instance yet begins when all it depends on are ready, as far as coordination lets them be there. One that has begun
    /// is not held: what it depends on may be updated, or fail, without keeping it from being mended.
    /// </summary>
    /// <returns>What it waits for; null if it may begin.</returns>
    public static Hold? Native(RoleView role, IReadOnlyDictionary<string, RoleView> roles, IReadOnlyDictionary<string, RoleLimits> limits)
    {
        if (role.Live.Count > 0) return null;
        foreach (var name in role.Spec.Dependencies)
        {
            var (dependency, target) = (roles[name], limits[name].Target);
            if (dependency.Desired > 0 && (target == 0 || dependency.ReadyCount < target)) return Waiting(role, dependency, target);
        }

        return null;
    }

    /// <summary>Likewise before an update to a revision that names a role for the first time.</summary>
    public static Hold? NewlyNamed(RoleView role, IReadOnlyDictionary<string, RoleView> roles)
    {
        foreach (var name in role.Spec.Dependencies.Except(role.StableSpec?.Dependencies ?? []))
        {
            var dependency = roles[name];
            if (dependency.ReadyCount < dependency.Desired) return Waiting(role, dependency, dependency.Desired);
        }

        return null;
    }

    /// <summary>RBG's: every dependency has exactly its replicas ready, always; else this role and all after it are left alone.</summary>
    public static Hold? Strict(RoleView role, IReadOnlyDictionary<string, RoleView> roles) =>
        role.Spec.Dependencies.Select(name => roles[name]).Where(dependency => dependency.ReadyCount != dependency.Desired).Select(dependency => Waiting(role, dependency, dependency.Desired)).FirstOrDefault();

    private static Hold Waiting(RoleView role, RoleView dependency, int target)
    {
        var late = dependency.Live.Find(instance => !instance.Ready);
        var reason = late?.Reason is { } cause ? $": {late.Key} {cause}" : "";
        return new Hold(role.Name, late?.Key, $"waits for {dependency.Name}, of which {dependency.ReadyCount} of {target} are ready{reason}");
    }
}
