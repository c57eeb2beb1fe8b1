using System.Globalization;
using ActorInference.Gpu.Models;

namespace ActorInference.Gpu.ChatTemplates;

/// <summary>
/// Cuts a template into tokens, with Jinja's whitespace control: '-' strips all whitespace on its side; without a sign
/// the newline after a tag or comment goes (trim_blocks), and the blanks before one that begins a line (lstrip_blocks).
/// </summary>
internal sealed class Lexer(string source, TemplateSource origin)
{
    private static readonly string[] Operators =
        ["//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<", "=", ".", ":", "|", ","];

    private readonly string _source = Normalize(source);
    private readonly List<Token> _tokens = [];
    private readonly Stack<(char Close, int Line)> _brackets = new();
    private int _at;
    private int _line = 1;

    public List<Token> Read()
    {
        while (_at < _source.Length)
        {
            var open = FindOpening(_at);
            if (open < 0)
            {
                AddText(_source[_at..]);
                Advance(_source.Length);
            }
            else
            {
                ReadOpening(open);
            }
        }

        _tokens.Add(new Token(TokenKind.End, "", _line));
        return _tokens;
    }

    /// <summary>Newlines become \n, and the one that ends the file goes.</summary>
    private static string Normalize(string source)
    {
        var text = source.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        return text.EndsWith('\n') ? text[..^1] : text;
    }

    private int FindOpening(int from)
    {
        for (var at = _source.IndexOf('{', from); at >= 0 && at + 1 < _source.Length; at = _source.IndexOf('{', at + 1))
        {
            if (_source[at + 1] is '{' or '%' or '#') return at;
        }

        return -1;
    }

    private void ReadOpening(int open)
    {
        var kind = _source[open + 1];
        var sign = open + 2 < _source.Length && _source[open + 2] is '-' or '+' ? _source[open + 2] : '\0';
        AddText(StripEnd(_source[_at..open], sign, isOutput: kind == '{'));
        Advance(open + (sign == '\0' ? 2 : 3));
        switch (kind)
        {
            case '#':
                SkipComment();
                break;
            case '{':
                ReadTokens(TokenKind.OutputBegin, TokenKind.OutputEnd, "}}");
                break;
            default:
                if (!TryReadRaw()) ReadTokens(TokenKind.TagBegin, TokenKind.TagEnd, "%}");
                break;
        }
    }

    private string StripEnd(string text, char sign, bool isOutput)
    {
        if (sign == '-') return PythonText.StripEnd(text);
        if (sign == '+' || isOutput) return text;
        var lineStart = text.LastIndexOf('\n') + 1;
        var beginsLine = lineStart > 0 || _at == 0 || _source[_at - 1] == '\n';
        return beginsLine && PythonText.IsBlank(text.AsSpan(lineStart)) ? text[..lineStart] : text;
    }

    private void SkipComment()
    {
        var line = _line;
        var end = _source.IndexOf("#}", _at, StringComparison.Ordinal);
        if (end < 0) throw origin.Error(line, "a comment without end", "'#}'");
        var sign = end > _at ? _source[end - 1] : '\0';
        Advance(end + 2);
        SkipAfterTag(sign);
    }

    private void SkipAfterTag(char sign)
    {
        if (sign == '-') SkipBlank();
        else if (sign != '+' && _at < _source.Length && _source[_at] == '\n') Advance(_at + 1);
    }

    /// <summary>Reads {% raw %} to {% endraw %} if it stands here.</summary>
    private bool TryReadRaw()
    {
        var line = _line;
        if (WordTag(_at, "raw", out var sign) is not { } start) return false;
        Advance(start);
        if (sign == '-') SkipBlank();
        for (var open = _source.IndexOf("{%", _at, StringComparison.Ordinal); open >= 0; open = _source.IndexOf("{%", open + 2, StringComparison.Ordinal))
        {
            var openSign = open + 2 < _source.Length && _source[open + 2] is '-' or '+' ? _source[open + 2] : '\0';
            if (WordTag(open + (openSign == '\0' ? 2 : 3), "endraw", out var closeSign) is not { } end) continue;
            AddText(StripEnd(_source[_at..open], openSign, isOutput: false));
            Advance(end);
            SkipAfterTag(closeSign);
            return true;
        }

        throw origin.Error(line, "'raw' without end", "'{% endraw %}'");
    }

    /// <summary>The end of a tag that is just a word, if it stands there.</summary>
    private int? WordTag(int at, string word, out char sign)
    {
        sign = '\0';
        while (at < _source.Length && PythonText.IsSpace(_source[at])) at++;
        if (string.CompareOrdinal(_source, at, word, 0, word.Length) != 0) return null;
        at += word.Length;
        while (at < _source.Length && PythonText.IsSpace(_source[at])) at++;
        if (at < _source.Length && _source[at] is '-' or '+') sign = _source[at++];
        return string.CompareOrdinal(_source, at, "%}", 0, 2) == 0 ? at + 2 : null;
    }

