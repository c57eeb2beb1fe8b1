using System.Globalization;
using System.Text;

namespace ActorInference.Gpu.ChatTemplates;

/// <summary>The escapes of Python's string literals.</summary>
internal static class StringEscapes
{
    /// <summary>Decodes what stands between the quotes. An unknown escape stays as it is, as in Python.</summary>
    /// <param name="literal">Without its quotes.</param>
    /// <param name="broken">Makes the exception for an escape cut short.</param>
    public static string Decode(ReadOnlySpan<char> literal, Func<Exception> broken)
    {
        if (!literal.Contains('\\')) return literal.ToString();
        var text = new StringBuilder(literal.Length);
        for (var i = 0; i < literal.Length; i++)
        {
            if (literal[i] == '\\') i = DecodeEscape(literal, i + 1, text, broken);
            else text.Append(literal[i]);
        }

        return text.ToString();
    }

    /// <summary>Returns the index of the escape's last character.</summary>
    private static int DecodeEscape(ReadOnlySpan<char> literal, int at, StringBuilder text, Func<Exception> broken)
    {
        if (Simple(literal[at]) is { } simple)
        {
            text.Append(simple);
            return at;
        }

        switch (literal[at])
        {
            case '\n':
                return at;   // A continued line.
            case >= '0' and <= '7':
                return DecodeOctal(literal, at, text);
            case 'x':
                return DecodeHex(literal, at, 2, text, broken);
            case 'u':
                return DecodeHex(literal, at, 4, text, broken);
            case 'U':
                return DecodeHex(literal, at, 8, text, broken);
            default:
                text.Append('\\').Append(literal[at]);
                return at;
        }
    }

    private static char? Simple(char letter) => letter switch
    {
        'n' => '\n',
        't' => '\t',
        'r' => '\r',
        '\\' or '\'' or '"' => letter,
        'a' => '\a',
        'b' => '\b',
        'f' => '\f',
        'v' => '\v',
        _ => null,
    };

    private static int DecodeOctal(ReadOnlySpan<char> literal, int at, StringBuilder text)
    {
        var value = 0;
        var end = at;
        while (end < literal.Length && end < at + 3 && literal[end] is >= '0' and <= '7') value = (value * 8) + (literal[end++] - '0');
        text.Append((char)value);
        return end - 1;
    }

    private static int DecodeHex(ReadOnlySpan<char> literal, int at, int digits, StringBuilder text, Func<Exception> broken)
    {
        if (at + digits >= literal.Length   // The last digit is at "at + digits".
            || !uint.TryParse(literal.Slice(at + 1, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value)
            || value > 0x10ffff) throw broken();
        if (value <= 0xffff) text.Append((char)value);
        else text.Append(char.ConvertFromUtf32((int)value));
        return at + digits;
    }
}
