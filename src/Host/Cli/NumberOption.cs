using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace ActorInference.Host.Cli;

/// <summary>Command-line options whose values are numbers within limits; a bad one gets one line that says what was expected.</summary>
public static class NumberOption
{
    private static readonly (string Suffix, long Factor)[] ByteUnits =
        [("KiB", 1L << 10), ("MiB", 1L << 20), ("GiB", 1L << 30), ("TiB", 1L << 40), ("KB", 1_000), ("MB", 1_000_000), ("GB", 1_000_000_000), ("B", 1)];

    /// <summary>An integer; null when absent.</summary>
    public static Option<int?> Integer(string name, string description, int min, int max = int.MaxValue) => new(name)
    {
        Description = description,
        CustomParser = result => Parse(result, name, max == int.MaxValue ? $"an integer of at least {min}" : $"an integer from {min} to {max}",
            (string text, out int? value) =>
            {
                var ok = int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max;
                value = number;
                return ok;
            }),
    };

    /// <summary>A 64-bit integer; null when absent.</summary>
    public static Option<long?> Long(string name, string description) => new(name)
    {
        Description = description,
        CustomParser = result => Parse(result, name, "a 64-bit integer", (string text, out long? value) =>
        {
            var ok = long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number);
            value = number;
            return ok;
        }),
    };

    /// <summary>A real number; null when absent.</summary>
    public static Option<float?> Real(string name, string description, float min, float max, bool aboveMin = false) => new(name)
    {
        Description = description,
        CustomParser = result => Parse(result, name, aboveMin ? $"a number above {min}, up to {max}" : $"a number from {min} to {max}",
            (string text, out float? value) =>
            {
                var ok = float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
                    && number <= max && (aboveMin ? number > min : number >= min);
                value = number;
                return ok;
            }),
    };

    /// <summary>An amount of memory such as <c>512MiB</c>; null when absent.</summary>
    public static Option<long?> Bytes(string name, string description) => new(name)
    {
        Description = description,
        CustomParser = result => Parse<long?>(result, name, "an amount of memory such as 512MiB or 4GiB", TryParseBytes),
    };

    private delegate bool Parser<T>(string text, out T value);

    private static T? Parse<T>(ArgumentResult result, string name, string expected, Parser<T> parser)
    {
        var text = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
        if (parser(text, out var value)) return value;
        result.AddError($"{name} is '{text}'; expected {expected}.");
        return default;
    }

    /// <summary>Reads an amount of memory such as <c>512MiB</c>.</summary>
    public static bool TryParseBytes(string text, out long? value)
    {
        value = null;
        foreach (var (suffix, factor) in ByteUnits)
        {
            if (!text.EndsWith(suffix, StringComparison.OrdinalIgnoreCase)) continue;
            var digits = text.AsSpan(0, text.Length - suffix.Length).Trim();
            if (!double.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var amount)) return false;
            if (amount * factor is < 1 or >= long.MaxValue) return false;
            value = (long)(amount * factor);
            return true;
        }

        var ok = long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var bytes) && bytes > 0;
        value = bytes;
        return ok;
    }
}
