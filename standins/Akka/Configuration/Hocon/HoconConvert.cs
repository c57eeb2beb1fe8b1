using System.Globalization;
using System.Numerics;
using System.Text.RegularExpressions;

namespace Akka.Configuration.Hocon;

/// <summary>Reads texts as numbers, truth values, durations and sizes. A path of null means that it is not known.</summary>
internal static partial class HoconConvert
{
    public static ConfigurationException Wrong(string path, string text, string expected) =>
        new($"{path ?? "The value"} is {(text is null ? "no plain value" : $"'{text}'")}; it must be {expected}.");

    public static bool ToBoolean(string path, string text) => text switch
    {
        "true" or "on" or "yes" => true,
        "false" or "off" or "no" => false,
        _ => throw Wrong(path, text, "on or off, true or false, yes or no"),
    };

    public static byte ToByte(string path, string text) => ToNumber<byte>(path, text, NumberStyles.Integer, "an integer from 0 to 255");

    public static int ToInt(string path, string text) => ToNumber<int>(path, text, NumberStyles.Integer, "an integer of 32 bits");

    public static long ToLong(string path, string text) => ToNumber<long>(path, text, NumberStyles.Integer, "an integer of 64 bits");

    public static float ToFloat(string path, string text) => ToNumber<float>(path, text, NumberStyles.Float, "a number");

    public static double ToDouble(string path, string text) => ToNumber<double>(path, text, NumberStyles.Float, "a number");

    public static decimal ToDecimal(string path, string text) => ToNumber<decimal>(path, text, NumberStyles.Float, "a decimal number");

    public static TimeSpan ToTimeSpan(string path, string text, bool allowInfinite)
    {
        if (allowInfinite && "infinite".Equals(text, StringComparison.OrdinalIgnoreCase)) return Timeout.InfiniteTimeSpan;
        var match = Duration().Match(text ?? "");
        double? ticksPerUnit = match.Groups["unit"].Value switch
        {
            "" or "ms" or "milli" or "millis" or "millisecond" or "milliseconds" => TimeSpan.TicksPerMillisecond,
            "ns" or "nano" or "nanos" or "nanosecond" or "nanoseconds" => TimeSpan.TicksPerMicrosecond / 1000.0,
            "us" or "micro" or "micros" or "microsecond" or "microseconds" => TimeSpan.TicksPerMicrosecond,
            "s" or "second" or "seconds" => TimeSpan.TicksPerSecond,
            "m" or "minute" or "minutes" => TimeSpan.TicksPerMinute,
            "h" or "hour" or "hours" => TimeSpan.TicksPerHour,
            "d" or "day" or "days" => TimeSpan.TicksPerDay,
            _ => null,
        };
        var infinite = allowInfinite ? ", or infinite" : "";
        if (!match.Success || ticksPerUnit is null) throw Wrong(path, text, $"a duration such as 500ms, 5s, 10 minutes, 1h{infinite}");
        var ticks = double.Parse(match.Groups["number"].Value, CultureInfo.InvariantCulture) * ticksPerUnit.Value;
        return ticks < long.MaxValue ? new TimeSpan((long)ticks) : throw Wrong(path, text, $"a duration below {TimeSpan.MaxValue.Days} days{infinite}");
    }

    /// <summary>Units of 1000 as <c>kB</c>, <c>MB</c>; of 1024 as <c>k</c>, <c>KiB</c>, <c>MiB</c>. Null for an empty text.</summary>
    public static long? ToByteSize(string path, string text)
    {
        if (text?.Length == 0) return null;
        var match = Size().Match(text ?? "");
        var factor = match.Groups["unit"].Value switch
        {
            "" or "b" or "B" or "byte" or "bytes" => BigInteger.One,
            "kB" or "kilobyte" or "kilobytes" => BigInteger.Pow(1000, 1),
            "k" or "K" or "Ki" or "KiB" or "kibibyte" or "kibibytes" => BigInteger.Pow(1024, 1),
            "MB" or "megabyte" or "megabytes" => BigInteger.Pow(1000, 2),
            "m" or "M" or "Mi" or "MiB" or "mebibyte" or "mebibytes" => BigInteger.Pow(1024, 2),
            "GB" or "gigabyte" or "gigabytes" => BigInteger.Pow(1000, 3),
            "g" or "G" or "Gi" or "GiB" or "gibibyte" or "gibibytes" => BigInteger.Pow(1024, 3),
            "TB" or "terabyte" or "terabytes" => BigInteger.Pow(1000, 4),
            "t" or "T" or "Ti" or "TiB" or "tebibyte" or "tebibytes" => BigInteger.Pow(1024, 4),
            "PB" or "petabyte" or "petabytes" => BigInteger.Pow(1000, 5),
            "p" or "P" or "Pi" or "PiB" or "pebibyte" or "pebibytes" => BigInteger.Pow(1024, 5),
            _ => BigInteger.Zero,
        };
        if (!match.Success || factor.IsZero) throw Wrong(path, text, "a size in bytes such as 128000b, 256k, 4 MiB, 1 GB");
        var bytes = BigInteger.Parse(match.Groups["number"].Value, CultureInfo.InvariantCulture) * factor;
        return bytes <= long.MaxValue && bytes >= long.MinValue ? (long)bytes : throw Wrong(path, text, $"a size of at most {long.MaxValue} bytes");
    }

    private static T ToNumber<T>(string path, string text, NumberStyles style, string expected)
        where T : INumberBase<T> =>
        T.TryParse(text, style, CultureInfo.InvariantCulture, out var number) ? number : throw Wrong(path, text, expected);

    [GeneratedRegex(@"^\s*(?<number>[0-9]+(\.[0-9]+)?)\s*(?<unit>[a-zA-Z]*)\s*$", RegexOptions.CultureInvariant)]
    private static partial Regex Duration();

    [GeneratedRegex(@"^\s*(?<number>-?[0-9]+)\s*(?<unit>[a-zA-Z]*)\s*$", RegexOptions.CultureInvariant)]
    private static partial Regex Size();
}
