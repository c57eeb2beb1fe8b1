using System.Collections.Immutable;
using System.Globalization;
using System.Numerics;

namespace ActorInference.Gpu.Constraints.Json;

/// <summary>Decimal numbers between two limits, digit by digit. No exponents: they would write each number in many ways.</summary>
internal static class NumberRange
{
    /// <summary>Whole numbers from <paramref name="min"/> to <paramref name="max"/>, both included; null is no limit.</summary>
    public static GrammarNode Integers(BigInteger? min, BigInteger? max)
    {
        if (min is null && max is null) return JsonText.Integer;
        if (min > max) throw Nothing($"{min}", $"{max}");
        var ways = ImmutableArray.CreateBuilder<GrammarNode>();
        if (min is null || min < 0) ways.Add(GrammarNode.Of(GrammarNode.Text("-"), Naturals(max < 0 ? -max.Value : 1, -min)));
        if (max is null || max >= 0) ways.Add(Naturals(min is { } low && low > 0 ? low : 0, max));
        return GrammarNode.OneOf(ways.ToImmutable());
    }

    /// <summary>Numbers with or without a fraction between two limits; null is no limit.</summary>
    public static GrammarNode Numbers(NumberLimit? min, NumberLimit? max)
    {
        if (min is null && max is null) return JsonText.AnyNumber;
        var ways = ImmutableArray.CreateBuilder<GrammarNode>();
        if (min is null || min.Value.Value < 0)
        {
            foreach (var way in Magnitudes(max is { Value: <= 0 } ? max.Value.Negated : default, min?.Negated)) ways.Add(GrammarNode.Of(GrammarNode.Text("-"), way));
        }

        if (max is null || max.Value.Value >= 0) ways.AddRange(Magnitudes(min is { Value: >= 0 } ? min.Value : default, max));
        return ways.Count == 0 ? throw Nothing($"{min?.Value}", $"{max?.Value}") : GrammarNode.OneOf(ways.ToImmutable());
    }

    private static ConstraintFormatException Nothing(string min, string max) =>
        new($"No number is between {min} and {max}; expected a schema that admits some.");

    private static GrammarNode Naturals(BigInteger min, BigInteger? max)
    {
        var (low, high) = (Digits(min), max is { } most ? Digits(most) : null);
        var ways = ImmutableArray.CreateBuilder<GrammarNode>();
        for (var length = low.Length; length <= (high?.Length ?? low.Length); length++)
        {
            var from = length == low.Length ? low : "1" + new string('0', length - 1);
            ways.Add(length == high?.Length ? Between(from, high) : AtLeast(from));
        }

        if (high is null) ways.Add(GrammarNode.Of(GrammarNode.Range(('1', '9')), GrammarNode.Many(JsonText.Digit, low.Length)));
        return GrammarNode.OneOf(ways.ToImmutable());
    }

    /// <summary>Numbers without a sign, none below <paramref name="min"/>, which is not negative, or above <paramref name="max"/>.</summary>
    private static IEnumerable<GrammarNode> Magnitudes(NumberLimit min, NumberLimit? max)
    {
        var (low, lowTail) = min.Split();
        var (high, highTail) = max is { } limit ? limit.Split() : (low + 1, null);
        if (low > high) yield break;
        if (low == high)
        {
            if (FractionRange.Of(lowTail, min.IsExclusive, highTail, max!.Value.IsExclusive) is { } between) yield return GrammarNode.Of(GrammarNode.Text(Digits(low)), between);
            yield break;
        }

        yield return GrammarNode.Of(GrammarNode.Text(Digits(low)), FractionRange.Of(lowTail, min.IsExclusive, null, isHighExclusive: false)!);
        if (max is null) yield return GrammarNode.Of(Naturals(high, null), JsonText.Fraction());
        else if (high > low + 1) yield return GrammarNode.Of(Naturals(low + 1, high - 1), JsonText.Fraction());
        if (max is not null && FractionRange.Of("", isLowExclusive: false, highTail, max.Value.IsExclusive) is { } below)
            yield return GrammarNode.Of(GrammarNode.Text(Digits(high)), below);
    }

    /// <summary>Digit strings of the same length.</summary>
    private static GrammarNode Between(string low, string high)
    {
        if (low.Length == 0) return GrammarNode.Empty;
        var (first, last) = (GrammarNode.Text(low[..1]), GrammarNode.Text(high[..1]));
        if (low[0] == high[0]) return GrammarNode.Of(first, Between(low[1..], high[1..]));
        var ways = ImmutableArray.CreateBuilder<GrammarNode>();
        ways.Add(GrammarNode.Of(first, AtLeast(low[1..])));
        if (high[0] - low[0] > 1) ways.Add(GrammarNode.Of(GrammarNode.Range((low[0] + 1, high[0] - 1)), AnyDigits(low.Length - 1)));
        ways.Add(GrammarNode.Of(last, AtMost(high[1..])));
        return GrammarNode.OneOf(ways.ToImmutable());
    }

    private static GrammarNode AtLeast(string digits)
    {
        if (digits.Length == 0) return GrammarNode.Empty;
        var same = GrammarNode.Of(GrammarNode.Text(digits[..1]), AtLeast(digits[1..]));
        return digits[0] == '9' ? same : GrammarNode.OneOf(same, GrammarNode.Of(GrammarNode.Range((digits[0] + 1, '9')), AnyDigits(digits.Length - 1)));
    }

    private static GrammarNode AtMost(string digits)
    {
        if (digits.Length == 0) return GrammarNode.Empty;
        var same = GrammarNode.Of(GrammarNode.Text(digits[..1]), AtMost(digits[1..]));
        return digits[0] == '0' ? same : GrammarNode.OneOf(same, GrammarNode.Of(GrammarNode.Range(('0', digits[0] - 1)), AnyDigits(digits.Length - 1)));
    }

    private static GrammarNode AnyDigits(int count) => GrammarNode.Many(JsonText.Digit, count, count);

    private static string Digits(BigInteger value) => value.ToString(CultureInfo.InvariantCulture);
}

/// <summary>One end of a range.</summary>
internal readonly record struct NumberLimit(decimal Value, bool IsExclusive)
{
    public NumberLimit Negated => this with { Value = -Value };

    /// <summary>Digits before and after the point, the latter without zeros at their end.</summary>
    public (BigInteger Whole, string Tail) Split()
    {
        var whole = decimal.Truncate(Value);
        var tail = (Value - whole).ToString("0.############################", CultureInfo.InvariantCulture);
        return (new BigInteger(whole), tail.Length > 2 ? tail[2..] : "");
    }
}