    private void ReadTokens(TokenKind begin, TokenKind end, string closing)
    {
        var line = _line;
        var opening = closing == "}}" ? "{{" : "{%";
        _tokens.Add(new Token(begin, opening, line));
        while (true)
        {
            SkipBlank();
            if (_at >= _source.Length) throw origin.Error(line, $"'{opening}' without end", $"'{closing}'");
            if (_brackets.Count == 0 && ClosingSign(closing) is { } sign)
            {
                _tokens.Add(new Token(end, closing, _line));
                Advance(_at + (sign == '\0' ? 2 : 3));
                if (closing == "%}" || sign == '-') SkipAfterTag(sign);
                return;
            }

            ReadToken();
        }
    }

    private char? ClosingSign(string closing)
    {
        if (string.CompareOrdinal(_source, _at, closing, 0, 2) == 0) return '\0';
        var sign = _source[_at];
        var mayHaveSign = sign == '-' || (sign == '+' && closing == "%}");
        return mayHaveSign && string.CompareOrdinal(_source, _at + 1, closing, 0, 2) == 0 ? sign : null;
    }

    private void ReadToken()
    {
        var first = _source[_at];
        if (first is '\'' or '"') ReadString(first);
        else if (char.IsAsciiDigit(first)) ReadNumber();
        else if (IsNamePart(first)) Add(TokenKind.Name, EndOf(_at, IsNamePart));
        else ReadOperator();
    }

    private void ReadString(char quote)
    {
        var end = _at + 1;
        while (end < _source.Length && _source[end] != quote) end += _source[end] == '\\' ? 2 : 1;
        if (end >= _source.Length) throw origin.Error(_line, "a string without end", $"{quote} at its end");
        _tokens.Add(new Token(TokenKind.String, StringEscapes.Decode(_source.AsSpan(_at + 1, end - _at - 1), () => Broken("an escape in a string")), _line));
        Advance(end + 1);
    }

    private void ReadNumber()
    {
        var start = _at;
        var end = EndOf(start, c => char.IsAsciiLetterOrDigit(c) || c == '_');
        var afterDot = start > 0 && _source[start - 1] == '.';
        var isFloat = false;
        if (!afterDot && end + 1 < _source.Length && _source[end] == '.' && char.IsAsciiDigit(_source[end + 1]))
        {
            end = EndOf(end + 1, c => char.IsAsciiLetterOrDigit(c) || c == '_');
            isFloat = true;
        }

        var text = _source[start..end];
        var isHex = text.StartsWith("0x", StringComparison.OrdinalIgnoreCase);
        if (!isHex && text[^1] is 'e' or 'E' && end < _source.Length && _source[end] is '+' or '-') end = EndOf(end + 1, char.IsAsciiDigit);
        text = _source[start..end].Replace("_", "", StringComparison.Ordinal);
        isFloat |= !isHex && text.AsSpan().ContainsAny('e', 'E');
        var isValid = isFloat
            ? double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out _)
            : PythonText.TryParseInteger(text, out _);
        if (!isValid) throw Broken($"the number '{text}'");
        _tokens.Add(new Token(isFloat ? TokenKind.Float : TokenKind.Integer, text, _line));
        Advance(end);
    }

    private void ReadOperator()
    {
        foreach (var symbol in Operators)
        {
            if (string.CompareOrdinal(_source, _at, symbol, 0, symbol.Length) != 0) continue;
            Balance(symbol[0]);
            Add(TokenKind.Operator, _at + symbol.Length);
            return;
        }

        throw Broken($"the character '{_source[_at]}'");
    }

    /// <summary>Within brackets "}}" and "%}" end nothing.</summary>
    private void Balance(char symbol)
    {
        if (symbol is '(' or '[' or '{') _brackets.Push((symbol switch { '(' => ')', '[' => ']', _ => '}' }, _line));
        if (symbol is not (')' or ']' or '}')) return;
        if (!_brackets.TryPop(out var open)) throw origin.Error(_line, $"'{symbol}'", "a bracket opened before");
        if (open.Close != symbol) throw origin.Error(_line, $"'{symbol}'", $"'{open.Close}' for the bracket of line {open.Line}");
    }

    private ModelFormatException Broken(string what) => origin.Error(_line, what, "an expression in Jinja's syntax");

    private static bool IsNamePart(char c) => char.IsLetterOrDigit(c) || c == '_';

    private int EndOf(int from, Func<char, bool> belongs)
    {
        while (from < _source.Length && belongs(_source[from])) from++;
        return from;
    }

    private void Add(TokenKind kind, int end)
    {
        _tokens.Add(new Token(kind, _source[_at..end], _line));
        Advance(end);
    }

    private void AddText(string text)
    {
        if (text.Length > 0) _tokens.Add(new Token(TokenKind.Text, text, _line));
    }

    private void SkipBlank() => Advance(EndOf(_at, PythonText.IsSpace));

    private void Advance(int to)
    {
        _line += _source.AsSpan(_at, to - _at).Count('\n');
        _at = to;
    }
}
