using System.Collections.Immutable;

namespace ActorInference.Gpu.Constraints;

/// <summary>A part of a grammar: what texts it stands for. Immutable.</summary>
internal abstract record GrammarNode
{
    private GrammarNode()
    {
    }

    public static GrammarNode Empty { get; } = new Sequence([]);

    /// <summary>One character of a set.</summary>
    public sealed record Character(CodePointSet Set) : GrammarNode;

    public sealed record Sequence(ImmutableArray<GrammarNode> Parts) : GrammarNode;

    public sealed record Choice(ImmutableArray<GrammarNode> Options) : GrammarNode;

    /// <param name="Max">Null for no limit.</param>
    public sealed record Repeat(GrammarNode Part, int Min, int? Max) : GrammarNode;

    /// <summary>What the rule of this name stands for.</summary>
    public sealed record Rule(string Name) : GrammarNode;

    public static GrammarNode Text(string text) =>
        new Sequence([.. text.EnumerateRunes().Select(static rune => new Character(CodePointSet.Single(rune.Value)))]);

    public static GrammarNode Of(params ImmutableArray<GrammarNode> parts) => parts.Length == 1 ? parts[0] : new Sequence(parts);

    public static GrammarNode OneOf(params ImmutableArray<GrammarNode> options) => options.Length == 1 ? options[0] : new Choice(options);

    public static GrammarNode Optional(GrammarNode part) => new Repeat(part, 0, 1);

    public static GrammarNode Many(GrammarNode part, int min = 0, int? max = null) => new Repeat(part, min, max);

    /// <param name="ranges">Pairs of first and last character.</param>
    public static GrammarNode Range(params IEnumerable<(int Low, int High)> ranges) => new Character(CodePointSet.Of(ranges));
}

/// <summary>Rules, and the one that stands for the whole output.</summary>
internal sealed record Grammar(IReadOnlyDictionary<string, GrammarNode> Rules, string Root)
{
    /// <summary>A grammar of one rule that refers to none.</summary>
    public static Grammar Of(GrammarNode root) => new(new Dictionary<string, GrammarNode> { ["root"] = root }, "root");

    /// <exception cref="ConstraintFormatException">The text is wrong, or asks for what is not supported.</exception>
    public static Grammar Parse(Actors.Generation.OutputConstraint constraint) => constraint.Kind switch
    {
        Actors.Generation.OutputConstraintKind.Regex => Of(RegexParser.Parse(constraint.Text)),
        Actors.Generation.OutputConstraintKind.JsonSchema => Json.JsonSchemaGrammar.Parse(constraint.Text),
        Actors.Generation.OutputConstraintKind.Grammar => EbnfParser.Parse(constraint.Text),
        _ => throw new ConstraintFormatException($"A constraint of kind {(int)constraint.Kind}; expected a regular expression, a JSON schema or a grammar."),
    };
}
