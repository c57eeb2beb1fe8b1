using System.Runtime.CompilerServices;

namespace ActorInference.Gpu.Cpu;

/// <summary>Softmax over keys that come block by block (Milakov and Gimelshein, 2018), and of parts that were summed by themselves.</summary>
/// <remarks>
/// SAFETY: pointers cover the lengths given with them, multiples of two vectors. A query's sums depend on its own scores alone:
/// unseen keys, of which a block has more or fewer, add exactly nothing.
/// </remarks>
internal static unsafe class Softmax<S, V>
    where S : struct, ISimd<V>
    where V : struct
{
    /// <summary>
    /// One block for one query: turns its scores into weights relative to the largest score so far, and rescales what was
    /// summed under a smaller one.
    /// </summary>
    /// <param name="scores">Overwritten with the weights; those from <paramref name="visible"/> on become 0.</param>
    /// <param name="visible">Keys that the query may see, at least 1.</param>
    /// <param name="padded">Scores in the block, the unseen ones too.</param>
    /// <param name="largest">Largest score so far.</param>
    /// <param name="sum">Sum of weights so far.</param>
    /// <param name="output">Weighted values so far. Shape <c>[columns]</c>.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Block(float* scores, int visible, int padded, float* largest, float* sum, float* output, int columns)
    {
        for (var i = visible; i < padded; i++) scores[i] = float.NegativeInfinity;
        V max0 = S.Load(scores), max1 = S.Load(scores + S.Count);
        for (var i = 2 * S.Count; i < padded; i += 2 * S.Count)
        {
            max0 = S.Max(max0, S.Load(scores + i));
            max1 = S.Max(max1, S.Load(scores + i + S.Count));
        }

        var before = *largest;
        var max = MathF.Max(before, S.Largest(S.Max(max0, max1)));
        var shift = S.Broadcast(max);
        V total0 = S.Zero, total1 = S.Zero;
        for (var i = 0; i < padded; i += 2 * S.Count)
        {
            V p0 = VectorOps<S, V>.Exp(S.Sub(S.Load(scores + i), shift)), p1 = VectorOps<S, V>.Exp(S.Sub(S.Load(scores + i + S.Count), shift));
            S.Store(p0, scores + i);
            S.Store(p1, scores + i + S.Count);
            total0 = S.Add(total0, p0);
            total1 = S.Add(total1, p1);
        }

        if (max > before)
        {
            var rescale = VectorOps<S, V>.Exp(S.Broadcast(before - max));
            for (var i = 0; i < columns; i += S.Count) S.Store(S.Mul(S.Load(output + i), rescale), output + i);
            *sum *= S.Sum(rescale) / S.Count;
            *largest = max;
        }

        *sum += S.Sum(S.Add(total0, total1));
    }

    /// <summary>Adds one query's part, summed relative to the part's own largest score, to its total.</summary>
    /// <param name="largest">The part's, then its sum of weights.</param>
    /// <param name="output">The part's weighted values. Shape <c>[columns]</c>.</param>
    /// <param name="totalLargest">Of the parts so far; minus infinity before the first.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Join(float largest, float sum, float* output, float* totalLargest, float* totalSum, float* total, int columns)
    {
        // None of the part's keys was seen.
        if (largest == float.NegativeInfinity) return;
        var max = MathF.Max(*totalLargest, largest);
        V keep = VectorOps<S, V>.Exp(S.Broadcast(*totalLargest - max)), take = VectorOps<S, V>.Exp(S.Broadcast(largest - max));
        for (var i = 0; i < columns; i += S.Count) S.Store(S.Fma(S.Load(output + i), take, S.Mul(S.Load(total + i), keep)), total + i);
        *totalSum = *totalSum * (S.Sum(keep) / S.Count) + sum * (S.Sum(take) / S.Count);
        *totalLargest = max;
    }
}
