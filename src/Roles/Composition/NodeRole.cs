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

    /// <summary>Knows which store has which page.</summary>
    CacheMaster,

    /// <summary>Holds pages that others may need.</summary>
    CacheStore,
}

public static class NodeRoles
{
    public static ImmutableSortedSet<NodeRole> All { get; } = [.. Enum.GetValues<NodeRole>()];

    /// <summary>Name as a member role.</summary>
    public static string Name(this NodeRole role) => JsonNamingPolicy.KebabCaseLower.ConvertName(role.ToString());

    /// <summary>Reads <c>gateway,prefill</c> and the like.</summary>
    /// <returns>Null if a name is unknown or there is none.</returns>
    public static ImmutableSortedSet<NodeRole>? TryParse(string text)
    {
        var roles = ImmutableSortedSet.CreateBuilder<NodeRole>();
        foreach (var name in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var found = All.Where(role => role.Name() == name).ToList();
            if (found.Count == 0) return null;
            roles.Add(found[0]);
        }

        return roles.Count == 0 ? null : roles.ToImmutable();
    }
}
