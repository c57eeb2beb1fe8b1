using ActorInference.Host.Cli;

namespace ActorInference.Host.Groups;

/// <summary>What people call the kinds beside groups, as kubectl does: <c>rbgs/name</c>.</summary>
public static class ObjectNames
{
    private static readonly Dictionary<string, string> Kinds = new(StringComparer.OrdinalIgnoreCase)
    {
        ["set"] = "set",
        ["sets"] = "set",
        ["rbgs"] = "set",
        ["adapter"] = "adapter",
        ["adapters"] = "adapter",
        ["rbgsa"] = "adapter",
        ["warmup"] = "warmup",
        ["warmups"] = "warmup",
        ["rbgwarmup"] = "warmup",
    };

    public static IEnumerable<string> Aliases => Kinds.Keys;

    /// <returns>set, adapter or warmup; null if it is none of them.</returns>
    public static string? KindOf(string word) => Kinds.GetValueOrDefault(word);

    /// <summary>Reads <c>kind/name</c>; a plain name is a group's.</summary>
    /// <returns>Path of the object's route; null for a group.</returns>
    /// <exception cref="UserErrorException">The kind is none.</exception>
    public static string? PathOf(string name)
    {
        var slash = name.IndexOf('/');
        if (slash < 0) return null;
        if (name[..slash] is "group" or "groups" or "rbg") return null;
        var kind = KindOf(name[..slash]) ?? throw new UserErrorException($"'{name}' is of no kind; expected a group, or one of {string.Join(", ", Kinds.Values.Distinct())} and a name, such as set/demo.");
        return $"objects/{kind}/{Uri.EscapeDataString(name[(slash + 1)..])}";
    }

    /// <summary>The name of a group without its kind.</summary>
    public static string GroupOf(string name) => name[(name.IndexOf('/') + 1)..];
}
