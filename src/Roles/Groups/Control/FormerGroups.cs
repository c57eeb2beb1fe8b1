using System.Collections.Immutable;
using ActorInference.Roles.Groups.Spec;

namespace ActorInference.Roles.Groups.Control;

/// <summary>
/// Groups that were declared before, and that instances still run when the next is declared: whether an instance between two revisions can be
/// updated in place is only known if it is known what it runs.
/// </summary>
internal static class FormerGroups
{
    /// <param name="state">Before the declaration.</param>
    /// <returns>As YAML, the newest first: those that an instance runs a role of, and that are neither declared nor stable then.</returns>
    public static ImmutableArray<string> After(RolloutState state, RolloutEvents.Declared next)
    {
        if (state.Declaration is not { } before || state.Instances.IsEmpty) return [];
        if (before.Desired == next.Desired && before.Stable == next.Stable) return state.Former;
        var unknown = state.Instances.Values.Select(instance => (instance.Key.Role, instance.Revision)).ToHashSet();
        unknown.ExceptWith(RevisionsOf(next.Desired));
        unknown.ExceptWith(RevisionsOf(next.Stable));
        var former = ImmutableArray.CreateBuilder<string>();
        foreach (var yaml in state.Former.Prepend(before.Stable).Prepend(before.Desired))
        {
            if (unknown.Count == 0) break;
            var count = unknown.Count;
            unknown.ExceptWith(RevisionsOf(yaml));
            if (unknown.Count < count) former.Add(yaml);
        }

        return former.ToImmutable();
    }

    private static IEnumerable<(string Role, string Revision)> RevisionsOf(string yaml) => GroupYaml.ReadGroup(yaml).Roles.Select(role => (role.Name, SpecRevision.Of(role)));
}
