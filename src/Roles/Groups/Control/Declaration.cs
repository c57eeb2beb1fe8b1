using System.Collections.Immutable;
using ActorInference.Roles.Groups.Planning;
using ActorInference.Roles.Groups.Spec;

namespace ActorInference.Roles.Groups.Control;

/// <summary>A declaration, read.</summary>
/// <param name="Generation">Of the group.</param>
public sealed record Declaration(long Generation, RoleBasedGroup Desired, RoleBasedGroup Stable, CoordinatedPolicy? Policy, bool IsPaused, bool IsDeleting)
{
    /// <summary>Groups of before that instances still run; newest first.</summary>
    public ImmutableArray<RoleBasedGroup> Former { get; private init; } = [];

    /// <summary>Of the declared group.</summary>
    public string Revision { get; } = SpecRevision.Of(Desired);

    private ImmutableDictionary<(string Role, string Revision), RoleSpec> Roles { get; init; } = ImmutableDictionary<(string, string), RoleSpec>.Empty;

    /// <param name="former">Groups of before that instances still run, as YAML.</param>
    public static Declaration Read(RolloutEvents.Declared declared, params ImmutableArray<string> former)
    {
        var desired = GroupYaml.ReadGroup(declared.Desired);
        var stable = declared.Stable == declared.Desired ? desired : GroupYaml.ReadGroup(declared.Stable);
        var before = former.Select(GroupYaml.ReadGroup).ToImmutableArray();
        return new Declaration(declared.Generation, desired, stable, GroupYaml.ReadPolicy(declared.Policy), declared.IsPaused, declared.IsDeleting)
        {
            Former = before,
            Roles = Index(before.Reverse().Append(stable).Append(desired)),
        };
    }

    public PlanInput ToInput(ImmutableArray<ObservedInstance> instances, DateTimeOffset now) =>
        new(Desired, Stable, instances, now) { Policy = Policy, Paused = IsPaused, Deleting = IsDeleting, History = Former };

    /// <returns>Null if neither the declared, nor the stable, nor one of the former groups has the role in this revision.</returns>
    public RoleSpec? FindRole(string role, string revision) => Roles.GetValueOrDefault((role, revision));

    private static ImmutableDictionary<(string, string), RoleSpec> Index(IEnumerable<RoleBasedGroup> groups)
    {
        var roles = ImmutableDictionary.CreateBuilder<(string, string), RoleSpec>();
        foreach (var role in groups.SelectMany(group => group.Roles)) roles[(role.Name, SpecRevision.Of(role))] = role;
        return roles.ToImmutable();
    }
}
