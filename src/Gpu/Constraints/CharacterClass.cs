namespace ActorInference.Gpu.Constraints;

/// <summary>Classes of characters and escapes, as regular expressions and grammars write them.</summary>
internal static class CharacterClass
{
    public static readonly CodePointSet Digits = CodePointSet.Of(('0', '9'));
    public static readonly CodePointSet WordCharacters = CodePointSet.Of(('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z'));
    public static readonly CodePointSet Spaces = CodePointSet.Of(('\t', '\r'), (' ', ' '), (0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200A), (0x2028, 0x2029), (0x202F, 0x202F), (0x205F, 0x205F), (0x3000, 0x3000), (0xFEFF, 0xFEFF));
    public static readonly CodePointSet AllButNewline = CodePointSet.Single('\n').Complement();

    /// <summary>What follows a backslash.</summary>
    public static CodePointSet Escape(TextCursor text)
    {
        var escaped = text.Next();
        switch (escaped)
        {
            case 'd': return Digits;
            case 'D': return Digits.Complement();
            case 'w': return WordCharacters;
            case 'W': return WordCharacters.Complement();
            case 's': return Spaces;
            case 'S': return Spaces.Complement();
            case 'n': return CodePointSet.Single('\n');
            case 'r': return CodePointSet.Single('\r');
            case 't': return CodePointSet.Single('\t');
            case 'f': return CodePointSet.Single('\f');
            case 'v': return CodePointSet.Single('\v');
            case '0': return CodePointSet.Single(0);
            case 'x': return CodePointSet.Single(text.Hex(2));
            case 'u': return CodePointSet.Single(Unicode(text));
            default:
                if (escaped < 128 && char.IsAsciiLetterOrDigit((char)escaped))
                    throw text.Error($"'\\{(char)escaped}'", "an escape of d D w W s S n r t f v 0 x u, or an escaped sign (references back and boundaries are not supported)", back: 2);
                return CodePointSet.Single(escaped);
        }
    }

    /// <summary>What follows an opening bracket, with the closing one.</summary>
    public static CodePointSet Read(TextCursor text)
    {
        var isNegated = text.TryTake('^');
        var ranges = new List<(int, int)>();
        while (text.Peek != ']')
        {
            if (text.IsEnd) throw text.Error("the end of the text", "']' after a class of characters");
            ranges.AddRange(Item(text).Ranges);
        }

        text.Take(']');
        var set = CodePointSet.Of(ranges);
        return isNegated ? set.Complement() : set;
    }

    private static CodePointSet Item(TextCursor text)
    {
        var low = One(text);
        if (text.Peek != '-') return low;
        var dash = text.At++;
        if (text.Peek is ']' or -1)
        {
            text.At = dash;
            return low;
        }

        var high = One(text);
        if (low.Ranges is not [var (first, only)] || first != only || high.Ranges is not [var (last, alone)] || last != alone)
            throw text.Error("a range between classes", "a single character on both sides of '-'", back: text.At - dash);
        if (first > last) throw text.Error($"the range {TextCursor.Shown(first)}-{TextCursor.Shown(last)}", "its first character before its last", back: text.At - dash);
        return CodePointSet.Of((first, last));
    }

    private static CodePointSet One(TextCursor text) => text.TryTake('\\') ? Escape(text) : CodePointSet.Single(text.Next());

    /// <summary>4 digits, two such halves of a surrogate pair, or any number in braces.</summary>
    private static int Unicode(TextCursor text)
    {
        if (text.TryTake('{'))
        {
            var value = 0;
            while (!text.TryTake('}'))
            {
                value = 16 * value + text.Hex(1);
                if (value > 0x10FFFF) throw text.Error("a larger number", "at most 10FFFF", back: 1);
            }

            return value;
        }

        var unit = text.Hex(4);
        if (!char.IsHighSurrogate((char)unit) || !text.TryTake("\\u")) return unit;
        var low = text.Hex(4);
        return char.IsLowSurrogate((char)low) ? char.ConvertToUtf32((char)unit, (char)low) : throw text.Error("half a surrogate pair", "its other half", back: 4);
    }
}
