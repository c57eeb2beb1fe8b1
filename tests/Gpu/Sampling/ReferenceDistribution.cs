using ActorInference.Actors.Generation;

namespace ActorInference.Gpu.Tests.Sampling;

/// <summary>What a sampler should do, written for the eye: everything sorted, everything in double precision.</summary>
internal static class ReferenceDistribution
{
    /// <summary>Probability of each token, after all filters.</summary>
    public static double[] Of(ReadOnlySpan<float> logits, SamplingOptions options)
    {
        var row = logits.ToArray();
        var max = row.Max();
        var ranked = row.Select((logit, token) => (Token: token, Weight: Math.Exp((logit - max) / (double)options.Temperature)))
            .OrderByDescending(c => row[c.Token]).ThenBy(c => c.Token).ToList();
        if (options.TopK > 0) ranked = [.. ranked.Take(options.TopK)];
        var minWeight = options.MinP * ranked[0].Weight;
        var mass = ranked.Sum(c => c.Weight) * options.TopP;
        var kept = new List<(int Token, double Weight)>();
        foreach (var candidate in ranked)
        {
            if (options.TopP < 1 && kept.Sum(c => c.Weight) >= mass) break;
            kept.Add(candidate);
        }

        kept.RemoveAll(c => c.Weight < minWeight);
        var total = kept.Sum(c => c.Weight);
        var probabilities = new double[row.Length];
        foreach (var (token, weight) in kept) probabilities[token] = weight / total;
        return probabilities;
    }
}
