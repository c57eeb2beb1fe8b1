using System.Globalization;
using System.Text;

namespace Akka.Configuration.Hocon;

/// <summary>A place in a document, both counted from 1.</summary>
internal readonly record struct TextPosition(int Line, int Column)
{
    public ConfigurationException Error(string problem) => new($"HOCON, line {Line}, column {Column}: {problem}.");
}

/// <summary>Walks through the characters of a document.</summary>
internal sealed class HoconCursor(string text)
{
    private const string TripleQuote = "\"\"\"";

    private int _at = text.StartsWith('\uFEFF') ? 1 : 0;

    public bool AtEnd => _at >= text.Length;

    /// <summary>The next character; NUL at the end.</summary>
    public char Next => AtEnd ? '\0' : text[_at];

    public TextPosition Position => PositionOf(_at);

    /// <summary>Another cursor at the same place, to look ahead with.</summary>
    public HoconCursor Fork() => new(text) { _at = _at };

    public void MoveTo(HoconCursor ahead) => _at = ahead._at;

    public bool StartsWith(string token) => string.CompareOrdinal(text, _at, token, 0, token.Length) == 0;

    public bool TryTake(char token)
    {
        if (AtEnd || text[_at] != token) return false;
        _at++;
        return true;
    }

    public bool TryTake(string token)
    {
        if (!StartsWith(token)) return false;
        _at += token.Length;
        return true;
    }

    /// <summary>Spaces and tabs.</summary>
    public string TakeSpaces()
    {
        var start = _at;
        while (!AtEnd && text[_at] != '\n' && char.IsWhiteSpace(text[_at])) _at++;
        return text[start.._at];
    }

    /// <summary>Spaces, line ends and comments. Says whether a line ended.</summary>
    public bool SkipBlank()
    {
        var line = false;
        while (!AtEnd)
        {
            if (AtComment()) SkipComment();
            else if (char.IsWhiteSpace(text[_at])) line |= text[_at++] == '\n';
            else break;
        }

        return line;
    }

    public bool AtComment() => Next == '#' || StartsWith("//");

    public ConfigurationException Expected(string what) =>
        Position.Error(AtEnd ? $"{what} expected, but the text ends" : $"{what} expected, not '{Describe(text[_at])}'");

    /// <summary>Text without quotes, up to a character that means something else. White space at its ends is not part of it.</summary>
    public string TakeUnquoted(bool isKey)
    {
        var start = _at;
        var end = _at;
        for (; !AtEnd && text[_at] != '\n' && !AtComment(); _at++)
        {
            var c = text[_at];
            if (HoconText.Special.Contains(c) || (isKey && (c == '.' || StartsWith("+=")))) break;
            if (!char.IsWhiteSpace(c)) end = _at + 1;
        }

        _at = end;
        return text[start..end];
    }

    /// <summary>The text of a string whose first quote is next.</summary>
    public string TakeQuoted() => StartsWith(TripleQuote) ? TakeTripleQuoted() : TakeSingleQuoted();

    private static string Describe(char c) => char.IsControl(c) ? $"\\u{(int)c:x4}" : c.ToString();

    private TextPosition PositionOf(int index)
    {
        var before = text.AsSpan(0, Math.Min(index, text.Length));
        return new(before.Count('\n') + 1, before.Length - before.LastIndexOf('\n'));
    }

    private void SkipComment()
    {
        while (!AtEnd && text[_at] != '\n') _at++;
    }

    private string TakeTripleQuoted()
    {
        var opening = _at;
        var start = _at + TripleQuote.Length;
        var end = text.IndexOf(TripleQuote, start, StringComparison.Ordinal);
        if (end < 0) throw PositionOf(opening).Error("this \"\"\" has no closing \"\"\"");
        while (end + TripleQuote.Length < text.Length && text[end + TripleQuote.Length] == '"') end++;   // More quotes belong to the text.
        _at = end + TripleQuote.Length;
        return text[start..end];
    }

    private string TakeSingleQuoted()
    {
        var opening = _at++;
        var result = new StringBuilder();
        while (true)
        {
            if (AtEnd || text[_at] == '\n') throw PositionOf(opening).Error("this \" has no closing \" on its line");
            var c = text[_at++];
            if (c == '"') return result.ToString();
            result.Append(c == '\\' ? TakeEscape() : c);
        }
    }

    private char TakeEscape()
    {
        var code = Next;
        _at++;
        switch (code)
        {
            case '"' or '\\' or '/': return code;
            case 'n': return '\n';
            case 'r': return '\r';
            case 't': return '\t';
            case 'b': return '\b';
            case 'f': return '\f';
            case 'u' when _at + 4 <= text.Length
                && ushort.TryParse(text.AsSpan(_at, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var unit):
                _at += 4;
                return (char)unit;
            default:
                throw PositionOf(_at - 2).Error("after a backslash in quotes, one of \" \\ / b f n r t, or u and four hexadecimal digits, expected");
        }
    }
}
