using ActorInference.Gpu.Models;

namespace ActorInference.Gpu.ChatTemplates;

/// <summary>The tokens of a template, read from first to last.</summary>
internal sealed class TokenStream(IReadOnlyList<Token> tokens, TemplateSource source)
{
    private const int MaxDepth = 100;
    private int _at;
    private int _depth;

    public Token Current => tokens[_at];

    /// <summary>The token after the current one; the last token follows itself.</summary>
    public Token Following => tokens[Math.Min(_at + 1, tokens.Count - 1)];

    public Token Take()
    {
        var token = Current;
        if (token.Kind != TokenKind.End) _at++;
        return token;
    }

    public bool SkipName(string name) => Skip(Current.IsName(name));

    public bool SkipOperator(string symbol) => Skip(Current.IsOperator(symbol));

    public Token Expect(TokenKind kind, string expected) => Current.Kind == kind ? Take() : throw Unexpected(expected);

    public void ExpectOperator(string symbol)
    {
        if (!SkipOperator(symbol)) throw Unexpected($"'{symbol}'");
    }

    public void ExpectName(string name)
    {
        if (!SkipName(name)) throw Unexpected($"'{name}'");
    }

    public ModelFormatException Unexpected(string expected) => Error(Current, Current.Shown, expected);

    public ModelFormatException Error(Token at, string value, string expected) => source.Error(at.Line, value, expected);

    /// <summary>Parses something nested, within the limit of depth.</summary>
    public T Nested<T>(Func<T> parse)
    {
        if (_depth == MaxDepth) throw Error(Current, "nested too deeply", $"at most {MaxDepth} levels");
        _depth++;
        var result = parse();
        _depth--;
        return result;
    }

    private bool Skip(bool matches)
    {
        if (matches) Take();
        return matches;
    }
}
