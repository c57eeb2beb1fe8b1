using System.Collections.Immutable;

namespace ActorInference.Gpu.Constraints.Json;

/// <summary>
/// What may follow the whole part of a decimal number so that it is between two limits with the same whole part: nothing, or a point and digits. Limits
/// are given by their own digits, without zeros at the end; so one that has digits is more than one that has none.
/// </summary>
internal static class FractionRange
{
    private static readonly GrammarNode ManyDigits = GrammarNode.Many(JsonText.Digit);
    private static readonly GrammarNode Zeros = GrammarNode.Many(GrammarNode.Text("0"));

    /// <summary>Digits that are not all zeros.</summary>
    private static readonly GrammarNode More = GrammarNode.Of(Zeros, GrammarNode.Range(('1', '9')), ManyDigits);

    /// <param name="high">Null for no limit.</param>
    /// <returns>Null if there is nothing between them.</returns>
    public static GrammarNode? Of(string low, bool isLowExclusive, string? high, bool isHighExclusive)
    {
        var digits = low.Length == 0 ? UpTo(high, isHighExclusive, isLowExclusive, isFirst: true) : Between(low, isLowExclusive, high, isHighExclusive);
        var fraction = digits is null ? null : GrammarNode.Of(GrammarNode.Text("."), digits);
        var mayBeWhole = low.Length == 0 && !isLowExclusive && (high is not { Length: 0 } || !isHighExclusive);
        return !mayBeWhole ? fraction : fraction is null ? GrammarNode.Empty : GrammarNode.Optional(fraction);
    }

    /// <param name="low">At least one digit.</param>
    private static GrammarNode? Between(string low, bool isLowExclusive, string? high, bool isHighExclusive)
    {
        if (high is null) return AtLeast(low, isLowExclusive);
        if (high.Length == 0 || low[0] > high[0]) return null;
        var (first, last) = (GrammarNode.Text(low[..1]), GrammarNode.Text(high[..1]));
        if (low[0] == high[0])
        {
            var rest = low.Length == 1 ? UpTo(high[1..], isHighExclusive, isLowExclusive, isFirst: false) : Between(low[1..], isLowExclusive, high[1..], isHighExclusive);
            return rest is null ? null : GrammarNode.Of(first, rest);
        }

        var ways = ImmutableArray.CreateBuilder<GrammarNode>();
        ways.Add(GrammarNode.Of(first, AtLeast(low[1..], isLowExclusive)));
        if (high[0] - low[0] > 1) ways.Add(GrammarNode.Of(GrammarNode.Range((low[0] + 1, high[0] - 1)), ManyDigits));
        if (UpTo(high[1..], isHighExclusive, isNotZero: false, isFirst: false) is { } below) ways.Add(GrammarNode.Of(last, below));
        return GrammarNode.OneOf(ways.ToImmutable());
    }

    private static GrammarNode AtLeast(string low, bool isExclusive)
    {
        if (low.Length == 0) return isExclusive ? More : ManyDigits;
        var same = GrammarNode.Of(GrammarNode.Text(low[..1]), AtLeast(low[1..], isExclusive));
        return low[0] == '9' ? same : GrammarNode.OneOf(same, GrammarNode.Of(GrammarNode.Range((low[0] + 1, '9')), ManyDigits));
    }

    /// <param name="isNotZero">Whether zeros alone are too little.</param>
    /// <param name="isFirst">Whether there must be a digit.</param>
    private static GrammarNode? UpTo(string? high, bool isExclusive, bool isNotZero, bool isFirst)
    {
        if (high is null) return isNotZero ? More : isFirst ? GrammarNode.Many(JsonText.Digit, 1) : ManyDigits;
        if (high.Length == 0) return isNotZero || isExclusive ? null : isFirst ? GrammarNode.Many(GrammarNode.Text("0"), 1) : Zeros;
        var ways = ImmutableArray.CreateBuilder<GrammarNode>();
        if (!isNotZero && !isFirst) ways.Add(GrammarNode.Empty);
        if (high[0] > '0') ways.Add(GrammarNode.Of(GrammarNode.Text("0"), isNotZero ? More : ManyDigits));
        if (high[0] > '1') ways.Add(GrammarNode.Of(GrammarNode.Range(('1', high[0] - 1)), ManyDigits));
        if (UpTo(high[1..], isExclusive, isNotZero && high[0] == '0', isFirst: false) is { } rest) ways.Add(GrammarNode.Of(GrammarNode.Text(high[..1]), rest));
        return ways.Count == 0 ? null : GrammarNode.OneOf(ways.ToImmutable());
    }
}
