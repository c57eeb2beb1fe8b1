using System.Collections.Immutable;
using System.Text.Json;
using static ActorInference.Roles.Groups.Spec.AnnotationJson;

namespace ActorInference.Roles.Groups.Spec;

/// <summary>Variables that say where the other components of an instance are: RBG's annotation <see cref="SpecNames.ComponentDiscovery"/>.</summary>
public sealed record ComponentDiscovery(ImmutableArray<ComponentAddress> Addresses, ImmutableArray<ComponentPort> Ports)
{
    public static ComponentDiscovery None { get; } = new([], []);

    /// <summary>By the component's own annotation, else by its template's.</summary>
    public static ComponentDiscovery Of(ComponentSpec component) => component.Annotation(SpecNames.ComponentDiscovery) is { } text ? Parse(text, _ => { }) : None;

    /// <summary>Reads <c>{"addressRefs":[{"env","component","index"}],"portRefs":[{"env","component","portName","index"}]}</c>.</summary>
    /// <param name="error">Told of everything that is wrong, which is left out.</param>
    public static ComponentDiscovery Parse(string text, Action<string> error)
    {
        var found = None;
        Read(text, error, root => found = new ComponentDiscovery(
            [.. Items(root, "addressRefs", error).Select(item => Address(item, error)).OfType<ComponentAddress>()],
            [.. Items(root, "portRefs", error).Select(item => Port(item, error)).OfType<ComponentPort>()]), "addressRefs", "portRefs");
        return found;
    }

    private static ComponentAddress? Address((string Path, JsonElement Element) item, Action<string> error)
    {
        var (env, component, index) = (Required(item, "env", error), Required(item, "component", error), Number(item, "index", error));
        Refuse(item, error, "env", "component", "index");
        return env.Length == 0 || component.Length == 0 ? null : new ComponentAddress(env, component, index);
    }

    private static ComponentPort? Port((string Path, JsonElement Element) item, Action<string> error)
    {
        var (env, component, port, index) = (Required(item, "env", error), Required(item, "component", error), Required(item, "portName", error), Number(item, "index", error));
        Refuse(item, error, "env", "component", "portName", "index");
        return env.Length == 0 || component.Length == 0 || port.Length == 0 ? null : new ComponentPort(env, component, port, index);
    }
}

/// <param name="Env">Variable that says where it is.</param>
/// <param name="Index">Of the member within its component.</param>
public sealed record ComponentAddress(string Env, string Component, int Index);

/// <param name="Env">Variable that says which number it is.</param>
/// <param name="Port">Name of a port that the component's <see cref="PortAllocations"/> ask for.</param>
public sealed record ComponentPort(string Env, string Component, string Port, int Index)
{
    /// <summary>Whether the pod's agent chooses its number: then it is known once the pod has a place, and not before.</summary>
    public bool IsOfPod(RoleSpec role) =>
        role.Components.FirstOrDefault(component => component.Name == Component) is { } component && PortAllocations.Of(component).Allocations.Any(each => each.Name == Port && !each.IsRoleScoped);
}
