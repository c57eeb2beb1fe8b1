using System.Collections.Immutable;
using ActorInference.Roles.Agents;
using ActorInference.Roles.Groups.Planning;
using ActorInference.Roles.Groups.Spec;

namespace ActorInference.Roles.Groups.Control;

/// <summary>An instance of which agents do not run members, since others have the devices.</summary>
/// <param name="Since">When that was first heard of.</param>
public sealed record RefusedInstance(ManagedInstance Instance, ImmutableArray<RefusedMember> Members, DateTimeOffset Since);

/// <param name="Place">Index of the member's place.</param>
/// <param name="Message">Of the agent.</param>
public sealed record RefusedMember(int Place, DeviceConflict Conflict, string Message);

/// <summary>
/// What becomes of instances that lost what they were placed for to others, at the agents, which have the last word: pure. Each goes elsewhere
/// if there is room, or waits. A gang, or an instance of several members, that cannot be whole gives back what it has.
/// </summary>
/// <param name="group">Name of the group.</param>
/// <param name="declaration">Of the group.</param>
/// <param name="state">Before.</param>
/// <param name="agents">That are there.</param>
/// <param name="now">The time.</param>
public sealed class Displacement(string group, Declaration declaration, RolloutState state, ImmutableArray<FleetProtocol.AgentIsThere> agents, DateTimeOffset now)
{
    /// <summary>After something was given back nothing is placed for so long: until all have heard of what others have.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromSeconds(6);

    /// <summary>To be journaled.</summary>
    public List<RolloutEvents.IRolloutEvent> Events { get; } = [];

    /// <summary>Have new places once the events are journaled.</summary>
    public List<InstanceKey> Moved { get; } = [];

    /// <summary>Give back what they have, to be placed anew.</summary>
    public List<InstanceKey> Removed { get; } = [];

    public List<GroupNote> Notes { get; } = [];

    /// <summary>The instances that wait for what others have, and have no process. What agents said of other places than the present ones is passed over.</summary>
    public static IReadOnlyList<RefusedInstance> Find(string group, Declaration declaration, RolloutState state, ObservedInstances observed)
    {
        var found = new List<RefusedInstance>();
        foreach (var managed in state.Instances.Values)
        {
            if (managed.IsDeleting || observed.RefusedSince(managed.Key) is not { } since) continue;
            var reports = observed.Members(managed.Key).Where(report => report is { Conflict: not null, WantedRevision: "" }).ToList();
            if (reports.Count == 0 || declaration.FindRole(managed.Key.Role, managed.Revision) is not { } role) continue;
            var places = new LaunchFactory(group, role, managed.Key.Ordinal, managed.Revision).Launches().ToDictionary(each => each.Launch.Instance, each => Math.Min(each.Member, managed.Places.Length - 1));
            var members = reports.Where(report => places.TryGetValue(report.Instance, out var place) && IsOf(managed.Places[place], report))
                .Select(report => new RefusedMember(places[report.Instance], report.Conflict!, report.Message)).DistinctBy(member => member.Place).ToImmutableArray();
            if (!members.IsEmpty) found.Add(new RefusedInstance(managed, members, since));
        }

        return [.. found.OrderBy(each => each.Instance.Key.Role, StringComparer.Ordinal).ThenBy(each => each.Instance.Key.Ordinal)];
    }

    /// <param name="isReady">Whether an instance is in service: it is left alone, unless the group has never been whole.</param>
    public void Plan(IReadOnlyList<RefusedInstance> refused, Func<InstanceKey, bool> isReady)
    {
        var movable = refused.Where(MayMove).ToList();
        foreach (var ((instance, places, _), from) in new InstancePlacement(declaration, agents, [.. state.Instances.Values]).Replace(movable).Zip(movable))
        {
            if (places.IsEmpty) continue;
            Events.Add(new RolloutEvents.InstanceMoved(instance.Key.Role, instance.Key.Ordinal, places, now));
            Moved.Add(instance.Key);
            Note(instance.Key, "Moved", $"to {string.Join(", ", places.Select(place => place.Node).Distinct())}: {from.Members[0].Message}");
        }

        var waiting = movable.Where(each => !Moved.Contains(each.Instance.Key)).ToList();
        foreach (var each in waiting.Where(IsDue))
        {
            foreach (var instance in Unit(each.Instance, waiting, isReady)) GiveBack(instance.Key, each.Members[0].Message);
        }
    }

    private void GiveBack(InstanceKey key, string message)
    {
        if (Removed.Contains(key)) return;
        Moved.Remove(key);
        Removed.Add(key);
        Events.Add(new RolloutEvents.InstanceDeleting(key.Role, key.Ordinal));
        Note(key, "GaveBack", $"it is no use without the rest: {message}");
    }

    /// <summary>One that has run on its place before, and is to stay there, waits for it.</summary>
    private bool MayMove(RefusedInstance refused) => refused.Instance.InPlace
        || declaration.FindRole(refused.Instance.Key.Role, refused.Instance.Revision)?.Annotations.GetValueOrDefault(SpecNames.InPlaceScheduling) != SpecNames.RequiredPlace;

    /// <summary>Of two groups that each have what the other needs, the one with the later name gives way at once; the other one only if that does not help.</summary>
    private bool IsDue(RefusedInstance refused) =>
        refused.Members.Any(member => member.Conflict.Group.Length > 0 && string.CompareOrdinal(group, member.Conflict.Group) > 0)
        || now - refused.Since >= (declaration.Desired.Gang?.Timeout ?? GangScheduling.DefaultTimeout);

    /// <summary>What is no use without an instance: those of its gang that were placed together with it, or the instance itself if it has several members.</summary>
    private IEnumerable<ManagedInstance> Unit(ManagedInstance instance, List<RefusedInstance> waiting, Func<InstanceKey, bool> isReady)
    {
        if (declaration.Desired.Gang is { } gang && !Suffices(gang, instance.Key.Role, waiting))
            return state.Instances.Values.Where(other => !other.IsDeleting && other.CreatedAt == instance.CreatedAt && (!WasWhole(instance) || !isReady(other.Key))).OrderBy(other => other.Key.Role, StringComparer.Ordinal).ThenBy(other => other.Key.Ordinal);
        return instance.Places.Length > 1 ? [instance] : [];
    }

    /// <summary>One that has been made anew on its place ran there before.</summary>
    private bool WasWhole(ManagedInstance refused) => !refused.InPlace
        || (state.Clock is { } clock && clock.Revision == declaration.Revision && clock.UpdatedReady >= declaration.Desired.Roles.Sum(role => role.Replicas));

    private bool Suffices(GangScheduling gang, string role, List<RefusedInstance> waiting)
    {
        if (!gang.MinReplicas.TryGetValue(role, out var least)) return false;
        var there = state.Instances.Values.Count(each => each.Key.Role == role && !each.IsDeleting);
        return there - waiting.Count(each => each.Instance.Key.Role == role) >= least;
    }

    private static bool IsOf(Place place, AgentProtocol.InstanceReport report) => report.Node == place.Node
        && (report.Conflict!.Gpus.Length == 0 || (place.Gpus is { } own && CpuSet.Parse(report.Conflict.Gpus) is { } gpus && gpus.Any(own.Contains)));

    private void Note(InstanceKey key, string reason, string message) => Notes.Add(new GroupNote(now, IsWarning: true, reason, SpecNames.Instance(group, key.Role, key.Ordinal), message));
}
