using static ActorInference.Roles.Groups.Spec.AnnotationJson;

namespace ActorInference.Roles.Groups.Spec;

/// <summary>What is wrong with what the components of a role say of each other.</summary>
internal static class ComponentCheck
{
    public static void Check(FieldReader reader, RoleSpec role)
    {
        foreach (var component in role.Components)
        {
            if (component.Annotation(SpecNames.ComponentOrder) is { } order) ComponentOrder.Parse(order, message => Error(reader, SpecNames.ComponentOrder, message));
            if (component.Annotation(SpecNames.ComponentDiscovery) is { } discovery) ComponentDiscovery.Parse(discovery, message => Error(reader, SpecNames.ComponentDiscovery, message));
        }

        foreach (var component in role.Components) CheckNames(reader, role, component);
        if (HasCycle(role, component => ComponentOrder.Of(component).StartAfter)) Error(reader, SpecNames.ComponentOrder, "startAfter: components wait for each other's start");
        else if (HasCycle(role, component => ComponentOrder.Of(component).StartAfter.Concat(PortsOfPods(role, component))))
            Error(reader, SpecNames.ComponentDiscovery, $"portRefs: components wait for each other's {PortAllocation.PodScope} ports, or for their own; expected {PortAllocation.RoleScope} ones, which are known before any begins");
        else if (HasCycle(role, component => ComponentOrder.GoneBefore(role, component))) Error(reader, SpecNames.ComponentOrder, "deleteAfter: components wait for each other's end; what starts after another ends before it");
    }

    /// <summary>Components that have a port before one of them begins.</summary>
    private static IEnumerable<string> PortsOfPods(RoleSpec role, ComponentSpec component) => ComponentDiscovery.Of(component).Ports.Where(port => port.IsOfPod(role)).Select(port => port.Component);

    private static void CheckNames(FieldReader reader, RoleSpec role, ComponentSpec component)
    {
        var order = ComponentOrder.Of(component);
        foreach (var name in order.StartAfter.Concat(order.DeleteAfter).Distinct())
        {
            if (Find(role, name) is null) Error(reader, SpecNames.ComponentOrder, NoSuch(role, name));
        }

        var discovery = ComponentDiscovery.Of(component);
        foreach (var (name, index) in discovery.Addresses.Select(each => (each.Component, each.Index)).Concat(discovery.Ports.Select(each => (each.Component, each.Index))).Distinct())
        {
            if (Find(role, name) is not { } other) Error(reader, SpecNames.ComponentDiscovery, NoSuch(role, name));
            else if (index >= other.Size) Error(reader, SpecNames.ComponentDiscovery, $"index is {index}; component \"{name}\" has {other.Size}");
        }

        foreach (var port in discovery.Ports)
        {
            if (Find(role, port.Component) is not { } other || PortAllocations.Of(other).Allocations.Any(each => each.Name == port.Port)) continue;
            Error(reader, SpecNames.ComponentDiscovery, $"portName is '{port.Port}'; expected a port that component \"{port.Component}\" asks for in {SpecNames.PortAllocator}");
        }
    }

    private static bool HasCycle(RoleSpec role, Func<ComponentSpec, IEnumerable<string>> before)
    {
        var left = role.Components.DistinctBy(component => component.Name).ToDictionary(component => component.Name, component => before(component).Where(name => Find(role, name) is not null).ToHashSet());
        while (left.FirstOrDefault(each => !each.Value.Any(left.ContainsKey)).Key is { } free) left.Remove(free);
        return left.Count > 0;
    }

    private static ComponentSpec? Find(RoleSpec role, string name) => role.Components.FirstOrDefault(component => component.Name == name);

    private static string NoSuch(RoleSpec role, string name) => $"no component named \"{name}\"{SpecContext.Suggestion(name, role.Components.Select(component => component.Name))}";
}
