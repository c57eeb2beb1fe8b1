using System.Collections.Immutable;
using ActorInference.Roles.Groups.Planning;
using ActorInference.Roles.Groups.Spec;

namespace ActorInference.Roles.Groups.Control;

/// <summary>What a plan comes to: what to journal, and then whom to tell.</summary>
/// <param name="group">Name of the group.</param>
/// <param name="declaration">That is being brought about.</param>
/// <param name="state">Before the plan.</param>
/// <param name="agents">That are there.</param>
/// <param name="now">The time.</param>
public sealed class PlanSteps(string group, Declaration declaration, RolloutState state, ImmutableArray<FleetProtocol.AgentIsThere> agents, DateTimeOffset now)
{
    private readonly List<CreateInstance> _creates = [];

    public List<RolloutEvents.IRolloutEvent> Events { get; } = [];

    public List<InstanceKey> Brought { get; } = [];

    public List<InstanceKey> Removed { get; } = [];

    public List<GroupNote> Notes { get; } = [];

    public List<GroupProtocol.IForGroup> ToGroup { get; } = [];

    /// <summary>What has no place.</summary>
    public List<Hold> Waiting { get; } = [];

    public void Add(PlannedAction action)
    {
        switch (action)
        {
            case CreateInstance create:
                if (declaration.FindRole(create.Instance.Role, create.Revision) is not null) _creates.Add(create);
                break;
            case UpdateInstance update:
                Events.Add(new RolloutEvents.InstanceUpdated(update.Instance.Role, update.Instance.Ordinal, update.To, update.InPlace, update.Grace));
                Brought.Add(update.Instance);
                Note(update.Instance, update.InPlace ? "UpdatingInPlace" : "Recreating", $"from revision {update.From} to {update.To}");
                break;
            case DeleteInstance delete:
                Events.Add(new RolloutEvents.InstanceDeleting(delete.Instance.Role, delete.Instance.Ordinal));
                Removed.Add(delete.Instance);
                Note(delete.Instance, "Killing", delete.Reason);
                break;
            case PromoteRevision:
                ToGroup.Add(new GroupProtocol.Promote(group, declaration.Generation, now));
                break;
            case RollBack back:
                ToGroup.Add(new GroupProtocol.RollBack(group, declaration.Generation, back.Reason, now));
                break;
            default:
                throw new InvalidOperationException($"{action.GetType().Name} is no step of a coordinator.");
        }
    }

    /// <summary>Gives what is to be created its places, after the last action.</summary>
    /// <param name="notBefore">Until then nothing gets one.</param>
    public void PlaceAll(DateTimeOffset notBefore = default)
    {
        if (_creates.Count == 0) return;
        var without = new List<(InstanceKey Key, string Reason)>();
        if (now < notBefore) without.AddRange(_creates.Select(create => (create.Instance, "it has given back what it had, and others come first")));
        else Place(without);
        Waiting.AddRange(without.GroupBy(each => (each.Key.Role, each.Reason)).Select(group => group.Count() == 1
            ? new Hold(group.Key.Role, group.First().Key, $"has no place: {group.Key.Reason}")
            : new Hold(group.Key.Role, null, $"{group.Count()} instances have no place: {group.Key.Reason}")));
    }

    private void Place(List<(InstanceKey Key, string Reason)> without)
    {
        foreach (var (create, places, reason) in new InstancePlacement(declaration, agents, [.. state.Instances.Values]).Place(_creates))
        {
            if (places.IsEmpty)
            {
                var cause = agents.IsEmpty ? "there is no agent; expected at least one that reports" : reason;
                Notes.Add(new GroupNote(now, IsWarning: true, "FailedScheduling", Name(create.Instance), cause));
                without.Add((create.Instance, cause));
                continue;
            }

            Events.Add(new RolloutEvents.InstanceCreated(create.Instance.Role, create.Instance.Ordinal, create.Revision, places, now));
            Brought.Add(create.Instance);
            Note(create.Instance, "Created", $"on {string.Join(", ", places.Select(place => place.Node).Distinct())}");
        }
    }

    private void Note(InstanceKey key, string reason, string message) => Notes.Add(new GroupNote(now, IsWarning: false, reason, Name(key), message));

    private string Name(InstanceKey key) => SpecNames.Instance(group, key.Role, key.Ordinal);
}
