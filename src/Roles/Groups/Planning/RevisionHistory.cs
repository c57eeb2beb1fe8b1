using System.Collections.Immutable;
using ActorInference.Roles.Groups.Spec;

namespace ActorInference.Roles.Groups.Planning;

/// <summary>The last revisions of one group, oldest first.</summary>
public sealed record RevisionHistory(ImmutableArray<GroupRevision> Entries)
{
    public const int Limit = 10;

    public static RevisionHistory Empty { get; } = new([]);

    public GroupRevision? Current => Entries.IsEmpty ? null : Entries[^1];

    /// <summary>With a group as the newest. What is already the newest changes nothing; what is older moves to the top with a new number.</summary>
    /// <param name="kept">Revisions that instances still run: they are never dropped.</param>
    public RevisionHistory Add(RoleBasedGroup group, string cause, DateTimeOffset at, params ReadOnlySpan<string> kept)
    {
        var revision = SpecRevision.Of(group);
        if (Current?.Revision == revision) return this;
        var number = (Current?.Number ?? 0) + 1;
        var entries = Entries.RemoveAll(entry => entry.Revision == revision).Add(new GroupRevision(number, revision, group, cause, at));
        for (var i = 0; i < entries.Length - 1 && entries.Length > Limit;)
        {
            if (kept.Contains(entries[i].Revision)) i++;
            else entries = entries.RemoveAt(i);
        }

        return new RevisionHistory(entries);
    }

    /// <summary>Null if it is not kept.</summary>
    public GroupRevision? Find(int number) => Entries.FirstOrDefault(entry => entry.Number == number);

    public GroupRevision? Find(string revision) => Entries.FirstOrDefault(entry => entry.Revision == revision);

    /// <summary>The group as it was, in the size it has now. A role that it does not have now gets one instance.</summary>
    /// <param name="number">Null is the one before the newest.</param>
    /// <returns>Null if there is none.</returns>
    public RoleBasedGroup? Undo(RoleBasedGroup current, int? number)
    {
        var entry = number is { } wanted ? Find(wanted) : Entries.Length < 2 ? null : Entries[^2];
        if (entry is null) return null;
        return entry.Group with
        {
            Metadata = current.Metadata,
            Roles = [.. entry.Group.Roles.Select(role => role with { Replicas = current.FindRole(role.Name)?.Replicas ?? 1, Scaling = current.FindRole(role.Name)?.Scaling ?? role.Scaling })],
        };
    }

    /// <summary>What differs between two groups, line by line as they are written: <c>-</c> is gone, <c>+</c> is new, with the lines around it.</summary>
    public static IReadOnlyList<string> Diff(RoleBasedGroup from, RoleBasedGroup to) => LineDiff.Between(SpecWriter.Write(from), SpecWriter.Write(to));
}

/// <param name="Number">Counts up for each change of the group.</param>
/// <param name="Revision"><see cref="SpecRevision"/> of the group.</param>
/// <param name="Cause">Who or what made it.</param>
public sealed record GroupRevision(int Number, string Revision, RoleBasedGroup Group, string Cause, DateTimeOffset At);
