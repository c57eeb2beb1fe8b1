namespace ActorInference.Gpu.Models;

/// <summary>
/// Normally distributed numbers by position: element n of a seed's sequence is always the same, so that threads can fill
/// parts of it in any order. Sixteen random bits choose one of 65,536 quantiles.
/// </summary>
internal static class NormalNumbers
{
    private const int Quantiles = 1 << 16;

    private static readonly float[] Table = BuildTable();

    /// <summary>Fills with elements from <paramref name="first"/> on, of mean 0 and deviation 1.</summary>
    /// <param name="first">A multiple of 4.</param>
    public static void Fill(ulong seed, long first, Span<float> target)
    {
        for (var i = 0; i < target.Length; i += 4)
        {
            var bits = Mix(seed + (ulong)(first + i));
            for (var j = i; j < Math.Min(i + 4, target.Length); j++, bits >>= 16) target[j] = Table[bits & (Quantiles - 1)];
        }
    }

    /// <summary>SplitMix64 (Steele, Lea and Flood, 2014), its counter given from outside.</summary>
    private static ulong Mix(ulong counter)
    {
        var z = counter * 0x9e3779b97f4a7c15;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
    }

    /// <summary>The quantile function solves dx/dp = 1/density(x); Runge-Kutta steps from the median upwards, mirrored below.</summary>
    private static float[] BuildTable()
    {
        const double step = 1.0 / Quantiles;
        var table = new float[Quantiles];
        var x = Advance(0, step / 2);
        for (var i = Quantiles / 2; i < Quantiles; i++)
        {
            table[i] = (float)x;
            table[Quantiles - 1 - i] = (float)-x;
            if (i < Quantiles - 1) x = Advance(x, step);
        }

        return table;
    }

    private static double Advance(double x, double step)
    {
        var a = Slope(x);
        var b = Slope(x + step / 2 * a);
        var c = Slope(x + step / 2 * b);
        var d = Slope(x + step * c);
        return x + step / 6 * (a + 2 * b + 2 * c + d);
    }

    private static double Slope(double x) => Math.Sqrt(2 * Math.PI) * Math.Exp(x * x / 2);
}
