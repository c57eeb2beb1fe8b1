namespace ActorInference.Host.Benchmarks.Disagg;

/// <summary>Measured values, in order. Without any, every figure is null.</summary>
internal sealed class Sample
{
    private readonly double[] _sorted;

    public Sample(IEnumerable<double> values) => _sorted = [.. values.Order()];

    public int Count => _sorted.Length;

    public double? Median => Percentile(50);

    public double? P99 => Percentile(99);

    public double? Max => _sorted.Length == 0 ? null : _sorted[^1];

    /// <summary>
    /// Half the width of the interval in which the median of what was sampled lies at 95 %, by the order of the values alone (sign test); null of fewer
    /// than six, which say nothing at that level.
    /// </summary>
    public double? MedianError
    {
        get
        {
            if (_sorted.Length < 6) return null;
            var from = Math.Max(0, (int)Math.Floor(_sorted.Length / 2.0 - 0.98 * Math.Sqrt(_sorted.Length)));
            return (_sorted[^(from + 1)] - _sorted[from]) / 2;
        }
    }

    /// <summary>The nearest of the values.</summary>
    public double? Percentile(int percent) =>
        _sorted.Length == 0 ? null : _sorted[Math.Clamp((int)Math.Ceiling(_sorted.Length * percent / 100.0) - 1, 0, _sorted.Length - 1)];
}
