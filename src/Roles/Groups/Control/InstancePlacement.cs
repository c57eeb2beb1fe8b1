using System.Collections.Immutable;
using ActorInference.Roles.Agents;
using ActorInference.Roles.Groups.Planning;
using ActorInference.Roles.Groups.Planning.Placing;
using ActorInference.Roles.Groups.Spec;
using HostTopology = ActorInference.Roles.Groups.Planning.Placing.HostTopology;

namespace ActorInference.Roles.Groups.Control;

/// <summary>Gives the instances of a plan their places, all together: by resources, rules, gang and topology.</summary>
/// <param name="declaration">Of the group.</param>
/// <param name="agents">That are there.</param>
/// <param name="present">Instances of the group that have their places.</param>
public sealed class InstancePlacement(Declaration declaration, ImmutableArray<FleetProtocol.AgentIsThere> agents, IReadOnlyCollection<ManagedInstance> present)
{
    /// <summary>Places of each instance, one for each of its members.</summary>
    /// <param name="creates">What is to be created.</param>
    /// <returns>An instance with no places where one of its members has none, and why.</returns>
    public IReadOnlyList<(CreateInstance Create, ImmutableArray<Place> Places, string Reason)> Place(IReadOnlyList<CreateInstance> creates)
    {
        var requests = creates.SelectMany(create => Requests(create.Instance, declaration.FindRole(create.Instance.Role, create.Revision)!)).ToList();
        var group = declaration.Desired;
        var result = Placement.Place([.. agents.Select(Host)], [.. present.SelectMany(Existing)], requests, new PlacementOptions(group.ExclusiveTopology, group.Gang));
        return [.. creates.Select(create => PlacesOf(create, result))];
    }

    /// <summary>Other places for the members of instances whose hosts are lost; the rest of each instance stays where it is.</summary>
    /// <param name="lost">Names of the hosts.</param>
    /// <returns>All places of each instance; none where one of its members has none, and why.</returns>
    public IReadOnlyList<(ManagedInstance Instance, ImmutableArray<Place> Places, string Reason)> Move(IReadOnlyList<ManagedInstance> instances, ImmutableHashSet<string> lost)
    {
        var requests = instances.SelectMany(instance => Existing(instance).Where(placed => lost.Contains(placed.Host)).Select(placed => placed.Member with { Former = placed })).ToList();
        var hosts = agents.Where(agent => !lost.Contains(agent.Node)).Select(Host).ToList();
        // No gang: those that have a place elsewhere do not wait for those that have none.
        var result = Placement.Place(hosts, [.. present.SelectMany(Existing)], requests, new PlacementOptions(declaration.Desired.ExclusiveTopology));
        return [.. instances.Select(instance => Moved(instance, result))];
    }

    /// <summary>Other places for the members that agents have refused, on the same host or another; the rest of each instance stays where it is.</summary>
    /// <returns>As of <see cref="Move"/>.</returns>
    public IReadOnlyList<(ManagedInstance Instance, ImmutableArray<Place> Places, string Reason)> Replace(IReadOnlyList<RefusedInstance> refused)
    {
        var conflicts = refused.SelectMany(each => each.Members.Select(member => (each.Instance.Key, member.Place, member.Conflict))).ToDictionary(each => (each.Key, each.Place), each => each.Conflict);
        var (existing, requests) = (new List<Placed>(), new List<PlacementRequest>());
        var gpus = new List<(string Host, HostShare Share)>();
        foreach (var placed in present.SelectMany(Existing))
        {
            if (!conflicts.TryGetValue((placed.Member.Instance, placed.Member.Index), out var conflict))
            {
                existing.Add(placed);
                continue;
            }

            requests.Add(placed.Member with { Former = placed, Avoids = conflict.Gpus.Length == 0 ? placed.Host : null });
            // Newer than what the fleet has heard of the host.
            gpus.Add((placed.Host, new HostShare(conflict.Group, CpuSet.Parse(conflict.Gpus) ?? [], 0, 0)));
        }

        var news = gpus.ToLookup(each => each.Host, each => each.Share);
        var hosts = agents.Select(Host).Select(host => host with { Taken = [.. host.Taken, .. news[host.Name]] }).ToList();
        var result = Placement.Place(hosts, existing, requests, new PlacementOptions(declaration.Desired.ExclusiveTopology));
        return [.. refused.Select(each => Moved(each.Instance, result))];
    }

    private (ManagedInstance Instance, ImmutableArray<Place> Places, string Reason) Moved(ManagedInstance instance, PlacementResult result)
    {
        if (result.Unplaced.FirstOrDefault(each => each.Member.Instance == instance.Key) is { } without) return (instance, [], without.Reason);
        var places = instance.Places;
        foreach (var placed in result.Placed.Where(each => each.Member.Instance == instance.Key)) places = places.SetItem(placed.Member.Index, ToPlace(placed));
        return (instance, places, "");
    }

    private (CreateInstance Create, ImmutableArray<Place> Places, string Reason) PlacesOf(CreateInstance create, PlacementResult result)
    {
        if (result.Unplaced.FirstOrDefault(each => each.Member.Instance == create.Instance) is { } without) return (create, [], without.Reason);
        var members = result.Placed.Where(placed => placed.Member.Instance == create.Instance).OrderBy(placed => placed.Member.Index);
        return (create, [.. members.Select(ToPlace)], "");
    }

    private Place ToPlace(Placed placed)
    {
        var agent = agents.First(each => each.Node == placed.Host);
        return new Place(agent.Node, agent.Address, agent.AgentPath) { Gpus = placed.Member.Resources.Gpus > 0 ? [.. placed.Gpus] : null };
    }

    private IEnumerable<Placed> Existing(ManagedInstance instance)
    {
        if (declaration.FindRole(instance.Key.Role, instance.Revision) is not { } role) return [];
        return Requests(instance.Key, role).Zip(instance.Places, (request, place) => new Placed(request, place.Node, [.. place.Gpus ?? []]));
    }

    /// <summary>The members of an instance, in the order of its places.</summary>
    private IEnumerable<PlacementRequest> Requests(InstanceKey key, RoleSpec role)
    {
        var paired = declaration.Policy?.Rules.Where(rule => rule.Roles.Contains(role.Name)).SelectMany(rule => rule.Roles).Where(name => name != role.Name).Distinct().ToImmutableArray() ?? [];
        var (index, ports) = (0, new LaunchPorts(declaration.Desired.Name, role));
        foreach (var component in role.Components)
        {
            for (var member = 0; member < component.Size; member++, index++)
            {
                var labels = component.Template.Labels.SetItems(component.Labels)
                    .SetItem(SpecNames.GroupLabel, declaration.Desired.Name).SetItem(SpecNames.RoleLabel, role.Name);
                yield return new PlacementRequest(
                    declaration.Desired.Name, key, component.Name, index, labels, PlacementRequest.Needs(component.Template), component.Template.Placement)
                {
                    Paired = paired,
                    Ports = [.. ports.Fixed(component)],
                };
            }
        }
    }

    private static HostTopology Host(FleetProtocol.AgentIsThere agent) => new(
        agent.Node, agent.Topology.Labels, agent.Topology.Cpus, agent.Topology.MemoryBytes,
        [.. agent.Topology.Gpus.Select(gpu => new GpuDevice(gpu.Number, gpu.Numa, gpu.NvLinks))], ImmutableSortedDictionary<string, int>.Empty)
    {
        Rdma = agent.Topology.Nics.Any(nic => nic.IsRdma),
        Taken = agent.Taken ?? [],
    };
}
