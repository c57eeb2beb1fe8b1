using System.Diagnostics;
using ActorInference.Actors.Ids;
using ActorInference.Actors.Tracing;

namespace ActorInference.Roles.Gateway;

/// <summary>The spans of a generation at its gateway: one for each attempt, and in it the wait for workers.</summary>
/// <param name="parent">The generation's own.</param>
internal sealed class GenerationTrace(TraceContext parent)
{
    private Activity? _attempt;
    private Activity? _route;

    /// <summary>What the spans of the present attempt's workers belong to; null if nobody records.</summary>
    public TraceContext? Context { get; private set; }

    /// <param name="outputTokens">That the client has already.</param>
    public void BeginAttempt(AttemptId attempt, int outputTokens)
    {
        _attempt = Spans.Begin("attempt", parent, ActivityKind.Client);
        Context = TraceContext.Of(_attempt);
        _attempt?.SetTag(SpanTags.Generation, attempt.Request.Value).SetTag(SpanTags.Attempt, attempt.Number).SetTag(SpanTags.OutputTokensBefore, outputTokens);
        _route = Spans.Begin("route", Context);
    }

    public void Assigned(WorkerId prefill, WorkerId decode)
    {
        foreach (var span in (ReadOnlySpan<Activity?>)[_route, _attempt]) span?.SetTag(SpanTags.PrefillWorker, prefill.Value).SetTag(SpanTags.DecodeWorker, decode.Value);
        EndRoute();
    }

    /// <summary>Workers were asked that have no place: others are, and nothing was lost.</summary>
    public void Refused(string reason) => Fail("refused", reason);

    /// <summary>The attempt ends without the generation's end.</summary>
    public void Fail(GenerationError error, string reason) => Fail(error.Word(), reason);

    public void End(GenerationUpdate last)
    {
        if (last is GenerationFailed failed)
        {
            Fail(failed.Error, failed.Message);
            return;
        }

        EndRoute();
        Spans.End(_attempt);
        _attempt = null;
    }

    private void Fail(string type, string reason)
    {
        EndRoute();
        Spans.Fail(_attempt, type, reason);
        _attempt = null;
    }

    private void EndRoute()
    {
        Spans.End(_route);
        _route = null;
    }
}
