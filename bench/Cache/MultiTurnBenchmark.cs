using System.Diagnostics;

namespace ActorInference.Bench.Cache;

/// <summary>Matches and inserts of multi-turn conversations: the tree beside two dictionaries of chained hashes, in turns.</summary>
internal static class MultiTurnBenchmark
{
    private const int PageSize = 16;

    private sealed record Rates(double[] Matches, double[] Inserts, long[] FoundPages);

    public static IEnumerable<Measurement> Run(int rounds)
    {
        var workload = new MultiTurnWorkload(conversations: 1024, turns: 8, seed: 1);
        yield return new Measurement("multiturn_requests", workload.Count, workload.Count, "requests");
        yield return Measurement.Of("multiturn_mean_prompt", "tokens", [workload.MeanTokens]);
        foreach (var (name, capacity) in new[] { ("all_fit", 200_000), ("evicting", 40_000) })
        {
            foreach (var measurement in Compare(name, workload, capacity, rounds)) yield return measurement;
        }
    }

    private static List<Measurement> Compare(string name, MultiTurnWorkload workload, int capacity, int rounds)
    {
        (string Name, Func<ICandidate> Create)[] candidates =
        [
            ("tree", () => new TreeCandidate(capacity, PageSize)),
            ("fast_hash", () => new ChainedHashCache<ulong>(capacity, PageSize, PageNames.Fast)),
            ("sha256", () => new ChainedHashCache<Actors.Kv.KvPageKey>(capacity, PageSize, PageNames.Cryptographic)),
        ];
        var rates = candidates.Select(_ => new Rates(new double[rounds], new double[rounds], new long[rounds])).ToArray();
        for (var round = -1; round < rounds; round++)
        {
            for (var i = 0; i < candidates.Length; i++)
            {
                var (matches, inserts, found) = Play(workload, candidates[i].Create());
                if (round < 0) continue;
                (rates[i].Matches[round], rates[i].Inserts[round], rates[i].FoundPages[round]) = (matches, inserts, found);
            }
        }

        List<Measurement> measurements = [];
        for (var i = 0; i < candidates.Length; i++)
        {
            measurements.Add(Measurement.Of($"{name}_{candidates[i].Name}_matches", "matches/s", [.. rates[i].Matches]));
            measurements.Add(Measurement.Of($"{name}_{candidates[i].Name}_inserts", "inserts/s", [.. rates[i].Inserts]));
            measurements.Add(Measurement.Of($"{name}_{candidates[i].Name}_found", "pages", [rates[i].FoundPages[0]]));
        }

        for (var i = 1; i < candidates.Length; i++)
        {
            var peer = rates[i];
            measurements.Add(Measurement.Of($"{name}_matches_ratio_to_{candidates[i].Name}", "ratio", Ratios(rates[0].Matches, peer.Matches)));
            measurements.Add(Measurement.Of($"{name}_inserts_ratio_to_{candidates[i].Name}", "ratio", Ratios(rates[0].Inserts, peer.Inserts)));
        }

        return measurements;
    }

    /// <summary>Of the same round, so that what slows a whole round slows both.</summary>
    private static double[] Ratios(double[] ours, double[] theirs) => [.. ours.Zip(theirs, static (our, their) => our / their)];

    /// <summary>Rates of one pass from empty. Unlocking is counted with matching.</summary>
    private static (double Matches, double Inserts, long FoundPages) Play(MultiTurnWorkload workload, ICandidate cache)
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        var (matchTicks, insertTicks, found) = (0L, 0L, 0L);
        for (var turn = 0; turn < workload.Count; turn++)
        {
            var prompt = workload.Prompt(turn);
            var started = Stopwatch.GetTimestamp();
            var matched = cache.Match(prompt);
            var matchedAt = Stopwatch.GetTimestamp();
            cache.Extend(prompt, matched);
            var extendedAt = Stopwatch.GetTimestamp();
            cache.Unlock();
            matchTicks += matchedAt - started + (Stopwatch.GetTimestamp() - extendedAt);
            insertTicks += extendedAt - matchedAt;
            found += matched;
        }

        return (PerSecond(workload.Count, matchTicks), PerSecond(workload.Count, insertTicks), found);
    }

    private static double PerSecond(int count, long ticks) => count * (double)Stopwatch.Frequency / ticks;
}
