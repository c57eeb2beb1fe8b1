using System.Collections.Concurrent;
using System.Diagnostics;
using ActorInference.Actors.Tracing;

namespace ActorInference.Roles.Tests.Testing;

/// <summary>One trace, of which the spans of this process are kept. Those of others are not recorded, so that tests do not disturb each other.</summary>
internal sealed class RecordedTrace : IDisposable
{
    private readonly ActivityTraceId _id = ActivityTraceId.CreateRandom();
    private readonly ConcurrentQueue<Activity> _begun = new();
    private readonly ConcurrentQueue<Activity> _ended = new();
    private readonly ActivityListener _listener;

    public RecordedTrace()
    {
        Root = new TraceContext(_id, ActivitySpanId.CreateRandom());
        _listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == Spans.SourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> options) =>
                options.Parent.TraceId == _id ? ActivitySamplingResult.AllDataAndRecorded : ActivitySamplingResult.None,
            ActivityStarted = _begun.Enqueue,
            ActivityStopped = _ended.Enqueue,
        };
        ActivitySource.AddActivityListener(_listener);
    }

    /// <summary>To begin spans under.</summary>
    public TraceContext Root { get; }

    /// <summary>Spans that have ended.</summary>
    public IReadOnlyList<Activity> Ended => [.. _ended.Where(IsMine)];

    /// <summary>Waits until what has begun has ended.</summary>
    public Task AllEndedAsync() => Deadline.UntilAsync(
        () => _begun.Count(IsMine) == Ended.Count, () => $"every span has ended; {string.Join(", ", _begun.Where(IsMine).Except(Ended).Select(span => span.OperationName))} have not");

    public IReadOnlyList<Activity> Named(string name) => [.. Ended.Where(span => span.OperationName == name)];

    public Activity The(string name) => Assert.Single(Named(name));

    /// <summary>Names of the spans right under one, in the order of their beginnings.</summary>
    public string[] Under(Activity parent) => [.. Ended.Where(span => span.ParentSpanId == parent.SpanId).OrderBy(span => span.StartTimeUtc).Select(span => span.OperationName)];

    public void Dispose() => _listener.Dispose();

    private bool IsMine(Activity span) => span.TraceId == _id;
}
