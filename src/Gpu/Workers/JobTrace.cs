using System.Diagnostics;
using ActorInference.Actors.Ids;
using ActorInference.Actors.Kv;
using ActorInference.Actors.Protocols;
using ActorInference.Actors.Tracing;

namespace ActorInference.Gpu.Workers;

/// <summary>
/// The spans of one job that is traced: its own, in it one for each phase, which follow each other without a gap, and beside these
/// what goes on at the same time: pages that are brought, and pages that are sent.
/// </summary>
internal sealed class JobTrace
{
    private readonly Activity _job;
    private readonly TraceContext _context;
    private Activity? _phase;
    private Activity? _prefetch;
    private Activity? _send;
    private DateTime _sentAt;
    private int _pages;

    private JobTrace(Activity job, TraceContext context) => (_job, _context) = (job, context);

    /// <param name="receivedAt">When the job came, UTC; null for now.</param>
    /// <returns>Null if it is not traced, or nobody in this process records.</returns>
    public static JobTrace? Begin(IWorkerJob job, WorkerId worker, DateTime? receivedAt)
    {
        var start = receivedAt ?? DateTime.UtcNow;
        var span = Spans.Begin(NameOf(job), job.Trace, ActivityKind.Server, start);
        if (TraceContext.Of(span) is not { } context)
        {
            Spans.End(span);
            return null;
        }

        span!.SetTag(SpanTags.Worker, worker.Value).SetTag(SpanTags.Generation, job.Attempt.Request.Value).SetTag(SpanTags.Attempt, job.Attempt.Number);
        span.SetTag(SpanTags.InputTokens, job.PromptIds.Length + job.OutputIds.Length);
        var trace = new JobTrace(span, context);
        trace._phase = Spans.Begin(job is DecodeProtocol.Reserve ? JobPhases.Reserve : JobPhases.Queued, context, start: start);
        return trace;
    }

    /// <summary>A phase begins, and the one before it ends; nothing if it is the present one.</summary>
    public void Enter(string phase)
    {
        if (_phase?.OperationName == phase) return;
        var now = DateTime.UtcNow;
        Spans.End(_phase, now);
        _phase = Spans.Begin(phase, _context, start: now);
    }

    /// <summary>It waits for pages from the storage tier, as part of its place in the queue.</summary>
    public void BeginPrefetch() => _prefetch = Spans.Begin("prefetch", TraceContext.Of(_phase));

    public void EndPrefetch()
    {
        Spans.End(_prefetch);
        _prefetch = null;
    }

    /// <summary>Compute of the prompt, and of tokens that are there already, has begun.</summary>
    /// <param name="cachedTokens">Of these, what is not computed.</param>
    /// <param name="tiers">Of the cached ones, those from beyond the device's pool.</param>
    public void Started(int cachedTokens, TierTokens tiers)
    {
        Enter(JobPhases.Prefill);
        _phase?.SetCachedTiers(cachedTokens, tiers);
    }

    /// <summary>There is room for the pages that another worker sends.</summary>
    public void Granted(int cachedPages)
    {
        Enter(JobPhases.Landing);
        _phase?.SetTag(SpanTags.CachedPages, cachedPages);
    }

    public void Landed(int pages) => _phase?.SetTag(SpanTags.Pages, _pages += pages);

    public void Sent(int pages)
    {
        _send ??= Spans.Begin("send", _context);
        _sentAt = DateTime.UtcNow;
        _send?.SetTag(SpanTags.Pages, _pages += pages);
    }

    /// <summary>All is computed.</summary>
    /// <param name="isAwaited">Whether somebody has granted room for the pages.</param>
    public void HandedOver(bool isAwaited)
    {
        if (isAwaited) EndPhase();
        else Enter(JobPhases.AwaitGrant);
    }

    /// <summary>Its generation has ended, or goes on elsewhere.</summary>
    public void Cancelled() => _job.SetTag(SpanTags.IsCancelled, true);

    /// <param name="outputTokens">Tokens of the whole output.</param>
    public void Count(int outputTokens)
    {
        if (!_job.IsStopped) _job.SetTag(SpanTags.OutputTokens, outputTokens);
    }

    public void End()
    {
        EndParts();
        Spans.End(_job);
    }

    public void Fail(string type, string reason)
    {
        EndParts();
        Spans.Fail(_job, type, reason);
    }

    private void EndParts()
    {
        EndPrefetch();
        Spans.End(_send, _sentAt);
        _send = null;
        EndPhase();
    }

    private void EndPhase()
    {
        Spans.End(_phase);
        _phase = null;
    }

    private static string NameOf(IWorkerJob job) => job switch
    {
        PrefillProtocol.Start => "prefill job",
        DecodeProtocol.Reserve => "decode job",
        _ => "both job",
    };
}

/// <summary>Names of the phases of a job.</summary>
internal static class JobPhases
{
    public const string Queued = "queued";
    public const string AwaitGrant = "await grant";
    public const string Prefill = "prefill";
    public const string Reserve = "reserve";
    public const string Landing = "landing";
    public const string Decode = "decode";
}
