using System.Globalization;
using System.Numerics;
using System.Text;

namespace ActorInference.Gpu.ChatTemplates;

/// <summary>Text as Python sees it: what is blank, how numbers are written and read, and code points as the unit of length.</summary>
internal static class PythonText
{
    private const int ShownCharacters = 400;

    public static bool IsSpace(char c) => char.IsWhiteSpace(c) || c is >= '\x1c' and <= '\x1f';

    /// <summary>Whether it is of one blank or more, and nothing else.</summary>
    public static bool IsBlank(ReadOnlySpan<char> text)
    {
        foreach (var c in text)
        {
            if (!IsSpace(c)) return false;
        }

        return text.Length > 0;
    }

    public static string Strip(string text, string? characters = null) => StripStart(StripEnd(text, characters), characters);

    public static string StripStart(string text, string? characters = null)
    {
        var start = 0;
        while (start < text.Length && IsStripped(text[start], characters)) start++;
        return text[start..];
    }

    public static string StripEnd(string text, string? characters = null)
    {
        var end = text.Length;
        while (end > 0 && IsStripped(text[end - 1], characters)) end--;
        return text[..end];
    }

    /// <summary>Lines without their ends, by Python's list of line ends.</summary>
    public static List<string> SplitLines(string text, bool keepEnds = false)
    {
        var lines = new List<string>();
        var start = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] is not ('\n' or '\r' or '\v' or '\f' or >= '\x1c' and <= '\x1e' or '\x85' or '\u2028' or '\u2029')) continue;
            var end = i;
            if (text[i] == '\r' && i + 1 < text.Length && text[i + 1] == '\n') i++;
            lines.Add(text[start..(keepEnds ? i + 1 : end)]);
            start = i + 1;
        }

        if (start < text.Length) lines.Add(text[start..]);
        return lines;
    }

    /// <summary>The code points, each as a string; half a surrogate pair stands for itself.</summary>
    public static List<string> CodePoints(string text)
    {
        var points = new List<string>(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            var length = char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]) ? 2 : 1;
            points.Add(text.Substring(i, length));
            i += length - 1;
        }

        return points;
    }

    public static int Length(string text)
    {
        var pairs = 0;
        for (var i = 1; i < text.Length; i++)
        {
            if (char.IsLowSurrogate(text[i]) && char.IsHighSurrogate(text[i - 1])) pairs++;
        }

        return text.Length - pairs;
    }

    /// <summary>Reads an integer as it may stand in a template: decimal, 0x, 0o or 0b. A long, or a BigInteger if it needs more.</summary>
    public static bool TryParseInteger(string text, out object value)
    {
        var digits = text.Length > 2 && text[0] == '0' ? text[2..] : "";
        var number = BigInteger.Zero;
        var isValid = (text.Length > 2 ? text[1] : '\0') switch
        {
            'x' or 'X' => BigInteger.TryParse("0" + digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out number),
            'b' or 'B' => BigInteger.TryParse("0" + digits, NumberStyles.AllowBinarySpecifier, CultureInfo.InvariantCulture, out number),
            'o' or 'O' => TryParseOctal(digits, out number),
            _ => BigInteger.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number),
        };
        value = Shortest(number);
        return isValid;
    }

    public static object Shortest(BigInteger number) => number >= long.MinValue && number <= long.MaxValue ? (object)(long)number : number;

    /// <summary>The shortest digits that read back as the same number, laid out as Python's repr.</summary>
    public static string Float(double value)
    {
        if (double.IsNaN(value)) return "nan";
        if (double.IsInfinity(value)) return value > 0 ? "inf" : "-inf";
        var shortest = value.ToString("R", CultureInfo.InvariantCulture);
        var sign = shortest[0] == '-' ? "-" : "";
        var digits = Digits(shortest);
        if (digits.Length == 0) return sign + "0.0";
        var exponent = Exponent(shortest);
        if (exponent is < -4 or >= 16)
        {
            var fraction = digits.Length > 1 ? "." + digits[1..] : "";
            return $"{sign}{digits[0]}{fraction}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}";
        }

        if (exponent < 0) return $"{sign}0.{new string('0', -exponent - 1)}{digits}";
        return digits.Length <= exponent + 1
            ? $"{sign}{digits.PadRight(exponent + 1, '0')}.0"
            : $"{sign}{digits[..(exponent + 1)]}.{digits[(exponent + 1)..]}";
    }

    public static string OneLine(string text)
    {
        var line = string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return line.Length <= ShownCharacters ? line : string.Concat(line.AsSpan(0, ShownCharacters), "...");
    }

    private static bool IsStripped(char c, string? characters) => characters is null ? IsSpace(c) : characters.Contains(c);

    private static bool TryParseOctal(string digits, out BigInteger number)
    {
        number = BigInteger.Zero;
        foreach (var digit in digits)
        {
            if (digit is < '0' or > '7') return false;
            number = (number * 8) + (digit - '0');
        }

        return digits.Length > 0;
    }

    /// <summary>The significant digits, without zeros before or after them.</summary>
    private static string Digits(string number)
    {
        var digits = new StringBuilder();
        foreach (var c in number)
        {
            if (c is 'E') break;
            if (char.IsAsciiDigit(c)) digits.Append(c);
        }

        return digits.ToString().Trim('0');
    }

    /// <summary>The power of ten of the first significant digit.</summary>
    private static int Exponent(string number)
    {
        var mark = number.IndexOf('E');
        var mantissa = (mark < 0 ? number : number[..mark]).TrimStart('-');
        var power = mark < 0 ? 0 : int.Parse(number.AsSpan(mark + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        var point = mantissa.IndexOf('.');
        var whole = point < 0 ? mantissa : mantissa[..point];
        if (whole.TrimStart('0').Length > 0) return power + whole.TrimStart('0').Length - 1;
        var fraction = mantissa[(point + 1)..];
        return power - (fraction.Length - fraction.TrimStart('0').Length) - 1;
    }
}
