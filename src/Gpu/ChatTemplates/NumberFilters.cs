using System.Globalization;

namespace ActorInference.Gpu.ChatTemplates;

/// <summary>The filters that make numbers.</summary>
internal static class NumberFilters
{
    public static IReadOnlyDictionary<string, Filter> All { get; } = new Dictionary<string, Filter>(StringComparer.Ordinal)
    {
        ["int"] = new(["default", "base"], ToInteger),
        ["float"] = new(["default"], ToFloat),
        ["abs"] = new([], (_, value, _) => Absolute(value)),
        ["round"] = new(["precision", "method"], Round),
    };

    private static object ToInteger(RenderContext context, object value, Arguments arguments)
    {
        var fallback = arguments.Find(0, "default") ?? 0L;
        var @base = arguments.OptionalInteger(1, "base") ?? 10;
        if (value is string text)
        {
            var digits = PythonText.Strip(text);
            if (@base == 10 && digits.Replace("_", "", StringComparison.Ordinal) is var plain && PlainInteger(plain) is { } integer) return integer;
            if (@base != 10) return InBase(digits, @base) ?? fallback;
            return double.TryParse(digits, NumberStyles.Float, CultureInfo.InvariantCulture, out var real) ? Truncate(real) ?? fallback : fallback;
        }

        if (!Operators.TryNumber(value, out var number)) return value is System.Numerics.BigInteger ? value : fallback;
        return number.IsInteger ? number.Integer : Truncate(number.Float) ?? fallback;
    }

    private static object? PlainInteger(string digits)
    {
        var unsigned = digits.TrimStart('+', '-');
        return unsigned.Length > 0 && digits.Length - unsigned.Length <= 1 && unsigned.All(char.IsAsciiDigit)
            ? PythonText.Shortest(System.Numerics.BigInteger.Parse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture))
            : null;
    }

    private static object? InBase(string digits, long @base)
    {
        var isNegative = digits.StartsWith('-');
        var rest = digits.TrimStart('+', '-').ToLowerInvariant();
        var prefix = @base switch { 16 => "0x", 8 => "0o", 2 => "0b", _ => null };
        if (prefix is not null && rest.StartsWith(prefix, StringComparison.Ordinal)) rest = rest[2..];
        if (rest.Length == 0) return null;
        var number = System.Numerics.BigInteger.Zero;
        foreach (var c in rest)
        {
            var digit = char.IsAsciiDigit(c) ? c - '0' : char.IsAsciiLetterLower(c) ? c - 'a' + 10 : int.MaxValue;
            if (digit >= @base) return null;
            number = (number * @base) + digit;
        }

        return PythonText.Shortest(isNegative ? -number : number);
    }

    private static object? Truncate(double value) =>
        double.IsFinite(value) ? PythonText.Shortest(new System.Numerics.BigInteger(Math.Truncate(value))) : null;

    private static object ToFloat(RenderContext context, object value, Arguments arguments)
    {
        if (Operators.TryNumber(value, out var number)) return number.AsDouble;
        return value is string text && double.TryParse(PythonText.Strip(text), NumberStyles.Float, CultureInfo.InvariantCulture, out var real)
            ? real
            : arguments.Find(0, "default") ?? 0.0;
    }

    private static object Absolute(object value)
    {
        if (value is Undefined missing) throw missing.Fault();
        if (!Operators.TryNumber(value, out var number)) throw new TemplateFault($"abs needs a number, not a {Operators.TypeName(value)}");
        if (!number.IsInteger) return Math.Abs(number.Float);
        return number.Integer < 0 ? ArithmeticOperators.Sign("-", number.Integer) : number.Integer;
    }

    private static object Round(RenderContext context, object value, Arguments arguments)
    {
        if (value is Undefined missing) throw missing.Fault();
        if (!Operators.TryNumber(value, out var number)) throw new TemplateFault($"round needs a number, not a {Operators.TypeName(value)}");
        var precision = arguments.OptionalInteger(0, "precision") ?? 0;
        if (precision is < 0 or > 300) throw new TemplateFault($"'precision' of round is {precision}; expected 0 to 300");
        var scale = Math.Pow(10, precision);
        return (arguments.OptionalText(1, "method") ?? "common") switch
        {
            "common" => number.IsInteger ? (object)number.Integer : RoundHalfEven(number.Float, (int)precision),
            "ceil" => Math.Ceiling(number.AsDouble * scale) / scale,
            "floor" => Math.Floor(number.AsDouble * scale) / scale,
            var other => throw new TemplateFault($"'method' of round is '{other}'; expected common, ceil or floor"),
        };
    }

    /// <summary>Rounds the exact decimal value, as Python does; only true ties go to the even digit.</summary>
    private static double RoundHalfEven(double value, int precision)
    {
        const int AllDigits = 1080;   // No double has more digits after the point.
        if (!double.IsFinite(value) || precision == 0) return Math.Round(value, MidpointRounding.ToEven);
        var exact = value.ToString("F" + AllDigits, CultureInfo.InvariantCulture);
        var cut = exact.IndexOf('.') + 1 + precision;
        var isTie = exact[cut] == '5' && exact.AsSpan(cut + 1).TrimEnd('0').Length == 0;
        var text = isTie && (exact[cut - 1] - '0') % 2 == 0
            ? exact[..cut]
            : value.ToString("F" + precision, CultureInfo.InvariantCulture);
        return double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture);
    }
}
