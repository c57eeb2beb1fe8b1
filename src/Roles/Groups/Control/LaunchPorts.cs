using System.Globalization;
using ActorInference.Roles.Agents;
using ActorInference.Roles.Groups.Planning.Placing;
using ActorInference.Roles.Groups.Spec;

namespace ActorInference.Roles.Groups.Control;

/// <summary>The ports of a role's processes: those of their containers, and those that RBG's allocator would give.</summary>
/// <param name="group">Name of the group.</param>
internal sealed class LaunchPorts(string group, RoleSpec role)
{
    /// <summary>What a container's process asks its agent for. Allocated ones are the first container's.</summary>
    public IEnumerable<PortRequest> Requests(ComponentSpec component, ContainerSpec container)
    {
        var allocated = container == component.Template.Containers[0] ? PortAllocations.Of(component).Allocations : [];
        foreach (var port in container.Ports.Where(port => allocated.All(each => each.Name != NameOf(port) || !each.IsRoleScoped))) yield return new PortRequest(NameOf(port), port.Port);
        foreach (var allocation in allocated)
        {
            if (allocation.IsRoleScoped) yield return new PortRequest(allocation.Name, NumberOf(component, allocation)) { IsFixed = true };
            else if (container.Ports.All(port => NameOf(port) != allocation.Name)) yield return new PortRequest(allocation.Name, 0);
        }
    }

    /// <summary>Ports that have to be one number, whatever host it is: a host has each once.</summary>
    public IEnumerable<FixedPort> Fixed(ComponentSpec component) =>
        from allocation in PortAllocations.Of(component).Allocations where allocation.IsRoleScoped select new FixedPort(allocation.Name, NumberOf(component, allocation));

    /// <summary>Variables that say which ports were given, to all containers of the pod; what agents choose for others is not known here.</summary>
    public IEnumerable<Variable> Environment(ComponentSpec component)
    {
        var ports = PortAllocations.Of(component);
        foreach (var allocation in ports.Allocations) yield return new Variable(allocation.Env, ValueOf(component, allocation));
        foreach (var port in ComponentDiscovery.Of(component).Ports.Where(port => !port.IsOfPod(role))) yield return new Variable(port.Env, Text(PortAllocations.NumberOf(group, new PortReference(role.Name, port.Component, port.Port))));
        foreach (var reference in ports.References) yield return new Variable(reference.Env, Text(PortAllocations.NumberOf(group, reference with { Env = "" })));
    }

    /// <returns>The port that an annotation says; null if it is of none.</returns>
    public string? ByAnnotation(ComponentSpec component, string key) =>
        PortAllocations.Of(component).Allocations.FirstOrDefault(allocation => allocation.AnnotationKey == key) is { } allocation ? ValueOf(component, allocation) : null;

    private string ValueOf(ComponentSpec component, PortAllocation allocation) =>
        allocation.IsRoleScoped ? Text(NumberOf(component, allocation)) : $"$({InstanceSurroundings.PortVariable(allocation.Name)})";

    private int NumberOf(ComponentSpec component, PortAllocation allocation) => PortAllocations.NumberOf(group, new PortReference(role.Name, component.Name, allocation.Name));

    private static string NameOf(PortSpec port) => port.Name.Length > 0 ? port.Name.ToLowerInvariant() : $"port{Text(port.Port)}";

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);
}
