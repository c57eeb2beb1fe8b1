using System.Diagnostics;

namespace ActorInference.Actors.Tracing;

/// <summary>The span, perhaps of another process, under which spans of what a message asks for are recorded. There is one only in traces that are recorded.</summary>
/// <param name="TraceId">Of the whole request.</param>
/// <param name="SpanId">Whoever asks.</param>
/// <param name="State">W3C tracestate; null for none.</param>
public sealed record TraceContext(ActivityTraceId TraceId, ActivitySpanId SpanId, string? State = null)
{
    /// <summary>To be recorded under a span.</summary>
    /// <returns>Null if that is not recorded.</returns>
    public static TraceContext? Of(Activity? span) =>
        span is { Recorded: true } ? new TraceContext(span.TraceId, span.SpanId, span.TraceStateString) : null;

    /// <summary>As what spans begin under.</summary>
    public ActivityContext ToParent() => new(TraceId, SpanId, ActivityTraceFlags.Recorded, State, isRemote: true);
}
