using System.Diagnostics;

namespace ActorInference.Actors.Tracing;

/// <summary>
/// Begins and ends spans. Parents are always named: what is current on a thread of actors is nobody's, so it stays as it was.
/// Thread-safe; allocates nothing where nobody records.
/// </summary>
public static class Spans
{
    /// <summary>Name of the source of all spans.</summary>
    public const string SourceName = "ActorInference";

    private static readonly ActivitySource Source = new(SourceName);

    /// <summary>Whether anybody in this process records spans.</summary>
    public static bool AreRecorded => Source.HasListeners();

    /// <summary>Begins a span.</summary>
    /// <param name="parent">Null begins none.</param>
    /// <param name="start">When it began, UTC; null for now.</param>
    /// <returns>Null if it is not recorded.</returns>
    public static Activity? Begin(string name, TraceContext? parent, ActivityKind kind = ActivityKind.Internal, DateTime? start = null) =>
        parent is null || !Source.HasListeners() ? null : Begin(name, kind, parent.ToParent(), start);

    /// <summary>Begins the first span of a process in a trace, or, with no parent, of a trace.</summary>
    /// <param name="parent">What the caller said; the default for nothing.</param>
    /// <returns>Null if it is not recorded.</returns>
    public static Activity? Begin(string name, ActivityKind kind, ActivityContext parent, DateTime? start = null)
    {
        var current = Activity.Current;
        Activity.Current = null;   // It would be the parent of a span that has none.
        var span = Source.StartActivity(name, kind, parent, startTime: start ?? default(DateTimeOffset));
        Activity.Current = current;
        return span;
    }

    /// <summary>Ends a span.</summary>
    /// <param name="end">When it ended, UTC; null for now.</param>
    public static void End(Activity? span, DateTime? end = null)
    {
        if (span is null) return;
        var current = Activity.Current;
        if (end is { } time) span.SetEndTime(time);
        span.Stop();
        Activity.Current = current;
    }

    /// <summary>Ends a span of something that failed.</summary>
    /// <param name="type">One of few words, <c>error.type</c>.</param>
    /// <param name="reason">In a sentence.</param>
    public static void Fail(Activity? span, string type, string reason)
    {
        if (span is null) return;
        span.SetStatus(ActivityStatusCode.Error, reason);
        span.SetTag(SpanTags.ErrorType, type);
        End(span);
    }
}
