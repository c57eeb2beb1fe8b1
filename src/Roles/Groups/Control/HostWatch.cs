using System.Collections.Immutable;

namespace ActorInference.Roles.Groups.Control;

/// <summary>Which of a group's hosts are lost: no agent reports from there, and the cluster has removed it, for long enough.</summary>
/// <param name="lostAfter">How long it is waited for. Not journaled: a coordinator that begins again waits anew.</param>
public sealed class HostWatch(TimeSpan lostAfter)
{
    private readonly Dictionary<string, DateTimeOffset> _missing = new(StringComparer.Ordinal);

    /// <summary>Names of the hosts.</summary>
    public ImmutableHashSet<string> Lost { get; private set; } = [];

    /// <summary>Looks at the hosts of a group's places.</summary>
    /// <param name="present">Agents that report.</param>
    /// <param name="isMember">Whether the cluster still has the process that an agent's path names.</param>
    /// <returns>Hosts that are lost since now.</returns>
    public IReadOnlyList<string> Look(IEnumerable<Place> places, ImmutableArray<FleetProtocol.AgentIsThere> present, Func<string, bool> isMember, DateTimeOffset now)
    {
        var missing = places.Where(place => present.All(agent => agent.Node != place.Node)).DistinctBy(place => place.Node)
            .Where(place => !isMember(place.AgentPath)).Select(place => place.Node).ToHashSet(StringComparer.Ordinal);
        foreach (var back in _missing.Keys.Where(node => !missing.Contains(node)).ToList()) _missing.Remove(back);
        foreach (var node in missing) _missing.TryAdd(node, now);
        var before = Lost;
        Lost = [.. _missing.Where(each => now - each.Value >= lostAfter).Select(each => each.Key)];
        return [.. Lost.Except(before).Order(StringComparer.Ordinal)];
    }
}
