namespace ActorInference.Gpu.Sampling;

/// <summary>Top-p without a sort: quickselect by mass instead of by rank. Linear on average.</summary>
internal static class MassCut
{
    /// <summary>Finds the worst candidate of the smallest set of best ones whose weights reach <paramref name="mass"/>.</summary>
    /// <param name="candidates">Reordered. Weights at least 0.</param>
    /// <returns>That candidate; <see cref="Candidate.Worst"/> if all together do not reach it.</returns>
    public static Candidate Find(Span<Candidate> candidates, double mass)
    {
        while (candidates.Length > 0)
        {
            var pivot = Partition(candidates);
            var better = 0.0;
            foreach (var candidate in candidates[..pivot]) better += candidate.Weight;
            if (better >= mass)
            {
                candidates = candidates[..pivot];
                continue;
            }

            mass -= better + candidates[pivot].Weight;
            if (mass <= 0) return candidates[pivot];
            candidates = candidates[(pivot + 1)..];
        }

        return Candidate.Worst;
    }

    /// <summary>Puts those better than some candidate before it and the others behind.</summary>
    /// <returns>Where that candidate stands now.</returns>
    private static int Partition(Span<Candidate> candidates)
    {
        var last = candidates.Length - 1;
        var pivot = MedianOfThree(candidates);
        (candidates[pivot], candidates[last]) = (candidates[last], candidates[pivot]);
        var better = 0;
        for (var i = 0; i < last; i++)
        {
            if (!candidates[i].IsBetterThan(candidates[last])) continue;
            (candidates[i], candidates[better]) = (candidates[better], candidates[i]);
            better++;
        }

        (candidates[better], candidates[last]) = (candidates[last], candidates[better]);
        return better;
    }

    private static int MedianOfThree(ReadOnlySpan<Candidate> candidates)
    {
        var (a, b, c) = (0, candidates.Length / 2, candidates.Length - 1);
        if (candidates[b].IsBetterThan(candidates[a])) (a, b) = (b, a);
        if (candidates[c].IsBetterThan(candidates[b])) (b, c) = (c, b);
        return candidates[b].IsBetterThan(candidates[a]) ? a : b;
    }
}
