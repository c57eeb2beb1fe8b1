using System.Collections.Immutable;
using System.Text;

namespace ActorInference.Gpu.Constraints;

/// <summary>
/// Grammars as SGLang's users write them: <c>name ::= alternatives</c>, of "texts", [classes], names, groups and the repetitions ? * + {m,n};
/// <c>#</c> begins a remark. The rule <c>root</c> is the whole output. No rule may begin with itself.
/// </summary>
internal sealed class EbnfParser
{
    private const string Root = "root";
    private const int MaxDepth = 200;

    private readonly TextCursor _text;
    private readonly Dictionary<string, GrammarNode> _rules = new(StringComparer.Ordinal);
    private int _depth;

    private EbnfParser(string text) => _text = new TextCursor(text, "grammar");

    /// <exception cref="ConstraintFormatException">It is wrong.</exception>
    public static Grammar Parse(string text)
    {
        var parser = new EbnfParser(text);
        parser.Rules();
        return new Grammar(parser._rules, Root);
    }

    private void Rules()
    {
        for (Skip(); !_text.IsEnd; Skip())
        {
            var start = _text.At;
            if (TryRuleHead() is not { } name) throw Unexpected("a rule, name ::= alternatives");
            var node = Alternatives();
            if (!_rules.TryAdd(name, node)) throw _text.Error($"the rule '{name}' a second time", "each name once", back: _text.At - start);
        }
    }

    /// <returns>The name of a rule that begins here, after <c>::=</c>; null, and nothing was read, if none does.</returns>
    private string? TryRuleHead()
    {
        var start = _text.At;
        if (Name() is { } name)
        {
            Skip();
            if (_text.TryTake("::=")) return name;
        }

        _text.At = start;
        return null;
    }

    private GrammarNode Alternatives()
    {
        if (_depth++ == MaxDepth) throw _text.Error("a group", $"at most {MaxDepth} groups within each other");
        var options = ImmutableArray.CreateBuilder<GrammarNode>();
        do options.Add(Sequence());
        while (_text.TryTake('|'));
        _depth--;
        return GrammarNode.OneOf(options.ToImmutable());
    }

    private GrammarNode Sequence()
    {
        var parts = ImmutableArray.CreateBuilder<GrammarNode>();
        for (Skip(); _text.Peek is not (-1 or '|' or ')') && !IsRuleHead(); Skip()) parts.Add(Repeated(Single()));
        return GrammarNode.Of(parts.ToImmutable());
    }

    private bool IsRuleHead()
    {
        var start = _text.At;
        var isHead = TryRuleHead() is not null;
        _text.At = start;
        return isHead;
    }

    private GrammarNode Single()
    {
        if (_text.TryTake('"')) return Literal('"');
        if (_text.TryTake('\'')) return Literal('\'');
        if (_text.TryTake('[')) return new GrammarNode.Character(CharacterClass.Read(_text));
        if (_text.TryTake('.')) return new GrammarNode.Character(CodePointSet.All);
        if (Name() is { } name) return new GrammarNode.Rule(name);
        if (!_text.TryTake('(')) throw Unexpected("a text in quotes, a class, a name or a group");
        var group = Alternatives();
        _text.Take(')');
        return group;
    }

    private GrammarNode Literal(char quote)
    {
        var parts = ImmutableArray.CreateBuilder<GrammarNode>();
        while (!_text.TryTake(quote))
        {
            if (_text.IsEnd || _text.Peek == '\n') throw Unexpected($"{quote} at the end of a text");
            parts.Add(new GrammarNode.Character(_text.TryTake('\\') ? CharacterClass.Escape(_text) : CodePointSet.Single(_text.Next())));
        }

        return GrammarNode.Of(parts.ToImmutable());
    }

    private GrammarNode Repeated(GrammarNode part)
    {
        while (true)
        {
            if (_text.TryTake('?')) part = GrammarNode.Optional(part);
            else if (_text.TryTake('*')) part = GrammarNode.Many(part);
            else if (_text.TryTake('+')) part = GrammarNode.Many(part, 1);
            else if (_text.TryTake('{')) part = Bounded(part);
            else return part;
        }
    }

    private GrammarNode Bounded(GrammarNode part)
    {
        Skip();
        var min = _text.Number();
        Skip();
        var max = min;
        if (_text.TryTake(','))
        {
            Skip();
            max = _text.Number();
            Skip();
        }
        else if (min is null)
        {
            throw Unexpected("how often at least");
        }

        if (max < (min ?? 0)) throw _text.Error($"{{{min},{max}}}", "the smaller number first");
        _text.Take('}');
        return GrammarNode.Many(part, min ?? 0, max);
    }

    /// <returns>Null if none begins here.</returns>
    private string? Name()
    {
        if (_text.Peek is not ('_' or (>= 'A' and <= 'Z') or (>= 'a' and <= 'z'))) return null;
        var name = new StringBuilder();
        while (_text.Peek is '_' or '-' or (>= '0' and <= '9') or (>= 'A' and <= 'Z') or (>= 'a' and <= 'z')) name.Append((char)_text.Next());
        return name.ToString();
    }

    private void Skip()
    {
        while (true)
        {
            if (_text.Peek is ' ' or '\t' or '\r' or '\n') _text.At++;
            else if (_text.Peek == '#') while (_text.Peek is not (-1 or '\n')) _text.At++;
            else return;
        }
    }

    private ConstraintFormatException Unexpected(string expected) =>
        _text.Error(_text.IsEnd ? "the end of the text" : $"'{TextCursor.Shown(_text.Peek)}'", expected);
}
