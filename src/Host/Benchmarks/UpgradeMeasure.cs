namespace ActorInference.Host.Benchmarks;

/// <summary>From the apply of a new version until all instances have it and are ready, on the benchmark's clock.</summary>
public readonly record struct UpgradeSpan(TimeSpan Begin, TimeSpan End);

/// <summary>Makes figures of the turns around one upgrade or several.</summary>
public static class UpgradeMeasure
{
    /// <summary>Turns that a hit rate is taken from.</summary>
    private const int Window = 8;

    private const double Recovered = 0.95;

    /// <param name="mode">in_place or recreate.</param>
    /// <param name="turns">All.</param>
    /// <param name="from">Begin of what counts as before.</param>
    /// <param name="upgrades">One after the other, at least one. A percentile is of all their turns together: a hundred are more than one upgrade has.</param>
    /// <param name="restarts">Of all upgraded instances together.</param>
    public static UpgradeResult Of(string mode, IReadOnlyList<TurnRecord> turns, TimeSpan from, IReadOnlyList<UpgradeSpan> upgrades, int restarts)
    {
        var begin = upgrades[0].Begin;
        var before = turns.Where(turn => turn.SentAt >= from && turn.SentAt < begin).ToList();
        var during = turns.Where(turn => upgrades.Any(upgrade => turn.SentAt >= upgrade.Begin && turn.SentAt < upgrade.End)).ToList();
        var recoveries = upgrades.Select((upgrade, i) => Recovery(turns, HitRate(before), upgrade.End, i + 1 < upgrades.Count ? upgrades[i + 1].Begin : TimeSpan.MaxValue)).ToList();
        return new UpgradeResult(
            mode,
            Round(TtftP99(before)),
            Round(TtftP99(during)),
            Round(Math.Max(0, 1 - Ratio(TokensPerSecond(turns, upgrades), TokensPerSecond(turns, [new UpgradeSpan(from, begin)])))),
            recoveries.Contains(null) ? null : recoveries.Max(),
            turns.Count(turn => turn.SentAt >= from && turn.Outcome == TurnOutcome.Failed),
            turns.Count(turn => turn.SentAt >= from && turn.Outcome == TurnOutcome.Truncated),
            during.Sum(turn => (long)Math.Max(0, turn.KnownTokens - turn.CachedTokens)),
            Round(upgrades.Average(upgrade => (upgrade.End - upgrade.Begin).TotalSeconds)),
            upgrades.Count,
            during.Count,
            turns.Count(turn => turn.SentAt >= from),
            restarts);
    }

    /// <summary>Of the prompt tokens that an earlier turn had computed, the part that was not computed again.</summary>
    public static double HitRate(IReadOnlyCollection<TurnRecord> turns) =>
        Ratio(turns.Sum(turn => (double)Math.Min(turn.CachedTokens, turn.KnownTokens)), turns.Sum(turn => (double)turn.KnownTokens));

    private static double? Recovery(IReadOnlyList<TurnRecord> turns, double usual, TimeSpan end, TimeSpan until)
    {
        var after = turns.Where(turn => turn.SentAt >= end && turn.SentAt < until && turn.KnownTokens > 0).OrderBy(turn => turn.SentAt).ToList();
        for (var i = 0; i + Window <= after.Count; i++)
        {
            if (HitRate(after.GetRange(i, Window)) >= Recovered * usual) return Round((after[i].SentAt - end).TotalSeconds);
        }

        return null;
    }

    private static double TtftP99(List<TurnRecord> turns)
    {
        var sorted = turns.Select(turn => turn.Ttft).OfType<TimeSpan>().Order().ToList();
        return sorted.Count == 0 ? double.NaN : sorted[Math.Min(sorted.Count - 1, (int)Math.Ceiling(0.99 * sorted.Count) - 1)].TotalSeconds;
    }

    /// <summary>A stream that reaches over a bound counts with the part of its time within.</summary>
    private static double TokensPerSecond(IReadOnlyList<TurnRecord> turns, IReadOnlyList<UpgradeSpan> spans)
    {
        var tokens = spans.Sum(span => turns.Sum(turn =>
        {
            var overlap = (turn.EndedAt < span.End ? turn.EndedAt : span.End) - (turn.SentAt > span.Begin ? turn.SentAt : span.Begin);
            return overlap <= TimeSpan.Zero ? 0 : turn.OutputTokens * Ratio(overlap.TotalSeconds, (turn.EndedAt - turn.SentAt).TotalSeconds);
        }));
        return Ratio(tokens, spans.Sum(span => (span.End - span.Begin).TotalSeconds));
    }

    private static double Ratio(double part, double whole) => whole <= 0 ? 0 : part / whole;

    private static double Round(double value) => double.IsNaN(value) ? 0 : Math.Round(value, 4);
}
