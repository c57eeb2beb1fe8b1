using System.Collections.Immutable;
using ActorInference.Host.Cli;

namespace ActorInference.Host.Groups;

/// <summary>What people call the kinds, as kubectl does: <c>rbg</c>, <c>rbgs/name</c>.</summary>
public static class ObjectNames
{
    /// <summary>What people declare, and can take away.</summary>
    public static ImmutableArray<string> Declared { get; } = ["group", "set", "adapter", "warmup", "policy"];

    private static readonly string[] Objects = ["set", "adapter", "warmup"];

    /// <summary>Short names, and the whole one that <c>-o name</c> says; any of them may be a plural.</summary>
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
        ("policy", "coordinatedpolicy", ["cp"]),
    ];

    // An own short name goes before the plural of another: rbgs is a set.
    private static readonly Dictionary<string, string> Kinds = Known
        .SelectMany(each => each.Short.Append(each.Kind).Append(each.Whole).Select(word => (Word: word, each.Kind)))
        .Concat(Known.SelectMany(each => each.Short.Append(each.Kind).Append(each.Whole).Select(word => (Word: PluralOf(word), each.Kind))))
        .DistinctBy(each => each.Word)
        .ToDictionary(each => each.Word, each => each.Kind, StringComparer.OrdinalIgnoreCase);

    /// <summary>All that can be listed.</summary>
    public static IEnumerable<string> Listed => Known.Select(each => PluralOf(each.Kind));

    /// <returns>group, role, instance, agent, event, set, adapter, warmup or policy; null if it is none of them.</returns>
    public static string? KindOf(string word) => Kinds.GetValueOrDefault(word);

    public static string PluralOf(string kind) => kind.EndsWith('y') ? kind[..^1] + "ies" : kind + "s";

    /// <summary>The whole name of a kind, such as <c>rolebasedgroup</c>.</summary>
    public static string WholeName(string kind) => Known.First(each => each.Kind == kind).Whole;

    /// <summary>Reads <c>kind/name</c>; a plain name is a group's.</summary>
    /// <param name="expected">Kinds that it may be of.</param>
    /// <exception cref="UserErrorException">The kind is none of these.</exception>
    public static (string Kind, string Name) Split(string name, params IReadOnlyList<string> expected)
    {
        var slash = name.IndexOf('/');
        if (slash < 0) return ("group", name);
        var kind = KindOf(name[..slash]);
        if (kind is not null && expected.Contains(kind)) return (kind, name[(slash + 1)..]);
        var others = expected.Where(each => each != "group").ToList();
        var with = others.Count == 0 ? "" : $", or one of {string.Join(", ", others)} and a name, such as {others[0]}/demo";
        throw new UserErrorException($"'{name}' is {(kind is null ? "of no kind" : $"the name of {(kind is "instance" or "agent" or "event" or "adapter" ? "an" : "a")} {kind}")}; expected a group{with}.");
    }

    /// <summary>Reads <c>kind/name</c>; a plain name is a group's.</summary>
    /// <returns>Set, adapter or warmup, and its name; null for a group.</returns>
    /// <exception cref="UserErrorException">The kind is none.</exception>
    public static (string Kind, string Name)? ObjectOf(string name) => Split(name, ["group", .. Objects]) is var found && found.Kind == "group" ? null : found;

    /// <summary>The path of the route of what people declare.</summary>
    /// <param name="kind">One of <see cref="Declared"/>.</param>
    public static string RouteOf(string kind, string name) => kind switch
    {
        "group" => $"groups/{Uri.EscapeDataString(name)}",
        "policy" => $"policies/{Uri.EscapeDataString(name)}",
        _ => $"objects/{kind}/{Uri.EscapeDataString(name)}",
    };

    /// <summary>The name of a group, or of anything else, without its kind.</summary>
    public static string NameOf(string name) => name[(name.IndexOf('/') + 1)..];

    /// <summary>Takes <c>kind name ...</c> for <c>kind/name ...</c>, as kubectl does.</summary>
    public static IReadOnlyList<string> Typed(IReadOnlyList<string> words) =>
        words.Count > 1 && KindOf(words[0]) is { } kind ? [.. words.Skip(1).Select(name => name.Contains('/') && kind != "role" ? name : $"{kind}/{name}")] : words;

    /// <summary>The group that words are: its name, <c>kind/name</c> or <c>kind name</c>.</summary>
    /// <exception cref="UserErrorException">They are something else.</exception>
    public static string GroupNamed(IReadOnlyList<string> words) => Typed(words) is [var only]
        ? Split(only, "group").Name
        : throw new UserErrorException($"'{string.Join(' ', words)}' is more than one name; expected that of one group.");
}
