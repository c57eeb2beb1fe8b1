using System.Collections.Immutable;
using ActorInference.Roles.Groups.Spec;

namespace ActorInference.Roles.Groups.Planning;

/// <summary>What the groups of a set do next: new ones are made at once, changed ones roll one after the other.</summary>
public static class SetPlanner
{
    /// <param name="groups">Those that exist.</param>
    /// <param name="atOnce">Groups that may be under way at the same time; RBG's mode takes all.</param>
    public static ImmutableArray<SetAction> Next(RoleBasedGroupSet set, IReadOnlyCollection<ObservedGroup> groups, int atOnce = 1)
    {
        var actions = ImmutableArray.CreateBuilder<SetAction>();
        var revision = SpecRevision.Of(set.Template);
        foreach (var group in groups.Where(group => group.Index >= set.Replicas && !group.Deleting).OrderByDescending(group => group.Index)) actions.Add(new DeleteGroup(group.Index));
        var kept = groups.Where(group => group.Index < set.Replicas && !group.Deleting).OrderBy(group => group.Index).ToList();
        var spare = set.Template.Mode == PlannerMode.RbgStrict ? int.MaxValue : atOnce - kept.Count(group => group.Revision == revision && !group.Ready);

        // Those that serve nothing go first: updating them costs nothing.
        foreach (var group in kept.Where(group => group.Revision != revision).OrderBy(group => group.Ready).ThenBy(group => group.Index))
        {
            if (spare-- <= 0) break;
            actions.Add(new UpdateGroup(group.Index));
        }

        for (var index = 0; index < set.Replicas; index++)
        {
            if (groups.All(group => group.Index != index)) actions.Add(new CreateGroup(index));
        }

        return actions.ToImmutable();
    }
}

/// <summary>One group of a set.</summary>
/// <param name="Revision">Revision that is declared for it.</param>
/// <param name="Ready">Whole, with that revision rolled out.</param>
public sealed record ObservedGroup(int Index, string Revision, bool Ready, bool Deleting = false);

public abstract record SetAction(int Index);

public sealed record CreateGroup(int Index) : SetAction(Index);

public sealed record UpdateGroup(int Index) : SetAction(Index);

public sealed record DeleteGroup(int Index) : SetAction(Index);
