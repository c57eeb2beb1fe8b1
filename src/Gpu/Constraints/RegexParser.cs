using System.Collections.Immutable;

namespace ActorInference.Gpu.Constraints;

/// <summary>
/// Regular expressions in the common notation: characters, classes, groups, alternatives and repetitions, lazy or not (which is the same for what
/// matches as a whole). What is not regular, or looks around, is refused.
/// </summary>
internal sealed class RegexParser
{
    private const int MaxDepth = 200;

    private readonly TextCursor _text;
    private readonly Func<CodePointSet, GrammarNode> _write;
    private readonly bool _isSearch;
    private int _depth;

    private RegexParser(string pattern, Func<CodePointSet, GrammarNode> write, bool isSearch) =>
        (_text, _write, _isSearch) = (new TextCursor(pattern, "regular expression"), write, isSearch);

    /// <summary>An expression that the whole text matches.</summary>
    /// <exception cref="ConstraintFormatException">It is wrong, or has what is not supported.</exception>
    public static GrammarNode Parse(string pattern) => new RegexParser(pattern, static set => new GrammarNode.Character(set), isSearch: false).Parse();

    /// <summary>An expression that the text matches somewhere, unless anchors say where.</summary>
    /// <param name="write">How one character of a set is written.</param>
    /// <exception cref="ConstraintFormatException">It is wrong, or has what is not supported.</exception>
    public static GrammarNode ParseSearch(string pattern, Func<CodePointSet, GrammarNode> write) => new RegexParser(pattern, write, isSearch: true).Parse();

    private GrammarNode Parse()
    {
        var root = Alternatives();
        if (!_text.IsEnd) throw _text.Error("')'", "an opening parenthesis before it");
        return root;
    }

    private GrammarNode Alternatives()
    {
        if (_depth++ == MaxDepth) throw _text.Error("a group", $"at most {MaxDepth} groups within each other");
        var options = ImmutableArray.CreateBuilder<GrammarNode>();
        do options.Add(Alternative());
        while (_text.TryTake('|'));
        _depth--;
        return GrammarNode.OneOf(options.ToImmutable());
    }

    private GrammarNode Alternative()
    {
        var isOutermost = _depth == 1;
        var parts = ImmutableArray.CreateBuilder<GrammarNode>();
        var begins = _text.TryTake('^');
        if (begins && !isOutermost) throw Anchor(back: 1);
        if (_isSearch && isOutermost && !begins) parts.Add(Anything());
        var ends = false;
        while (_text.Peek is not (-1 or '|' or ')'))
        {
            if (_text.Peek is '^' || ends) throw Anchor();
            if (_text.TryTake('$'))
            {
                if (!isOutermost) throw Anchor(back: 1);
                ends = true;
                continue;
            }

            parts.Add(Repeated(Single()));
        }

        if (_isSearch && isOutermost && !ends) parts.Add(Anything());
        return GrammarNode.Of(parts.ToImmutable());
    }

    private GrammarNode Anything() => GrammarNode.Many(_write(CodePointSet.All));

    private ConstraintFormatException Anchor(int back = 0) =>
        _text.Error("an anchor ('^' or '$') within", "'^' at the beginning and '$' at the end of the expression, or of its outermost alternatives, only", back);

    private GrammarNode Single()
    {
        var character = _text.Next();
        switch (character)
        {
            case '(':
                GroupKind();
                var group = Alternatives();
                _text.Take(')');
                return group;
            case '[': return _write(CharacterClass.Read(_text));
            case '.': return _write(CharacterClass.AllButNewline);
            case '\\': return _write(CharacterClass.Escape(_text));
            case '*' or '+' or '?': throw _text.Error($"'{(char)character}'", "something before it that is repeated", back: 1);
            default: return _write(CodePointSet.Single(character));
        }
    }

    private void GroupKind()
    {
        if (!_text.TryTake('?') || _text.TryTake(':')) return;
        var isNamed = _text.TryTake("P<") || _text.TryTake('<');
        if (!isNamed || _text.Peek is '=' or '!') throw _text.Error("a group of a special kind", "'(', '(?:' or '(?<name>' (looking ahead or behind and options are not supported)");
        while (!_text.TryTake('>')) _text.Next();
    }

    private GrammarNode Repeated(GrammarNode part)
    {
        while (true)
        {
            var (min, max) = (0, (int?)null);
            if (_text.TryTake('?')) max = 1;
            else if (_text.TryTake('+')) min = 1;
            else if (_text.Peek == '{' && Bounds() is { } bounds) (min, max) = bounds;
            else if (!_text.TryTake('*')) return part;
            part = GrammarNode.Many(part, min, max);
            _ = _text.TryTake('?');   // As few as possible: the same texts.
        }
    }

    /// <returns>Null if the brace stands for itself.</returns>
    private (int Min, int? Max)? Bounds()
    {
        var start = _text.At++;
        if (_text.Number() is { } min)
        {
            if (_text.TryTake('}')) return (min, min);
            if (_text.TryTake(','))
            {
                var max = _text.Number();
                if (_text.TryTake('}')) return max < min ? throw _text.Error($"{{{min},{max}}}", "the smaller number first", back: _text.At - start) : (min, max);
            }
        }

        _text.At = start;
        return null;
    }
}
