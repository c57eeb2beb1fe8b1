using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace ActorInference.Host.Metrics;

/// <summary>What one instrument has measured, by labels. Thread-safe; a value without labels is taken without allocating.</summary>
internal sealed class MetricFamily
{
    private readonly Instrument _instrument;
    private readonly double[] _bounds;
    private readonly Action<MetricSeries, double> _record;
    private readonly string _type;
    private readonly ConcurrentDictionary<string, MetricSeries> _series = new(StringComparer.Ordinal);
    private MetricSeries? _plain;

    public MetricFamily(Instrument instrument)
    {
        _instrument = instrument;
        var isHistogram = instrument is Histogram<double>;
        _bounds = isHistogram ? [.. ((Histogram<double>)instrument).Advice?.HistogramBucketBoundaries ?? []] : [];
        _type = isHistogram ? "histogram" : instrument is Counter<long> or ObservableCounter<long> ? "counter" : "gauge";
        _record = instrument switch
        {
            Histogram<double> => (series, value) => series.Observe(value),
            Counter<long> or UpDownCounter<long> => (series, value) => series.Add(value),
            _ => (series, value) => series.Set(value),
        };
    }

    public string Name => _instrument.Name;

    public void Record(double value, ReadOnlySpan<KeyValuePair<string, object?>> labels)
    {
        var series = labels.IsEmpty
            ? _plain ??= Series("")
            : Series(PrometheusText.Labels(labels));
        _record(series, value);
    }

    public void Write(PrometheusText text)
    {
        if (_series.IsEmpty) return;
        text.Begin(Name, _type, _instrument.Description ?? "");
        foreach (var (labels, series) in _series.OrderBy(each => each.Key, StringComparer.Ordinal)) series.Write(text, Name, labels);
    }

    private MetricSeries Series(string labels) => _series.GetOrAdd(labels, _ => new MetricSeries(_bounds));
}
