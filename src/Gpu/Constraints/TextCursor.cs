using System.Globalization;
using System.Text;

namespace ActorInference.Gpu.Constraints;

/// <summary>Reads a constraint's text character by character, and says where something is wrong.</summary>
/// <param name="text">The text; unpaired surrogates count as U+FFFD.</param>
/// <param name="what">What it is, for messages.</param>
internal sealed class TextCursor(string text, string what)
{
    private readonly int[] _runes = [.. text.EnumerateRunes().Select(static rune => rune.Value)];

    public int At { get; set; }

    public bool IsEnd => At == _runes.Length;

    /// <summary>-1 at the end.</summary>
    public int Peek => IsEnd ? -1 : _runes[At];

    public int Next()
    {
        if (IsEnd) throw Error("the end of the text", "more");
        return _runes[At++];
    }

    public bool TryTake(char expected)
    {
        if (Peek != expected) return false;
        At++;
        return true;
    }

    public bool TryTake(string expected)
    {
        for (var i = 0; i < expected.Length; i++)
        {
            if (At + i >= _runes.Length || _runes[At + i] != expected[i]) return false;
        }

        At += expected.Length;
        return true;
    }

    public void Take(char expected)
    {
        if (!TryTake(expected)) throw Error(IsEnd ? "the end of the text" : $"'{Shown(Peek)}'", $"'{expected}'");
    }

    /// <summary>Digits of base 16, so many.</summary>
    public int Hex(int digits)
    {
        var value = 0;
        for (var i = 0; i < digits; i++)
        {
            var digit = Next();
            if (digit > 'f' || !Uri.IsHexDigit((char)digit)) throw Error($"'{Shown(digit)}'", $"{digits} hexadecimal digits", back: 1);
            value = 16 * value + Convert.ToInt32(((char)digit).ToString(), 16);
        }

        return value;
    }

    /// <summary>A number in decimal digits; null if there is none.</summary>
    public int? Number()
    {
        var start = At;
        while (Peek is >= '0' and <= '9') At++;
        if (At == start) return null;
        var digits = string.Concat(_runes[start..At].Select(static digit => (char)digit));
        return int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : throw Error($"'{digits}'", "a smaller number", back: At - start);
    }

    /// <param name="back">How far before the present character it is.</param>
    public ConstraintFormatException Error(string found, string expected, int back = 0) =>
        new($"The {what} has {found} at character {At - back + 1}; expected {expected}.");

    public static string Shown(int codePoint) => Rune.IsValid(codePoint) && codePoint >= ' ' ? new Rune(codePoint).ToString() : $"U+{codePoint:X4}";
}
