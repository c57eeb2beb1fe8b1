using ActorInference.Host.Cli;

namespace ActorInference.Host.Groups;

/// <summary>What people call the kinds, as kubectl does: <c>rbg</c>, <c>rbgs/name</c>.</summary>
public static class ObjectNames
{
    private static readonly string[] Declared = ["set", "adapter", "warmup"];

    /// <summary>Short names, and the whole one that <c>-o name</c> says; any of them may end with an s.</summary>
    private static readonly (string Kind, string Whole, string[] Short)[] Known =
    [
        ("group", "rolebasedgroup", ["rbg"]),
        ("role", "role", []),
        ("instance", "roleinstance", ["ri", "rins", "pod", "po"]),
        ("agent", "agent", ["node", "no"]),
        ("event", "event", ["ev"]),
        ("set", "rolebasedgroupset", ["rbgs"]),
        ("adapter", "rolebasedgroupscalingadapter", ["rbgsa"]),
        ("warmup", "rolebasedgroupwarmup", ["rbgwarmup"]),
    ];

    // An own short name goes before the plural of another: rbgs is a set.
    private static readonly Dictionary<string, string> Kinds = Known
        .SelectMany(each => each.Short.Append(each.Kind).Append(each.Whole).Select(word => (Word: word, each.Kind)))
        .Concat(Known.SelectMany(each => each.Short.Append(each.Kind).Append(each.Whole).Select(word => (Word: word + "s", each.Kind))))
        .DistinctBy(each => each.Word)
        .ToDictionary(each => each.Word, each => each.Kind, StringComparer.OrdinalIgnoreCase);

    /// <summary>All that can be listed.</summary>
    public static IEnumerable<string> Listed => Known.Select(each => each.Kind + "s");

    /// <returns>group, role, instance, agent, event, set, adapter or warmup; null if it is none of them.</returns>
    public static string? KindOf(string word) => Kinds.GetValueOrDefault(word);

    /// <summary>Whether it is one of those that have a route of their own: set, adapter and warmup.</summary>
    public static bool IsObject(string? kind) => Declared.Contains(kind);

    /// <summary>The whole name of a kind, such as <c>rolebasedgroup</c>.</summary>
    public static string WholeName(string kind) => Known.First(each => each.Kind == kind).Whole;

    /// <summary>Reads <c>kind/name</c>; a plain name is a group's.</summary>
    /// <returns>Path of the object's route; null for a group.</returns>
    /// <exception cref="UserErrorException">The kind is none.</exception>
    public static string? PathOf(string name) => ObjectOf(name) is { } found ? $"objects/{found.Kind}/{Uri.EscapeDataString(found.Name)}" : null;

    /// <summary>Reads <c>kind/name</c>; a plain name is a group's.</summary>
    /// <returns>Set, adapter or warmup, and its name; null for a group.</returns>
    /// <exception cref="UserErrorException">The kind is none.</exception>
    public static (string Kind, string Name)? ObjectOf(string name)
    {
        var slash = name.IndexOf('/');
        if (slash < 0) return null;
        var kind = KindOf(name[..slash]);
        if (kind == "group") return null;
        if (!IsObject(kind)) throw new UserErrorException($"'{name}' is of no kind; expected a group, or one of {string.Join(", ", Declared)} and a name, such as set/demo.");
        return (kind!, name[(slash + 1)..]);
    }

    /// <summary>The path of a group's, or another object's, route.</summary>
    /// <exception cref="UserErrorException">The kind is none.</exception>
    public static string RouteOf(string name) => PathOf(name) ?? $"groups/{Uri.EscapeDataString(NameOf(name))}";

    /// <summary>The name of a group, or of anything else, without its kind.</summary>
    public static string NameOf(string name) => name[(name.IndexOf('/') + 1)..];

    /// <summary>Takes <c>kind name ...</c> for <c>kind/name ...</c>, as kubectl does.</summary>
    public static IReadOnlyList<string> Typed(IReadOnlyList<string> words) =>
        words.Count > 1 && KindOf(words[0]) is { } kind ? [.. words.Skip(1).Select(name => name.Contains('/') ? name : $"{kind}/{name}")] : words;
}
