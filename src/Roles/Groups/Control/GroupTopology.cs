using System.Collections.Immutable;
using ActorInference.Roles.Agents;

namespace ActorInference.Roles.Groups.Control;

/// <summary>What agents are told of a group's topology, each when it changes.</summary>
public sealed class GroupTopology
{
    /// <summary>Name of the port by which a process's cluster is joined.</summary>
    public const string ClusterPort = "cluster";

    private readonly Dictionary<string, AgentProtocol.Publish> _told = [];

    /// <summary>Say it again, changed or not.</summary>
    public void Repeat() => _told.Clear();

    /// <summary>What each agent has not been told.</summary>
    public IReadOnlyList<(string AgentPath, AgentProtocol.Publish Publish)> Changes(Declaration declaration, RolloutState state, ObservedInstances observed)
    {
        var agents = state.Instances.Values.SelectMany(instance => instance.Places).Select(place => place.AgentPath).Distinct().ToList();
        if (agents.Count == 0) return [];
        var (group, watch) = (declaration.Desired, new FaultWatch(declaration.Desired.Name, declaration, state));
        var instances = state.Instances.Values.Where(instance => !instance.IsDeleting && !watch.IsLeftOut(instance.Key, observed.WasReady(instance.Key))).Select(instance => Describe(instance, observed));
        ImmutableArray<Variable> overlay = state.Seeds.IsEmpty ? [] : [new Variable(InstanceSurroundings.SeedVariable, string.Join(',', state.Seeds))];
        var publish = new AgentProtocol.Publish(group.Name, overlay, DiscoveryFile.Write(group, instances));
        var changes = new List<(string, AgentProtocol.Publish)>();
        foreach (var agent in agents)
        {
            if (_told.TryGetValue(agent, out var told) && told.Topology == publish.Topology && told.Overlay.SequenceEqual(publish.Overlay)) continue;
            _told[agent] = publish;
            changes.Add((agent, publish));
        }

        return changes;
    }

    private static DiscoveredInstance Describe(ManagedInstance instance, ObservedInstances observed) => new(
        instance.Key.Role,
        instance.Key.Ordinal,
        instance.Places.IsEmpty ? "" : instance.Places[0].Address,
        [.. observed.Members(instance.Key).Where(member => instance.Places.Any(place => place.Node == member.Node)).SelectMany(member => member.Ports).DistinctBy(port => port.Name).Select(port => KeyValuePair.Create(port.Name, port.Port))]);
}
