using System.Collections.Immutable;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace ActorInference.Gpu.Constraints.Json;

/// <summary>The parts of JSON texts (RFC 8259), and the rules that they share.</summary>
internal static class JsonText
{
    private const string Value = "json value";
    private const string StringCharacter = "json character";
    private const string StringRule = "json string";
    private const string Number = "json number";
    private const string ObjectRule = "json object";
    private const string ArrayRule = "json array";
    private const string SpaceRule = "json space";

    /// <summary>Spaces after a line break: more are no indentation but a model that goes on for ever.</summary>
    private const int MaxIndentation = 32;

    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>What a string has as it is: all but quotes, backslashes and control characters.</summary>
    private static readonly CodePointSet Unescaped = CodePointSet.Of((0, 0x1F), ('"', '"'), ('\\', '\\')).Complement();

    public static GrammarNode AnyValue { get; } = new GrammarNode.Rule(Value);

    public static GrammarNode AnyString { get; } = new GrammarNode.Rule(StringRule);

    public static GrammarNode AnyNumber { get; } = new GrammarNode.Rule(Number);

    public static GrammarNode AnyObject { get; } = new GrammarNode.Rule(ObjectRule);

    public static GrammarNode AnyArray { get; } = new GrammarNode.Rule(ArrayRule);

    /// <summary>One character of a string, escaped or not.</summary>
    public static GrammarNode AnyCharacter { get; } = new GrammarNode.Rule(StringCharacter);

    public static GrammarNode Digit { get; } = new GrammarNode.Character(CharacterClass.Digits);

    public static GrammarNode Integer { get; } = GrammarNode.Of(GrammarNode.Optional(GrammarNode.Text("-")), Natural());

    /// <summary>Nothing, a space, or a line break and an indentation.</summary>
    public static GrammarNode Space { get; } = new GrammarNode.Rule(SpaceRule);

    /// <summary>What the nodes above refer to.</summary>
    public static IReadOnlyDictionary<string, GrammarNode> Rules { get; } = new Dictionary<string, GrammarNode>
    {
        [SpaceRule] = GrammarNode.OneOf(
            GrammarNode.Empty, GrammarNode.Text(" "),
            GrammarNode.Of(GrammarNode.Text("\n"), GrammarNode.Many(GrammarNode.Range((' ', ' '), ('\t', '\t')), 0, MaxIndentation))),
        [StringCharacter] = Character(CodePointSet.All),
        [StringRule] = Quoted(GrammarNode.Many(AnyCharacter)),
        [Number] = GrammarNode.Of(Integer, Fraction(), GrammarNode.Optional(GrammarNode.Of(
            GrammarNode.Range(('e', 'e'), ('E', 'E')), GrammarNode.Optional(GrammarNode.Range(('+', '+'), ('-', '-'))), GrammarNode.Many(Digit, 1)))),
        [ArrayRule] = Array(AnyValue, 0, null),
        [ObjectRule] = Object([Member(AnyString, AnyValue)]),
        [Value] = GrammarNode.OneOf(AnyObject, AnyArray, AnyString, AnyNumber, GrammarNode.Text("true"), GrammarNode.Text("false"), GrammarNode.Text("null")),
    };

    /// <summary>One character of a set as a string has it.</summary>
    public static GrammarNode Character(CodePointSet set)
    {
        var ways = ImmutableArray.CreateBuilder<GrammarNode>();
        if (set.Intersect(Unescaped) is { IsEmpty: false } plain) ways.Add(new GrammarNode.Character(plain));
        foreach (var (character, escape) in (ReadOnlySpan<(int, char)>)[('"', '"'), ('\\', '\\'), ('/', '/'), ('\b', 'b'), ('\f', 'f'), ('\n', 'n'), ('\r', 'r'), ('\t', 't')])
        {
            if (set.Contains(character)) ways.Add(GrammarNode.Text($"\\{escape}"));
        }

        if (ReferenceEquals(set, CodePointSet.All)) ways.Add(AnyUnicodeEscape());
        else AddControls(set, ways);
        return ways.Count == 0 ? throw new ConstraintFormatException("A class of characters is empty; expected at least one that UTF-8 can write.") : GrammarNode.OneOf(ways.ToImmutable());
    }

