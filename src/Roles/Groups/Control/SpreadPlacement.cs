using System.Collections.Immutable;
using ActorInference.Roles.Groups.Spec;

namespace ActorInference.Roles.Groups.Control;

/// <summary>Gives each process of an instance to the agent that has the fewest of its role, and then of all.</summary>
public static class SpreadPlacement
{
    /// <returns>A place for each member; none if there is no agent.</returns>
    public static ImmutableArray<Place> Choose(RoleSpec role, IReadOnlyCollection<FleetProtocol.AgentIsThere> agents, IEnumerable<ManagedInstance> present)
    {
        if (agents.Count == 0) return [];
        var all = present.SelectMany(instance => instance.Places.Select(place => (instance.Key.Role, place.Node))).ToList();
        var places = ImmutableArray.CreateBuilder<Place>();
        for (var member = 0; member < OrderFactory.Members(role); member++)
        {
            var agent = agents
                .OrderBy(each => all.Count(one => one.Node == each.Node && one.Role == role.Name))
                .ThenBy(each => all.Count(one => one.Node == each.Node))
                .ThenBy(each => each.Node, StringComparer.Ordinal)
                .First();
            all.Add((role.Name, agent.Node));
            places.Add(new Place(agent.Node, agent.Address, agent.AgentPath));
        }

        return places.ToImmutable();
    }
}
