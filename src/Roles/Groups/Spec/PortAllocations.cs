using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using static ActorInference.Roles.Groups.Spec.AnnotationJson;

namespace ActorInference.Roles.Groups.Spec;

/// <summary>Ports that RBG's annotation <see cref="SpecNames.PortAllocator"/> asks for, and those of others that it refers to.</summary>
public sealed partial record PortAllocations(ImmutableArray<PortAllocation> Allocations, ImmutableArray<PortReference> References)
{
    /// <summary>The ports of whole roles are from here on, as RBG's own default.</summary>
    public const int FirstPort = 30000;

    /// <summary>How many there are of those.</summary>
    public const int PortCount = 5000;

    public static PortAllocations None { get; } = new([], []);

    /// <summary>What a component asks for, by its own annotation, else by its template's.</summary>
    public static PortAllocations Of(ComponentSpec component) => component.Annotation(SpecNames.PortAllocator) is { } text ? Parse(text, _ => { }) : None;

    /// <summary>The number that all of a role have. It follows from the names, so that it is the same wherever and whenever it is asked for.</summary>
    public static int NumberOf(string group, PortReference port)
    {
        // FNV-1a of 32 bits, by Fowler, Noll and Vo.
        var hash = 2166136261u;
        foreach (var value in Encoding.UTF8.GetBytes($"{group}/{port}")) hash = (hash ^ value) * 16777619u;
        return FirstPort + (int)(hash % PortCount);
    }

    /// <summary>Reads <c>{"allocations":[{"name","env","annotationKey","scope"}],"references":[{"env","from":"role.component.port"}]}</c>.</summary>
    /// <param name="error">Told of everything that is wrong, which is left out.</param>
    public static PortAllocations Parse(string text, Action<string> error)
    {
        var found = None;
        Read(text, error, root =>
        {
            ImmutableArray<PortAllocation> allocations = [.. Items(root, "allocations", error).Select(item => Allocation(item, error)).OfType<PortAllocation>()];
            foreach (var twice in allocations.GroupBy(each => each.Name).Where(group => group.Count() > 1)) error($"allocations: two are named \"{twice.Key}\"");
            found = new PortAllocations(allocations, [.. Items(root, "references", error).Select(item => Reference(item, error)).OfType<PortReference>()]);
        }, "allocations", "references");
        return found;
    }

    private static PortAllocation? Allocation((string Path, JsonElement Element) item, Action<string> error)
    {
        var (name, env) = (Required(item, "name", error), Required(item, "env", error));
        if (name.Length > 0 && !PortName().IsMatch(name)) error($"{item.Path}.name is '{name}'; expected lower-case letters, digits and dashes");
        var scope = Text(item.Element, "scope") ?? PortAllocation.PodScope;
        if (scope is not (PortAllocation.PodScope or PortAllocation.RoleScope)) error($"{item.Path}.scope is '{scope}'; expected {PortAllocation.PodScope} or {PortAllocation.RoleScope}");
        Refuse(item, error, "name", "env", "annotationKey", "scope");
        return name.Length == 0 || env.Length == 0 ? null : new PortAllocation(name, env, Text(item.Element, "annotationKey") ?? "", scope == PortAllocation.RoleScope);
    }

    private static PortReference? Reference((string Path, JsonElement Element) item, Action<string> error)
    {
        var (env, from) = (Required(item, "env", error), Required(item, "from", error));
        Refuse(item, error, "env", "from");
        if (env.Length == 0 || from.Length == 0) return null;
        switch (from.Split('.'))
        {
            case [var role, var component, var port]: return new PortReference(role, component, port) { Env = env };
            // A standalone role's component has no name of its own.
            case [var role, var port]: return new PortReference(role, "", port) { Env = env };
            default:
                error($"{item.Path}.from is '{from}'; expected role.component.port");
                return null;
        }
    }

    [GeneratedRegex("^[a-z0-9]([a-z0-9-]*[a-z0-9])?$", RegexOptions.CultureInvariant)]
    private static partial Regex PortName();
}

/// <param name="Name">Of the port.</param>
/// <param name="Env">Variable that says which it is.</param>
/// <param name="AnnotationKey">Annotation that says so too, for fieldRef; empty for none.</param>
/// <param name="IsRoleScoped">Whether it is the same for all of the role, or of each process its own.</param>
public sealed record PortAllocation(string Name, string Env, string AnnotationKey, bool IsRoleScoped)
{
    public const string PodScope = "PodScoped";
    public const string RoleScope = "RoleScoped";
}

/// <summary>The port that all of a role have.</summary>
/// <param name="Component">Empty for a standalone role.</param>
public sealed record PortReference(string Role, string Component, string Port)
{
    /// <summary>Variable that says which it is.</summary>
    public string Env { get; init; } = "";

    public override string ToString() => Component.Length == 0 ? $"{Role}.{Port}" : $"{Role}.{Component}.{Port}";
}
