using System.Globalization;

namespace ActorInference.Roles.Groups.Spec;

/// <summary>Kubernetes' quantities: <c>500m</c>, <c>2</c>, <c>16Gi</c>, <c>1e3</c>.</summary>
internal static class Quantity
{
    private static readonly Dictionary<string, double> Suffixes = new(StringComparer.Ordinal)
    {
        ["n"] = 1e-9,
        ["u"] = 1e-6,
        ["m"] = 1e-3,
        [""] = 1,
        ["k"] = 1e3,
        ["M"] = 1e6,
        ["G"] = 1e9,
        ["T"] = 1e12,
        ["P"] = 1e15,
        ["Ki"] = 1L << 10,
        ["Mi"] = 1L << 20,
        ["Gi"] = 1L << 30,
        ["Ti"] = 1L << 40,
        ["Pi"] = 1L << 50,
    };

    /// <returns>Null if it is none, is negative or is beyond 2^62.</returns>
    public static double? Parse(string text)
    {
        if (double.TryParse(text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out var plain)) return Checked(plain);
        var end = text.Length;
        while (end > 0 && char.IsAsciiLetter(text[end - 1])) end--;
        return Suffixes.TryGetValue(text[end..], out var factor) && double.TryParse(text[..end], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            ? Checked(number * factor)
            : null;
    }

    private static double? Checked(double value) => double.IsFinite(value) && value is >= 0 and < (double)(1L << 62) ? value : null;
}
