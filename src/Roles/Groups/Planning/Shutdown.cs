using System.Collections.Immutable;
using ActorInference.Roles.Groups.Spec;

namespace ActorInference.Roles.Groups.Planning;

/// <summary>The end of a group, or of roles that it no longer has: whoever depends on others goes before them.</summary>
internal static class Shutdown
{
    public static Plan Plan(PlanInput input)
    {
        var actions = input.Desired.Mode == PlannerMode.RbgStrict
            ? input.Instances.Where(instance => instance.Phase != InstancePhase.Terminating).Select(Delete)
            : Orphans([.. input.Instances], input.Desired);
        var roles = input.Desired.Roles.Select(role =>
        {
            var left = input.Instances.Where(instance => instance.Role == role.Name).ToList();
            return new RoleProgress(role.Name, 0, 0, left.Count, left.Count(instance => instance.Ready), 0, 0, 0);
        });
        return new Plan([.. actions], [], [.. roles], null) { Done = input.Instances.IsEmpty };
    }

    /// <summary>Of the roles of <paramref name="leaving"/>, those on which none of the others depends go now.</summary>
    /// <param name="group">Where their dependencies are declared; a role it does not have is depended on by none.</param>
    public static ImmutableArray<PlannedAction> Orphans(IReadOnlyCollection<ObservedInstance> leaving, RoleBasedGroup group)
    {
        var present = leaving.Select(instance => instance.Role).ToHashSet(StringComparer.Ordinal);
        var needed = group.Roles.Where(role => present.Contains(role.Name)).SelectMany(role => role.Dependencies).ToHashSet(StringComparer.Ordinal);
        return [.. leaving.Where(instance => instance.Phase != InstancePhase.Terminating && !needed.Contains(instance.Role)).Select(Delete)];
    }

    private static PlannedAction Delete(ObservedInstance instance) => new DeleteInstance(instance.Key, "its role or group is deleted");
}
