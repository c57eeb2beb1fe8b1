namespace ActorInference.Gpu.Sampling;

/// <summary>One draw among the tokens of a row that are not worse than some candidate, in the order of their ids.</summary>
/// <param name="width">Of a row.</param>
internal sealed class KeptMass(int width)
{
    private readonly double[] _sums = new double[(width + LogitMath.BlockSize - 1) / LogitMath.BlockSize];

    /// <summary>The token at which the running sum of what is kept exceeds a part of the whole.</summary>
    /// <param name="weights">At least 0. Shape <c>[width]</c>.</param>
    /// <param name="worst">What is worse has been dropped; something with a weight above 0 is left.</param>
    /// <param name="random">In [0, 1).</param>
    public int Draw(ReadOnlySpan<float> weights, Candidate worst, double random)
    {
        var total = 0.0;
        for (var block = 0; block < _sums.Length; block++) total += _sums[block] = BlockSum(weights, block, worst);
        var target = random * total;
        var last = 0;
        for (var block = 0; block < _sums.Length; block++)
        {
            if (_sums[block] == 0) continue;
            last = block;
            if (_sums[block] > target) break;
            target -= _sums[block];
        }

        return Search(weights, last, worst, target);
    }

    /// <summary>Searches a block of which something is kept. Rounding can leave a sliver, which is its last token's.</summary>
    private static int Search(ReadOnlySpan<float> weights, int block, Candidate worst, double target)
    {
        var (first, end, found) = (block * LogitMath.BlockSize, Math.Min(weights.Length, (block + 1) * LogitMath.BlockSize), -1);
        for (var token = first; token < end; token++)
        {
            if (weights[token] <= 0 || worst.IsBetterThan(new Candidate(weights[token], token))) continue;
            found = token;
            target -= weights[token];
            if (target < 0) break;
        }

        return found;
    }

    private static double BlockSum(ReadOnlySpan<float> weights, int block, Candidate worst)
    {
        var first = block * LogitMath.BlockSize;
        var some = weights.Slice(first, Math.Min(LogitMath.BlockSize, weights.Length - first));
        // Of equals the lower ids are the better ones: kept up to the worst, dropped behind it.
        if (worst.Token >= first + some.Length - 1) return LogitMath.BlockSumFrom(some, worst.Weight);
        if (worst.Token < first) return LogitMath.BlockSumFrom(some, MathF.BitIncrement(worst.Weight));
        var until = worst.Token + 1 - first;
        return LogitMath.BlockSumFrom(some[..until], worst.Weight) + LogitMath.BlockSumFrom(some[until..], MathF.BitIncrement(worst.Weight));
    }
}
