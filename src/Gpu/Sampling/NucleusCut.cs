using System.Numerics;

namespace ActorInference.Gpu.Sampling;

/// <summary>
/// Top-p over a whole row. Which weight the cut has is first narrowed down by sums of what is above some weights, a few
/// passes of plain vectors, the first over a sample of the row; then the few candidates left between two weights decide it exactly.
/// </summary>
/// <param name="scratch">Room for a candidate for each token.</param>
internal sealed class NucleusCut(Candidate[] scratch)
{
    /// <summary>Weights tried in a pass: as many as registers hold sums of.</summary>
    private const int Tried = 6;

    /// <summary>Rows shorter than this are not worth a sample.</summary>
    private const int SampledWidth = 1 << 15;

    /// <summary>Every so many vectors are a sample.</summary>
    private const int SampleStride = 16;

    /// <summary>The sample's cut is tried with so much to either side.</summary>
    private const float SampleError = 1.06f;

    /// <summary>Bounds that are as close leave few candidates.</summary>
    private const float CloseRatio = 1.03f;

    private const int MaxPasses = 6;

    /// <summary>So few are looked at one by one: a model that knows what it wants has no more.</summary>
    private const int FewCandidates = 4096;

    /// <summary>Finds the worst candidate of the smallest set of best ones whose weights reach <paramref name="mass"/>.</summary>
    /// <param name="weights">From 0 to 1.</param>
    /// <param name="mass">Less than <paramref name="total"/>.</param>
    /// <param name="total">Sum of the weights.</param>
    /// <returns>That candidate; of equal weights, those with lower ids are in the set.</returns>
    public Candidate Find(ReadOnlySpan<float> weights, double mass, double total)
    {
        // All weights below this floor together are less than what is dropped, so none of them is the cut.
        var floor = MathF.BitDecrement((float)((total - mass) / weights.Length));
        var all = new Bounds(floor, float.PositiveInfinity);
        var (above, count) = Collect(weights, all, FewCandidates);
        if (count > FewCandidates)
        {
            (above, count) = Collect(weights, Bracket(weights, mass, total, floor), weights.Length);
            var cut = above < mass ? MassCut.Find(scratch.AsSpan(0, count), mass - above) : Candidate.Worst;
            if (cut != Candidate.Worst) return cut;
            // The passes sum up in single precision, which may be off where a bound is all but the cut.
            (_, count) = Collect(weights, all, weights.Length);
        }

        return MassCut.Find(scratch.AsSpan(0, count), mass);
    }

    /// <summary>Bounds of the cut's weight that are near each other.</summary>
    private static Bounds Bracket(ReadOnlySpan<float> weights, double mass, double total, float floor)
    {
        var bounds = new Bounds(Math.Max(floor, float.Epsilon), MathF.BitIncrement(1f));
        if (weights.Length < SampledWidth) return Narrow(weights, 1, mass, bounds);
        Span<double> sums = stackalloc double[Tried];
        Span<float> tried = stackalloc float[Tried];
        tried.Clear();
        SumAbove(weights, SampleStride, tried, sums);
        var sample = Narrow(weights, SampleStride, sums[0] * mass / total, bounds);
        Fill(tried, new Bounds(sample.Low / SampleError, sample.High * SampleError));
        SumAbove(weights, 1, tried, sums);
        return Narrow(weights, 1, mass, Narrowed(bounds, tried, sums, mass));
    }

    private static Bounds Narrow(ReadOnlySpan<float> weights, int stride, double mass, Bounds bounds)
    {
        Span<double> sums = stackalloc double[Tried];
        Span<float> tried = stackalloc float[Tried];
        for (var pass = 0; pass < MaxPasses && bounds.High > bounds.Low * CloseRatio; pass++)
        {
            Fill(tried, bounds);
            SumAbove(weights, stride, tried, sums);
            bounds = Narrowed(bounds, tried, sums, mass);
        }

        return bounds;
    }

