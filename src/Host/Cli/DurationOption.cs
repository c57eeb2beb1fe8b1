using System.CommandLine;
using System.Globalization;

namespace ActorInference.Host.Cli;

/// <summary>Command-line options whose values are times, as kubectl's: 90, 90s, 5m, 1h30m.</summary>
public static class DurationOption
{
    private const string Expected = "a time such as 90s, 5m or 1h30m";

    /// <summary>A time of at least 0; null when absent.</summary>
    public static Option<TimeSpan?> Create(string name, string description) => new(name)
    {
        Description = description,
        CustomParser = result =>
        {
            var text = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
            if (Parse(text) is { } time) return time;
            result.AddError($"{name} is '{text}'; expected {Expected}.");
            return null;
        },
    };

    /// <summary>Reads a time: whole seconds, or numbers each with one of the units h, m, s and ms.</summary>
    /// <returns>Null if it is none.</returns>
    public static TimeSpan? Parse(string text)
    {
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)) return TimeSpan.FromSeconds(seconds);
        var rest = text.AsSpan();
        var total = TimeSpan.Zero;
        while (!rest.IsEmpty)
        {
            var digits = rest.IndexOfAnyExcept("0123456789");
            if (digits <= 0 || !int.TryParse(rest[..digits], NumberStyles.None, CultureInfo.InvariantCulture, out var number)) return null;
            rest = rest[digits..];
            var letters = rest.IndexOfAny("0123456789") is var end && end < 0 ? rest.Length : end;
            if (UnitOf(rest[..letters]) is not { } unit) return null;
            total += unit * number;
            rest = rest[letters..];
        }

        return text.Length > 0 ? total : null;
    }

    private static TimeSpan? UnitOf(ReadOnlySpan<char> unit) => unit switch
    {
        "h" => TimeSpan.FromHours(1),
        "m" => TimeSpan.FromMinutes(1),
        "s" => TimeSpan.FromSeconds(1),
        "ms" => TimeSpan.FromMilliseconds(1),
        _ => null,
    };
}
