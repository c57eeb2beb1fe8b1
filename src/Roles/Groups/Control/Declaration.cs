using System.Collections.Immutable;
using ActorInference.Roles.Groups.Planning;
using ActorInference.Roles.Groups.Spec;

namespace ActorInference.Roles.Groups.Control;

/// <summary>A declaration, read.</summary>
/// <param name="Generation">Of the group.</param>
public sealed record Declaration(long Generation, RoleBasedGroup Desired, RoleBasedGroup Stable, CoordinatedPolicy? Policy, bool IsPaused, bool IsDeleting)
{
    /// <summary>Of the declared group.</summary>
    public string Revision { get; } = SpecRevision.Of(Desired);

    private readonly ImmutableDictionary<(string Role, string Revision), RoleSpec> _roles = Index(Desired, Stable);

    public static Declaration Read(RolloutEvents.Declared declared)
    {
        var desired = GroupYaml.ReadGroup(declared.Desired);
        var stable = declared.Stable == declared.Desired ? desired : GroupYaml.ReadGroup(declared.Stable);
        return new Declaration(declared.Generation, desired, stable, GroupYaml.ReadPolicy(declared.Policy), declared.IsPaused, declared.IsDeleting);
    }

    public PlanInput ToInput(ImmutableArray<ObservedInstance> instances, DateTimeOffset now) =>
        new(Desired, Stable, instances, now) { Policy = Policy, Paused = IsPaused, Deleting = IsDeleting };

    /// <returns>Null if neither the declared nor the stable group has the role in this revision.</returns>
    public RoleSpec? FindRole(string role, string revision) => _roles.GetValueOrDefault((role, revision));

    private static ImmutableDictionary<(string, string), RoleSpec> Index(RoleBasedGroup desired, RoleBasedGroup stable)
    {
        var roles = ImmutableDictionary.CreateBuilder<(string, string), RoleSpec>();
        foreach (var role in stable.Roles.Concat(desired.Roles)) roles[(role.Name, SpecRevision.Of(role))] = role;
        return roles.ToImmutable();
    }
}
