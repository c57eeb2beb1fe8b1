using System.Collections.Immutable;

namespace ActorInference.Roles.Groups.Spec;

/// <summary>The order that dependencies give.</summary>
public static class RoleOrder
{
    /// <summary>Roles in layers: each waits for some of the layer before it, and for none of its own. Names of a layer are sorted.</summary>
    /// <exception cref="InvalidOperationException">There is a cycle or a name that is no role's; <see cref="SpecReader"/> lets neither pass.</exception>
    public static ImmutableArray<ImmutableArray<string>> Layers(ImmutableArray<RoleSpec> roles)
    {
        var depths = new SortedDictionary<string, int>(StringComparer.Ordinal);
        var byName = roles.ToDictionary(role => role.Name, StringComparer.Ordinal);
        foreach (var role in roles) Depth(role, byName, depths, []);
        return [.. depths.GroupBy(role => role.Value).OrderBy(layer => layer.Key).Select(layer => layer.Select(role => role.Key).ToImmutableArray())];
    }

    /// <summary>A cycle, its first role named again at its end; null if there is none. Unknown names are passed over.</summary>
    public static IReadOnlyList<string>? FindCycle(ImmutableArray<RoleSpec> roles)
    {
        var byName = roles.DistinctBy(role => role.Name).ToDictionary(role => role.Name, StringComparer.Ordinal);
        var done = new HashSet<string>(StringComparer.Ordinal);
        return roles.Select(role => FindCycle(role, byName, done, [])).FirstOrDefault(cycle => cycle is not null);
    }

    private static List<string>? FindCycle(RoleSpec role, Dictionary<string, RoleSpec> byName, HashSet<string> done, List<string> path)
    {
        var index = path.IndexOf(role.Name);
        if (index >= 0) return [.. path[index..], role.Name];
        if (!done.Add(role.Name)) return null;
        path.Add(role.Name);
        foreach (var name in role.Dependencies)
        {
            if (byName.TryGetValue(name, out var dependency) && FindCycle(dependency, byName, done, path) is { } cycle) return cycle;
        }

        path.RemoveAt(path.Count - 1);
        return null;
    }

    private static int Depth(RoleSpec role, Dictionary<string, RoleSpec> byName, SortedDictionary<string, int> depths, HashSet<string> above)
    {
        if (depths.TryGetValue(role.Name, out var known)) return known;
        if (!above.Add(role.Name)) throw new InvalidOperationException($"The dependencies of role \"{role.Name}\" lead back to it.");
        var depth = 0;
        foreach (var name in role.Dependencies)
        {
            var dependency = byName.GetValueOrDefault(name) ?? throw new InvalidOperationException($"Role \"{role.Name}\" depends on \"{name}\", which is no role.");
            depth = Math.Max(depth, Depth(dependency, byName, depths, above) + 1);
        }

        above.Remove(role.Name);
        return depths[role.Name] = depth;
    }
}