    public static GrammarNode Quoted(GrammarNode content) => GrammarNode.Of(GrammarNode.Text("\""), content, GrammarNode.Text("\""));

    /// <summary>A value as it is written without spaces.</summary>
    public static GrammarNode Constant(JsonElement value) => GrammarNode.Text(JsonSerializer.Serialize(value, Plain));

    public static GrammarNode Constant(string value) => GrammarNode.Text(JsonSerializer.Serialize(value, Plain));

    public static GrammarNode Member(GrammarNode name, GrammarNode value) => GrammarNode.Of(name, GrammarNode.Text(":"), Space, value);

    /// <summary>An object of any number of one of these members.</summary>
    public static GrammarNode Object(ImmutableArray<GrammarNode> members) => Braced('{', Listed(GrammarNode.OneOf(members), 0, null), '}');

    public static GrammarNode Array(GrammarNode item, int min, int? max) => Braced('[', Listed(item, min, max), ']');

    public static GrammarNode Braced(char open, GrammarNode content, char close) =>
        GrammarNode.Of(GrammarNode.Text($"{open}"), Space, content, Space, GrammarNode.Text($"{close}"));

    /// <summary>Parts with commas between them.</summary>
    public static GrammarNode Listed(GrammarNode part, int min, int? max)
    {
        if (max == 0) return GrammarNode.Empty;
        var some = GrammarNode.Of(part, GrammarNode.Many(AfterComma(part), Math.Max(0, min - 1), max - 1));
        return min == 0 ? GrammarNode.Optional(some) : some;
    }

    public static GrammarNode AfterComma(GrammarNode part) => GrammarNode.Of(GrammarNode.Text(","), Space, part);

    /// <summary>Digits after the point, if any.</summary>
    public static GrammarNode Fraction() => GrammarNode.Optional(GrammarNode.Of(GrammarNode.Text("."), GrammarNode.Many(Digit, 1)));

    private static GrammarNode Natural() => GrammarNode.OneOf(GrammarNode.Text("0"), GrammarNode.Of(GrammarNode.Range(('1', '9')), GrammarNode.Many(Digit)));

    /// <summary>Four digits; the halves of pairs only together.</summary>
    private static GrammarNode AnyUnicodeEscape()
    {
        var hex = GrammarNode.Range(('0', '9'), ('a', 'f'), ('A', 'F'));
        var (d, prefix) = (GrammarNode.Range(('d', 'd'), ('D', 'D')), GrammarNode.Text("\\u"));
        var single = GrammarNode.OneOf(
            GrammarNode.Of(GrammarNode.Range(('0', '9'), ('a', 'c'), ('A', 'C'), ('e', 'f'), ('E', 'F')), hex, hex, hex),
            GrammarNode.Of(d, GrammarNode.Range(('0', '7')), hex, hex));
        var pair = GrammarNode.Of(
            d, GrammarNode.Range(('8', '9'), ('a', 'b'), ('A', 'B')), hex, hex, prefix, d, GrammarNode.Range(('c', 'f'), ('C', 'F')), hex, hex);
        return GrammarNode.Of(prefix, GrammarNode.OneOf(single, pair));
    }

    /// <summary>Control characters without a letter of their own.</summary>
    private static void AddControls(CodePointSet set, ImmutableArray<GrammarNode>.Builder ways)
    {
        for (var control = 0; control < 0x20; control++)
        {
            if (set.Contains(control) && control is not ('\b' or '\f' or '\n' or '\r' or '\t')) ways.Add(GrammarNode.Text($"\\u{control:x4}"));
        }
    }
}
