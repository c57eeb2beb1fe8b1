namespace ActorInference.Gpu.Sampling;

/// <summary>
/// Random numbers without state: draw n is a function of (seed, n) alone, so a generation that moves to another worker
/// draws the same numbers there. SplitMix64's finalizer (Steele, Lea and Flood, 2014), once over the seed and once over
/// the seed and the counter.
/// </summary>
public static class CounterRandom
{
    private const ulong Gamma = 0x9E3779B97F4A7C15;

    /// <summary>Draw <paramref name="index"/> of the stream <paramref name="seed"/>: uniform in [0, 1), 53 bits.</summary>
    public static double UnitInterval(ulong seed, int index)
    {
        var bits = Mix(Mix(seed + Gamma) + ((ulong)(uint)index + 1) * Gamma);
        return (bits >> 11) * (1.0 / (1UL << 53));
    }

    private static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}
