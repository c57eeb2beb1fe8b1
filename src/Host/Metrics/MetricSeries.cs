namespace ActorInference.Host.Metrics;

/// <summary>The values of one metric with one set of labels. Thread-safe.</summary>
/// <param name="bounds">Upper bounds of a histogram's buckets, rising; empty for anything else.</param>
internal sealed class MetricSeries(double[] bounds)
{
    private readonly Lock _gate = new();
    private readonly long[] _counts = new long[bounds.Length + 1];
    private double _value;

    /// <summary>Adds to a counter.</summary>
    public void Add(double amount)
    {
        lock (_gate) _value += amount;
    }

    /// <summary>Sets a gauge.</summary>
    public void Set(double value)
    {
        lock (_gate) _value = value;
    }

    /// <summary>Adds to a histogram.</summary>
    public void Observe(double value)
    {
        var bucket = Array.BinarySearch(bounds, value);   // A bound belongs to its bucket.
        lock (_gate)
        {
            _counts[bucket < 0 ? ~bucket : bucket]++;
            _value += value;
        }
    }

    public void Write(PrometheusText text, string name, string labels)
    {
        lock (_gate)
        {
            if (bounds.Length == 0) text.Sample(name, labels, _value);
            else WriteBuckets(text, name, labels);
        }
    }

    private void WriteBuckets(PrometheusText text, string name, string labels)
    {
        var prefix = labels.Length > 0 ? labels + "," : "";
        var sum = 0L;
        for (var i = 0; i < _counts.Length; i++)
        {
            sum += _counts[i];
            text.Sample($"{name}_bucket", $"{prefix}le=\"{PrometheusText.Number(i < bounds.Length ? bounds[i] : double.PositiveInfinity)}\"", sum);
        }

        text.Sample($"{name}_sum", labels, _value).Sample($"{name}_count", labels, sum);
    }
}
