namespace ActorInference.Bench.Cache;

/// <summary>One figure of a run: the median of its rounds, and the best.</summary>
internal sealed record Measurement(string Name, double Value, double Best, string Unit)
{
    /// <param name="values">One of each round; reordered.</param>
    /// <param name="smallerIsBetter">Which end is the best.</param>
    public static Measurement Of(string name, string unit, double[] values, bool smallerIsBetter = false)
    {
        Array.Sort(values);
        return new Measurement(name, Math.Round(values[values.Length / 2], 2), Math.Round(smallerIsBetter ? values[0] : values[^1], 2), unit);
    }
}
