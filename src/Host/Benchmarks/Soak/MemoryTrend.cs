namespace ActorInference.Host.Benchmarks.Soak;

/// <summary>Whether memory in use grows.</summary>
internal static class MemoryTrend
{
    /// <summary>Slope of the line of least squares through the later half, in bytes from one sample to the next; 0 of fewer than two.</summary>
    /// <param name="bytes">Samples at equal distances. Their earlier half is warm-up.</param>
    public static double PerStep(IReadOnlyList<long> bytes)
    {
        var later = bytes.Skip(bytes.Count / 2).ToList();
        if (later.Count < 2) return 0;
        var (middle, mean) = ((later.Count - 1) / 2.0, later.Average());
        var (rise, run) = (0.0, 0.0);
        for (var i = 0; i < later.Count; i++)
        {
            rise += (i - middle) * (later[i] - mean);
            run += (i - middle) * (i - middle);
        }

        return rise / run;
    }
}