    /// <summary>Weights between the bounds at equal ratios.</summary>
    private static void Fill(Span<float> tried, Bounds bounds)
    {
        var ratio = Math.Pow((double)bounds.High / bounds.Low, 1.0 / (Tried + 1));
        var weight = (double)bounds.Low;
        foreach (ref var next in tried) next = (float)(weight *= ratio);
    }

    private static Bounds Narrowed(Bounds bounds, ReadOnlySpan<float> tried, ReadOnlySpan<double> sums, double mass)
    {
        for (var i = 0; i < tried.Length; i++)
        {
            if (sums[i] >= mass) bounds = bounds with { Low = Math.Max(bounds.Low, tried[i]) };
            else return bounds with { High = Math.Min(bounds.High, tried[i]) };
        }

        return bounds;
    }

    /// <summary>Sums of the weights that are at least those tried; the last few of a row are left out.</summary>
    private static void SumAbove(ReadOnlySpan<float> weights, int stride, ReadOnlySpan<float> tried, Span<double> sums)
    {
        Vector<float> t0 = new(tried[0]), t1 = new(tried[1]), t2 = new(tried[2]), t3 = new(tried[3]), t4 = new(tried[4]), t5 = new(tried[5]);
        Vector<float> s0 = default, s1 = default, s2 = default, s3 = default, s4 = default, s5 = default;
        for (var i = 0; i <= weights.Length - Vector<float>.Count; i += stride * Vector<float>.Count)
        {
            var all = LogitMath.Load(weights, i);
            s0 += Vector.BitwiseAnd(all, Vector.GreaterThanOrEqual(all, t0).As<int, float>());
            s1 += Vector.BitwiseAnd(all, Vector.GreaterThanOrEqual(all, t1).As<int, float>());
            s2 += Vector.BitwiseAnd(all, Vector.GreaterThanOrEqual(all, t2).As<int, float>());
            s3 += Vector.BitwiseAnd(all, Vector.GreaterThanOrEqual(all, t3).As<int, float>());
            s4 += Vector.BitwiseAnd(all, Vector.GreaterThanOrEqual(all, t4).As<int, float>());
            s5 += Vector.BitwiseAnd(all, Vector.GreaterThanOrEqual(all, t5).As<int, float>());
        }

        (sums[0], sums[1], sums[2], sums[3], sums[4], sums[5]) = (Vector.Sum(s0), Vector.Sum(s1), Vector.Sum(s2), Vector.Sum(s3), Vector.Sum(s4), Vector.Sum(s5));
    }

    /// <summary>Puts the candidates between the bounds into the scratch, until there are more than <paramref name="most"/>.</summary>
    /// <returns>The exact sum of those above, and how many were put there.</returns>
    private (double Above, int Count) Collect(ReadOnlySpan<float> weights, Bounds bounds, int most)
    {
        Vector<float> lows = new(bounds.Low), highs = new(bounds.High);
        Vector<double> sums = default, others = default;
        var (above, count, i) = (0.0, 0, 0);
        for (; i <= weights.Length - Vector<float>.Count && count <= most; i += Vector<float>.Count)
        {
            var all = LogitMath.Load(weights, i);
            var isAbove = Vector.GreaterThanOrEqual(all, highs);
            Vector.Widen(Vector.BitwiseAnd(all, isAbove.As<int, float>()), out var low, out var high);
            (sums, others) = (sums + low, others + high);
            if (Vector.AndNot(Vector.GreaterThanOrEqual(all, lows), isAbove) == Vector<int>.Zero) continue;
            for (var token = i; token < i + Vector<float>.Count; token++) count = Add(weights[token], token, bounds, count);
        }

        for (; i < weights.Length && count <= most; i++)
        {
            above += weights[i] >= bounds.High ? weights[i] : 0;
            count = Add(weights[i], i, bounds, count);
        }

        return (Vector.Sum(sums + others) + above, count);
    }

    private int Add(float weight, int token, Bounds bounds, int count)
    {
        if (!(weight >= bounds.Low && weight < bounds.High)) return count;
        scratch[count] = new Candidate(weight, token);
        return count + 1;
    }

    /// <summary>The cut is at least the one and less than the other.</summary>
    private readonly record struct Bounds(float Low, float High);
}
