using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

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
            var lanes = new Vector<float>(float.NegativeInfinity);
            for (; i <= values.Length - Vector<float>.Count; i += Vector<float>.Count) lanes = Vector.Max(lanes, Load(values, i));
            for (var lane = 0; lane < Vector<float>.Count; lane++) best = MathF.Max(best, lanes[lane]);
        }

        for (; i < values.Length; i++) best = MathF.Max(best, values[i]);
        return best;
    }

    /// <summary>Replaces each value x by <c>exp((x - offset) * scale)</c>.</summary>
    public static void Exponentiate(Span<float> values, float offset, float scale)
    {
        var (offsets, scales) = (new Vector<float>(offset), new Vector<float>(scale));
        var i = 0;
        for (; i <= values.Length - Vector<float>.Count; i += Vector<float>.Count)
            Vector.Exp((Load(values, i) - offsets) * scales).StoreUnsafe(ref values[i]);
        if (i == values.Length) return;

        // The tail goes through the same instructions, so that a token's weight doesn't depend on where it stands.
        Span<float> tail = stackalloc float[Vector<float>.Count];
        values[i..].CopyTo(tail);
        Vector.Exp((Load(tail, 0) - offsets) * scales).StoreUnsafe(ref tail[0]);
        tail[..(values.Length - i)].CopyTo(values[i..]);
    }

    /// <summary>Sum in double precision, block by block, so that <see cref="Search"/> adds up to the same.</summary>
    public static double Sum(ReadOnlySpan<float> values)
    {
        var sum = 0.0;
        for (; values.Length > BlockSize; values = values[BlockSize..]) sum += BlockSum(values[..BlockSize]);
        return sum + BlockSum(values);
    }

    /// <summary>Sum of <c>exp(x - offset)</c>; changes nothing.</summary>
    public static double SumOfExponentials(ReadOnlySpan<float> values, float offset)
    {
        Span<float> block = stackalloc float[BlockSize];
        var sum = 0.0;
        while (values.Length > 0)
        {
            var part = block[..Math.Min(BlockSize, values.Length)];
            values[..part.Length].CopyTo(part);
            Exponentiate(part, offset, 1f);
            sum += BlockSum(part);
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

    private static double BlockSum(ReadOnlySpan<float> values)
    {
        var lanes = Vector<double>.Zero;
        var i = 0;
        for (; i <= values.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector.Widen(Load(values, i), out var low, out var high);
            lanes += low + high;
        }

        var sum = Vector.Sum(lanes);
        for (; i < values.Length; i++) sum += values[i];
        return sum;
    }
}
