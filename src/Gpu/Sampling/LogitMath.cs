using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using ActorInference.Gpu.Cpu;

namespace ActorInference.Gpu.Sampling;

/// <summary>Passes over a row of logits, as wide as the vocabulary and therefore vectorised. They allocate nothing.</summary>
internal static class LogitMath
{
    /// <summary>Elements that <see cref="Sum"/> is exact over, and that a draw searches one by one.</summary>
    public const int BlockSize = 1024;

    /// <summary>Largest value; NaN if there is one.</summary>
    public static float Max(ReadOnlySpan<float> values)
    {
        var best = float.NegativeInfinity;
        var i = 0;
        if (values.Length >= Vector<float>.Count)
        {
            // Four at a time: the next need not wait for the one before.
            Vector<float> m0 = new(float.NegativeInfinity), m1 = m0, m2 = m0, m3 = m0;
            for (; i <= values.Length - (4 * Vector<float>.Count); i += 4 * Vector<float>.Count)
            {
                m0 = Vector.Max(m0, Load(values, i));
                m1 = Vector.Max(m1, Load(values, i + Vector<float>.Count));
                m2 = Vector.Max(m2, Load(values, i + (2 * Vector<float>.Count)));
                m3 = Vector.Max(m3, Load(values, i + (3 * Vector<float>.Count)));
            }

            for (; i <= values.Length - Vector<float>.Count; i += Vector<float>.Count) m0 = Vector.Max(m0, Load(values, i));
            var lanes = Vector.Max(Vector.Max(m0, m1), Vector.Max(m2, m3));
            for (var lane = 0; lane < Vector<float>.Count; lane++) best = MathF.Max(best, lanes[lane]);
        }

        for (; i < values.Length; i++) best = MathF.Max(best, values[i]);
        return best;
    }

    /// <summary>Replaces each value x by <c>exp((x - offset) * scale)</c>, which must be at most 1.</summary>
    /// <returns>Their sum, as <see cref="Sum"/> gives it.</returns>
    public static double Exponentiate(Span<float> values, float offset, float scale)
    {
        var sum = 0.0;
        while (values.Length > 0)
        {
            // Block by block, so that they are summed up while they are at hand.
            var block = values[..Math.Min(BlockSize, values.Length)];
            if (Vector256.IsHardwareAccelerated) Exponentiate<Simd256, Vector256<float>>(block, offset, scale);
            else Exponentiate<Simd128, Vector128<float>>(block, offset, scale);
            sum += BlockSum(block);
            values = values[block.Length..];
        }

        return sum;
    }

    /// <summary>Sum in double precision, block by block, so that <see cref="Search"/> adds up to the same.</summary>
    public static double Sum(ReadOnlySpan<float> values)
    {
        var sum = 0.0;
        for (; values.Length > BlockSize; values = values[BlockSize..]) sum += BlockSum(values[..BlockSize]);
        return sum + BlockSum(values);
    }

    /// <summary>Sum of <c>exp(x - offset)</c>, none of which is more than 1; changes nothing.</summary>
    public static double SumOfExponentials(ReadOnlySpan<float> values, float offset)
    {
        Span<float> block = stackalloc float[BlockSize];
        var sum = 0.0;
        while (values.Length > 0)
        {
            var part = block[..Math.Min(BlockSize, values.Length)];
            values[..part.Length].CopyTo(part);
            sum += Exponentiate(part, offset, 1f);
            values = values[part.Length..];
        }

        return sum;
    }

    /// <summary>First index at which the running sum of <paramref name="weights"/> exceeds <paramref name="target"/>.</summary>
    /// <param name="target">In [0, <see cref="Sum"/>); rounding may put it just outside, and then the last weight above 0 is it.</param>
    public static int Search(ReadOnlySpan<float> weights, double target)
    {
        var first = 0;
        while (weights.Length - first > BlockSize)
        {
            var sum = BlockSum(weights.Slice(first, BlockSize));
            if (sum > target) break;
            target -= sum;
            first += BlockSize;
        }

        var last = -1;
        for (var i = first; i < weights.Length; i++)
        {
            if (weights[i] <= 0) continue;
            target -= weights[i];
            last = i;
            if (target < 0) return i;
        }

        return last >= 0 ? last : weights.LastIndexOfAnyExcept(0f);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<float> Load(ReadOnlySpan<float> values, int index) =>
        Vector.LoadUnsafe(ref Unsafe.Add(ref MemoryMarshal.GetReference(values), index));

    // SAFETY: reads and writes whole vectors of the values, and of a buffer of one vector.
    private static unsafe void Exponentiate<S, V>(Span<float> values, float offset, float scale)
        where S : struct, ISimd<V>
        where V : struct
    {
        var (offsets, scales) = (S.Broadcast(offset), S.Broadcast(scale));
        fixed (float* x = values)
        {
            var i = 0;
            for (; i <= values.Length - S.Count; i += S.Count) S.Store(VectorOps<S, V>.Exp(S.Mul(S.Sub(S.Load(x + i), offsets), scales)), x + i);
            if (i == values.Length) return;

            // The tail goes through the same instructions, so that a token's weight doesn't depend on where it stands.
            var tail = stackalloc float[S.Count];
            for (var j = 0; j < S.Count; j++) tail[j] = i + j < values.Length ? x[i + j] : offset;
            S.Store(VectorOps<S, V>.Exp(S.Mul(S.Sub(S.Load(tail), offsets), scales)), tail);
            for (; i < values.Length; i++) x[i] = *tail++;
        }
    }

    /// <summary>Sum in double precision of those values of a block that are at least so large.</summary>
    public static double BlockSumFrom(ReadOnlySpan<float> values, float least)
    {
        var leasts = new Vector<float>(least);
        Vector<double> s0 = default, s1 = default, s2 = default, s3 = default;
        var (sum, i) = (0.0, 0);
        for (; i <= values.Length - (2 * Vector<float>.Count); i += 2 * Vector<float>.Count)
        {
            Vector<float> a = Load(values, i), b = Load(values, i + Vector<float>.Count);
            Vector.Widen(Vector.BitwiseAnd(a, Vector.GreaterThanOrEqual(a, leasts).As<int, float>()), out var low, out var high);
            (s0, s1) = (s0 + low, s1 + high);
            Vector.Widen(Vector.BitwiseAnd(b, Vector.GreaterThanOrEqual(b, leasts).As<int, float>()), out low, out high);
            (s2, s3) = (s2 + low, s3 + high);
        }

        for (; i < values.Length; i++) sum += values[i] >= least ? values[i] : 0;
        return Vector.Sum(s0 + s1 + (s2 + s3)) + sum;
    }

    private static double BlockSum(ReadOnlySpan<float> values)
    {
        Vector<double> s0 = default, s1 = default, s2 = default, s3 = default;
        var i = 0;
        for (; i <= values.Length - (2 * Vector<float>.Count); i += 2 * Vector<float>.Count)
        {
            Vector.Widen(Load(values, i), out var low, out var high);
            (s0, s1) = (s0 + low, s1 + high);
            Vector.Widen(Load(values, i + Vector<float>.Count), out low, out high);
            (s2, s3) = (s2 + low, s3 + high);
        }

        var sum = Vector.Sum(s0 + s1 + (s2 + s3));
        for (; i < values.Length; i++) sum += values[i];
        return sum;
    }
}
