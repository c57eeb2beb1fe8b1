using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using ActorInference.Roles.Groups.Spec;

namespace ActorInference.Roles.Groups.Control;

/// <summary>A group as it is declared, and as it was.</summary>
/// <param name="Name">Its own.</param>
/// <param name="Revisions">Kept ones, oldest first; the last is the declared one.</param>
/// <param name="StableYaml">The group that was last rolled out whole; empty for none.</param>
public sealed record GroupState(string Name, ImmutableArray<GroupRevision> Revisions, long Stable, string StableYaml, string Policy, bool IsPaused, bool IsDeleting, long Generation, DateTimeOffset CreatedAt)
{
    /// <summary>Begins the cause of a revision that is there because another has failed.</summary>
    public const string RollBackCause = "roll-back: ";

    /// <summary>Revisions that are kept.</summary>
    public const int HistoryLimit = 10;

    /// <summary>Whether it is declared.</summary>
    public bool Exists => !Revisions.IsEmpty;

    public GroupRevision Current => Revisions[^1];

    public string Desired => Current.Yaml;

    public static GroupState Empty(string name) => new(name, [], 0, "", "", IsPaused: false, IsDeleting: false, 0, default);

    /// <summary>Judges a command; changes nothing.</summary>
    public GroupDecision Decide(GroupProtocol.IForGroup command) => command switch
    {
        GroupProtocol.Apply apply => Apply(apply),
        GroupProtocol.Promote promote when Exists && promote.Generation == Generation && Stable != Current.Number => Accept(new GroupEvents.RevisionPromoted()),
        GroupProtocol.RollBack back when Exists && back.Generation == Generation && StableYaml.Length > 0 =>
            Declare(Resized(Read(StableYaml)), back.At, RollBackCause + back.Reason),
        GroupProtocol.Promote or GroupProtocol.RollBack => GroupDecision.Nothing,
        GroupProtocol.Ended when IsDeleting => Accept(new GroupEvents.GroupEnded()),
        GroupProtocol.Ended => GroupDecision.Nothing,
        _ when !Exists => new GroupDecision(GroupProtocol.Rejected.NoGroup(Name), []),
        GroupProtocol.Delete => IsDeleting ? Same() : Accept(new GroupEvents.DeletionBegun()),
        _ when IsDeleting => Reject($"group {Name} is being deleted; expected one that is not."),
        GroupProtocol.Scale scale => Scale(scale),
        GroupProtocol.SetPaused pause => pause.IsPaused == IsPaused ? Same() : Accept(new GroupEvents.PauseSet(pause.IsPaused)),
        GroupProtocol.Undo undo => Undo(undo),
        GroupProtocol.Restart restart => Restart(restart),
        _ => throw new UnreachableException($"{nameof(GroupState)} cannot decide {command.GetType().Name}."),
    };

    /// <summary>The only way it changes, in life and in replay.</summary>
    public GroupState Apply(GroupEvents.IGroupEvent @event) => @event switch
    {
        GroupEvents.GroupDeclared e => Declared(e) with { Generation = Generation + 1, CreatedAt = Exists ? CreatedAt : e.At },
        GroupEvents.PolicyDeclared e => this with { Policy = e.Yaml, Generation = Generation + 1 },
        GroupEvents.PauseSet e => this with { IsPaused = e.IsPaused, Generation = Generation + 1 },
        GroupEvents.RevisionPromoted => this with { Stable = Current.Number, StableYaml = Current.Yaml },
        GroupEvents.DeletionBegun => this with { IsDeleting = true, Generation = Generation + 1 },
        GroupEvents.GroupEnded => Empty(Name) with { Generation = Generation + 1 },
        _ => throw new UnreachableException($"{nameof(GroupState)} cannot apply {@event.GetType().Name}."),
    };

    private GroupState Declared(GroupEvents.GroupDeclared e)
    {
        if (Exists && Current.Hash == e.Hash)
        {
            // Another size of the same thing is no revision; what was stable stays so.
            var resized = Revisions.SetItem(Revisions.Length - 1, Current with { Yaml = e.Yaml });
            return this with { Revisions = resized, StableYaml = Stable == Current.Number ? e.Yaml : StableYaml };
        }

        var number = Exists ? Current.Number + 1 : 1;
        // One that comes back takes its place at the end, under a new number.
        var earlier = Revisions.Where(revision => revision.Hash != e.Hash).ToImmutableArray();
        var wasStable = Revisions.Any(revision => revision.Hash == e.Hash && revision.Number == Stable);
        var revisions = earlier.Add(new GroupRevision(number, e.Hash, e.Yaml, e.At, e.Cause));
        while (revisions.Length > HistoryLimit) revisions = revisions.Remove(revisions.First(revision => revision.Number != Stable));
        return this with { Revisions = revisions, Stable = wasStable ? number : Stable, StableYaml = wasStable ? e.Yaml : StableYaml };
    }

