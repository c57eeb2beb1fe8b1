using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Akka.Actor.Setup;

namespace ActorInference.Host.Metrics;

/// <summary>Gathers what the instruments of one meter measure, and writes it for Prometheus. Thread-safe.</summary>
public sealed class MetricsCollector : IDisposable
{
    private readonly MeterListener _listener;
    private readonly ConcurrentDictionary<Instrument, MetricFamily> _families = new();

    /// <param name="meter">Its instruments, those that it gets later too.</param>
    public MetricsCollector(Meter meter)
    {
        _listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (ReferenceEquals(instrument.Meter, meter)) listener.EnableMeasurementEvents(instrument, _families.GetOrAdd(instrument, each => new MetricFamily(each)));
            },
        };
        _listener.SetMeasurementEventCallback<double>((_, value, labels, family) => ((MetricFamily)family!).Record(value, labels));
        _listener.SetMeasurementEventCallback<long>((_, value, labels, family) => ((MetricFamily)family!).Record(value, labels));
        _listener.SetMeasurementEventCallback<int>((_, value, labels, family) => ((MetricFamily)family!).Record(value, labels));
        _listener.Start();
    }

    public void Write(PrometheusText text)
    {
        _listener.RecordObservableInstruments();
        foreach (var family in _families.Values.OrderBy(family => family.Name, StringComparer.Ordinal)) family.Write(text);
    }

    public void Dispose() => _listener.Dispose();
}

/// <summary>Brings the collector of a process to the routes of its actor system.</summary>
public sealed class MetricsSetup(MetricsCollector collector) : Setup
{
    public MetricsCollector Collector { get; } = collector;
}
