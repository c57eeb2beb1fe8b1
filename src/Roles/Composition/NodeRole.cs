using System.Collections.Immutable;
using System.Text.Json;

namespace ActorInference.Roles.Composition;

/// <summary>What a process does in the cluster. Their names in kebab-case are the cluster's member roles.</summary>
public enum NodeRole
{
    /// <summary>Takes requests and routes them.</summary>
    Gateway,

    /// <summary>Processes prompts.</summary>
    Prefill,

    /// <summary>Generates tokens.</summary>
    Decode,

    /// <summary>Processes prompts and generates what follows, in one worker.</summary>
    Both,

    /// <summary>Knows which store has which page.</summary>
    CacheMaster,

    /// <summary>Holds pages that others may need.</summary>
    CacheStore,
}

public static class NodeRoles
{
    /// <summary>What a complete cluster needs, prefill and decode apart.</summary>
    public static ImmutableSortedSet<NodeRole> All { get; } = [.. Enum.GetValues<NodeRole>().Where(role => role != NodeRole.Both)];

    /// <summary>The same with one kind of worker that does both.</summary>
    public static ImmutableSortedSet<NodeRole> Aggregated { get; } = All.Remove(NodeRole.Prefill).Remove(NodeRole.Decode).Add(NodeRole.Both);

    /// <summary>Name as a member role.</summary>
    public static string Name(this NodeRole role) => JsonNamingPolicy.KebabCaseLower.ConvertName(role.ToString());

    /// <summary>Whether workers live there.</summary>
    public static bool HasWorkers(this IReadOnlySet<NodeRole> roles) => roles.Any(role => role is NodeRole.Prefill or NodeRole.Decode or NodeRole.Both);

    /// <summary>Names for people: <c>gateway, prefill, decode</c> and so on.</summary>
    public static string Names { get; } = string.Join(", ", Enum.GetValues<NodeRole>().Select(Name));

    /// <summary>Reads <c>gateway,prefill</c> and the like.</summary>
    /// <returns>Null if a name is unknown or there is none.</returns>
    public static ImmutableSortedSet<NodeRole>? TryParse(string text)
    {
        var roles = ImmutableSortedSet.CreateBuilder<NodeRole>();
        foreach (var name in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var found = Enum.GetValues<NodeRole>().Where(role => role.Name() == name).ToList();
            if (found.Count == 0) return null;
            roles.Add(found[0]);
        }

        return roles.Count == 0 ? null : roles.ToImmutable();
    }
}
