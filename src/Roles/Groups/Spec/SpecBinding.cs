namespace ActorInference.Roles.Groups.Spec;

/// <summary>Whether documents that name each other fit. Asked again when one of them is applied later than the other.</summary>
public static class SpecBinding
{
    /// <summary>What a policy says of roles that its group does not have. Lines are not known: 0.</summary>
    public static IEnumerable<SpecError> Check(CoordinatedPolicy policy, RoleBasedGroup group) =>
        from rule in policy.Rules.Index()
        from name in rule.Item.Roles.Index()
        where @group.FindRole(name.Item) is null
        select new SpecError($"spec.policies[{rule.Index}].roles[{name.Index}]", $"no role named \"{name.Item}\"", 0);

    /// <summary>What an adapter says of a role that its group does not have.</summary>
    public static IEnumerable<SpecError> Check(ScalingAdapter adapter, RoleBasedGroup group)
    {
        if (adapter.Group != group.Name) yield return new SpecError("spec.scaleTargetRef.name", $"is '{adapter.Group}'; expected '{group.Name}'", 0);
        if (@group.FindRole(adapter.Role) is null) yield return new SpecError("spec.scaleTargetRef.role", $"no role named \"{adapter.Role}\"", 0);
        foreach (var other in adapter.Autoscaling?.Ratio.Keys ?? [])
        {
            if (@group.FindRole(other) is null) yield return new SpecError($"spec.autoscaling.ratio.{other}", $"no role named \"{other}\"", 0);
        }
    }
}
