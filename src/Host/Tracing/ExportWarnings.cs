using System.Diagnostics;
using System.Diagnostics.Tracing;

namespace ActorInference.Host.Tracing;

/// <summary>Says that spans do not arrive, now and then as long as they do not: the exporter itself tells nobody.</summary>
/// <param name="endpoint">Where they are sent.</param>
/// <param name="warn">Told.</param>
internal sealed class ExportWarnings(Uri endpoint, Action<string> warn) : EventListener
{
    private const string Exporter = "OpenTelemetry-Exporter-OpenTelemetryProtocol";

    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private long? _told;

    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        if (eventSource.Name == Exporter) EnableEvents(eventSource, EventLevel.Error);
    }

    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        if (eventData.EventSource.Name != Exporter) return;
        lock (_lock)
        {
            if (_told is { } told && Stopwatch.GetElapsedTime(told) < Pause) return;
            _told = Stopwatch.GetTimestamp();
        }

        var details = string.Join(' ', (eventData.Payload ?? []).Select(static each => $"{each}".Split('\n')[0].Trim()));
        warn($"Spans do not arrive at {endpoint} ({eventData.EventName}): {details}");
    }
}