    private GroupDecision Apply(GroupProtocol.Apply apply)
    {
        if (IsDeleting) return Reject($"group {Name} is being deleted; apply it again when it is gone.");
        if (apply.Desired.Length == 0 && !Exists) return Reject($"group is '{Name}'; there is none of this name that a policy could be for.");
        if (Unbound(apply) is { } unbound) return Reject(unbound);
        var events = new List<GroupEvents.IGroupEvent>();
        if (apply.Policy is { } policy && policy != Policy) events.Add(new GroupEvents.PolicyDeclared(policy));
        if (apply.Desired.Length > 0 && (!Exists || apply.Desired != Desired)) events.Insert(0, Declaration(Read(apply.Desired), apply.At, "apply"));
        if (events.Count == 0) return Same();
        return new GroupDecision(new GroupProtocol.Applied(Name, Exists ? "configured" : "created", NumberAfter(events)), [.. events]);
    }

    /// <summary>What is wrong with a policy for the group that it is applied to; null is nothing.</summary>
    private string? Unbound(GroupProtocol.Apply apply)
    {
        if (GroupYaml.ReadPolicy(apply.Policy ?? "") is not { } policy) return null;
        var errors = SpecBinding.Check(policy, Read(apply.Desired.Length > 0 ? apply.Desired : Desired)).Select(error => $"{error.Path}: {error.Message}").ToList();
        return errors.Count == 0 ? null : $"the policy of group {Name}: {string.Join("; ", errors)}";
    }

    private long NumberAfter(IEnumerable<GroupEvents.IGroupEvent> events) => events.Aggregate(this, (state, @event) => state.Apply(@event)).Current.Number;

    private GroupDecision Scale(GroupProtocol.Scale scale)
    {
        var group = Read(Desired);
        if (group.FindRole(scale.Role) is not { } role) return Reject(NoRole(group, scale.Role));
        if (scale.Replicas < 0) return Reject($"replicas is {scale.Replicas}; expected at least 0.");
        if (role.Replicas == scale.Replicas) return Same();
        return Declare(group with { Roles = group.Roles.Replace(role, role with { Replicas = scale.Replicas }) }, scale.At, "scale");
    }

    private GroupDecision Undo(GroupProtocol.Undo undo)
    {
        // The one before is what has failed: nobody means that.
        if (undo.Revision == 0 && Current.Cause.StartsWith(RollBackCause, StringComparison.Ordinal))
            return Reject($"group {Name} is rolled back already, as revision {Current.Number}; expected the revision to go to, one of {string.Join(", ", Revisions.Select(revision => revision.Number))}.");
        var target = undo.Revision == 0
            ? Revisions.Reverse().Skip(1).FirstOrDefault()
            : Revisions.FirstOrDefault(revision => revision.Number == undo.Revision);
        if (target is null)
        {
            return Reject(undo.Revision == 0
                ? $"group {Name} has no revision before {Current.Number}."
                : $"revision is {undo.Revision}; expected one of {string.Join(", ", Revisions.Select(revision => revision.Number))}.");
        }

        return target == Current ? Same() : Declare(Resized(Read(target.Yaml)), undo.At, $"undo to revision {target.Number}");
    }

    private GroupDecision Restart(GroupProtocol.Restart restart)
    {
        var group = Read(Desired);
        if (restart.Role.Length > 0 && group.FindRole(restart.Role) is null) return Reject(NoRole(group, restart.Role));
        var at = restart.At.ToString("O", CultureInfo.InvariantCulture);
        var roles = group.Roles.Select(role => restart.Role.Length == 0 || role.Name == restart.Role
            ? role with { Annotations = role.Annotations.SetItem(SpecNames.RestartedAt, at) }
            : role);
        return Declare(group with { Roles = [.. roles] }, restart.At, "restart");
    }

    /// <summary>An earlier group in the size of the present one; a role that is gone meanwhile comes back once.</summary>
    private RoleBasedGroup Resized(RoleBasedGroup earlier)
    {
        var present = Read(Desired);
        return earlier with { Roles = [.. earlier.Roles.Select(role => role with { Replicas = present.FindRole(role.Name)?.Replicas ?? 1 })] };
    }

    private GroupDecision Declare(RoleBasedGroup group, DateTimeOffset at, string cause)
    {
        var declaration = Declaration(group, at, cause);
        return new GroupDecision(new GroupProtocol.Applied(Name, "configured", NumberAfter([declaration])), [declaration]);
    }

    private static GroupEvents.GroupDeclared Declaration(RoleBasedGroup group, DateTimeOffset at, string cause) =>
        new(SpecWriter.Write(group), SpecRevision.Of(group), at, cause);

    private GroupDecision Accept(params ImmutableArray<GroupEvents.IGroupEvent> events) => new(new GroupProtocol.Applied(Name, "configured", Current.Number), events);

    private GroupDecision Same() => new(new GroupProtocol.Applied(Name, "unchanged", Current.Number), []);

    private GroupDecision Reject(string message) => new(new GroupProtocol.Rejected(Name, message), []);

    private static string NoRole(RoleBasedGroup group, string role) => $"role is '{role}'; expected one of {string.Join(", ", group.Roles.Select(each => each.Name))}.";

    private static RoleBasedGroup Read(string yaml) => GroupYaml.ReadGroup(yaml);
}

/// <summary>The answer to a command, and what to journal before it is given.</summary>
/// <param name="Reply">Null for none.</param>
public readonly record struct GroupDecision(IGroupMessage? Reply, ImmutableArray<GroupEvents.IGroupEvent> Events)
{
    public static readonly GroupDecision Nothing = new(null, []);
}
