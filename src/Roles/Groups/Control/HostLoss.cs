using System.Collections.Immutable;
using ActorInference.Roles.Groups.Planning;
using ActorInference.Roles.Groups.Spec;

namespace ActorInference.Roles.Groups.Control;

/// <summary>What becomes of the instances of lost hosts: pure. Each keeps its name, role and ordinal, and gets a place elsewhere if its role's rules have one.</summary>
/// <param name="group">Name of the group.</param>
/// <param name="declaration">Of the group.</param>
/// <param name="state">Before.</param>
/// <param name="agents">That are there.</param>
/// <param name="lost">Names of the lost hosts.</param>
/// <param name="now">The time.</param>
public sealed class HostLoss(
    string group, Declaration declaration, RolloutState state, ImmutableArray<FleetProtocol.AgentIsThere> agents, ImmutableHashSet<string> lost, DateTimeOffset now)
{
    /// <summary>To be journaled.</summary>
    public List<RolloutEvents.IRolloutEvent> Events { get; } = [];

    /// <summary>Have new places once the events are journaled.</summary>
    public List<InstanceKey> Moved { get; } = [];

    /// <summary>Are ending: what they have on a lost host is not waited for.</summary>
    public List<InstanceKey> Abandoned { get; } = [];

    public List<GroupNote> Notes { get; } = [];

    public void Plan()
    {
        var concerned = state.Instances.Values.Where(instance => instance.Places.Any(IsLost)).OrderBy(instance => instance.Key.Role, StringComparer.Ordinal).ThenBy(instance => instance.Key.Ordinal).ToList();
        Abandoned.AddRange(concerned.Where(instance => instance.IsDeleting).Select(instance => instance.Key));
        var movable = concerned.Where(instance => !instance.IsDeleting && MayMove(instance)).ToList();
        foreach (var (instance, places, reason) in new InstancePlacement(declaration, agents, [.. state.Instances.Values]).Move(movable, lost))
        {
            if (places.IsEmpty)
            {
                Note(instance, isWarning: true, "FailedScheduling", $"its host {Hosts(instance)} is lost, and there is no other: {reason}");
                continue;
            }

            Events.Add(new RolloutEvents.InstanceMoved(instance.Key.Role, instance.Key.Ordinal, places, now));
            Moved.Add(instance.Key);
            Note(instance, isWarning: true, "Moved", $"from {Hosts(instance)}, which is lost, to {string.Join(", ", places.Select(place => place.Node).Distinct())}");
        }

        if (Seeds() is { } seeds) Events.Add(new RolloutEvents.SeedsLost(seeds));
    }

    private bool IsLost(Place place) => lost.Contains(place.Node);

    private bool MayMove(ManagedInstance instance)
    {
        if (declaration.FindRole(instance.Key.Role, instance.Revision) is not { } role) return false;   // A revision between: the next plan leaves it behind.
        if (role.Annotations.GetValueOrDefault(SpecNames.InPlaceScheduling) != SpecNames.RequiredPlace) return true;
        Note(instance, isWarning: true, "FailedScheduling", $"its host {Hosts(instance)} is lost, and {SpecNames.InPlaceScheduling} is {SpecNames.RequiredPlace}: it waits for it");
        return false;
    }

    /// <summary>
    /// Seeds of lost hosts are no help to join. One is left where living processes have no other: a moved one must not be the first
    /// of the list, which would begin a second cluster. Where nothing lives, the next one begins the cluster anew.
    /// </summary>
    /// <returns>Null if they stay as they are.</returns>
    private ImmutableArray<string>? Seeds()
    {
        if (Moved.Count == 0) return null;
        var living = state.Instances.Values.SelectMany(instance => instance.Places).Where(place => !IsLost(place)).Select(place => place.Address).ToHashSet(StringComparer.Ordinal);
        if (living.Count == 0) return state.Seeds.IsEmpty ? null : [];
        var gone = state.Instances.Values.SelectMany(instance => instance.Places).Where(IsLost).Select(place => place.Address).Where(address => !living.Contains(address)).ToHashSet(StringComparer.Ordinal);
        var left = state.Seeds.Where(seed => !gone.Contains(seed[..seed.LastIndexOf(':')])).ToImmutableArray();
        if (left.Length == state.Seeds.Length) return null;
        return left.IsEmpty ? state.Seeds.Length == 1 ? null : [state.Seeds[0]] : left;
    }

    private string Hosts(ManagedInstance instance) => string.Join(", ", instance.Places.Where(IsLost).Select(place => place.Node).Distinct());

    private void Note(ManagedInstance instance, bool isWarning, string reason, string message) =>
        Notes.Add(new GroupNote(now, isWarning, reason, SpecNames.Instance(group, instance.Key.Role, instance.Key.Ordinal), message));
}
