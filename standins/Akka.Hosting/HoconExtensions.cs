using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Akka.Hosting;

/// <summary>Values as they are written in HOCON.</summary>
public static class HoconExtensions
{
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>In quotes.</summary>
    public static string ToHocon(this string? text) => text is null
        ? throw new ArgumentNullException(nameof(text))
        : JsonSerializer.Serialize(text, Plain);

    public static string ToHocon(this bool value) => value ? "on" : "off";

    public static string ToHocon(this bool? value) => value is { } given ? given.ToHocon() : throw new ArgumentNullException(nameof(value));

    /// <param name="allowInfinite">Whether an infinite time may be written; else it is an error.</param>
    /// <param name="zeroIsInfinite">Whether zero is written as infinite.</param>
    public static string ToHocon(this TimeSpan value, bool allowInfinite = false, bool zeroIsInfinite = false)
    {
        var isInfinite = value == Timeout.InfiniteTimeSpan || (zeroIsInfinite && value == TimeSpan.Zero);
        if (isInfinite && allowInfinite) return "infinite";
        return isInfinite || value < TimeSpan.Zero
            ? throw new ArgumentException($"The time is {value}; it must be finite and not negative.", nameof(value))
            : value.TotalMilliseconds.ToHocon() + "ms";
    }

    public static string ToHocon(this TimeSpan? value, bool allowInfinite = false, bool zeroIsInfinite = false) =>
        value is { } given ? given.ToHocon(allowInfinite, zeroIsInfinite) : throw new ArgumentNullException(nameof(value));

    public static string ToHocon(this float value) => value.ToString(CultureInfo.InvariantCulture);

    public static string ToHocon(this double value) => value.ToString(CultureInfo.InvariantCulture);

    public static string ToHocon(this int value) => value.ToString(CultureInfo.InvariantCulture);

    public static string ToHocon(this long value) => value.ToString(CultureInfo.InvariantCulture);
}
