using System.Diagnostics;
using ActorInference.Actors.Tracing;
using ActorInference.Roles.Tests.Testing;

namespace ActorInference.Roles.Tests.Node;

/// <summary>What a traced generation leaves: spans of its attempts, and of what its workers did.</summary>
public sealed class TracingTests
{
    [Fact]
    public async Task Prefill_and_decode_say_what_they_did_and_one_phase_follows_the_other()
    {
        using var trace = new RecordedTrace();
        await using var node = new ScriptedNode();
        var request = ScriptedNode.Request(ScriptedNode.Prompt(40), 10) with { Trace = trace.Root };

        (await node.RunAsync(request)).AssertIs(request);
        await trace.AllEndedAsync();

        var attempt = trace.The("attempt");
        Assert.Equal(trace.Root.SpanId, attempt.ParentSpanId);
        Assert.Equal("prefill-0", attempt.GetTagItem(SpanTags.PrefillWorker));
        Assert.Equal("decode-0", attempt.GetTagItem(SpanTags.DecodeWorker));
        Assert.Equal(["decode job", "prefill job", "route"], trace.Under(attempt).Order());
        var prefill = trace.The("prefill job");
        Assert.Equal("prefill-0", prefill.GetTagItem(SpanTags.Worker));
        // Whether it has to wait for the grant is a matter of room.
        Assert.Equal(["queued", "prefill"], trace.Under(prefill).Where(name => name is not ("send" or "await grant")).Distinct());
        Assert.Contains("send", trace.Under(prefill));
        var decode = trace.The("decode job");
        Assert.Equal(10, decode.GetTagItem(SpanTags.OutputTokens));
        Assert.Equal(["reserve", "landing", "decode"], trace.Under(decode));
        AssertGapless(trace, decode);
        Assert.All(trace.Ended, span => Assert.Equal(ActivityStatusCode.Unset, span.Status));
    }

    [Fact]
    public async Task A_worker_of_both_roles_computes_and_generates_in_one_job()
    {
        using var trace = new RecordedTrace();
        await using var node = new ScriptedNode(prefillWorkers: 0, decodeWorkers: 0, bothWorkers: 1);
        var request = ScriptedNode.Request(ScriptedNode.Prompt(40), 10) with { Trace = trace.Root };

        (await node.RunAsync(request)).AssertIs(request);
        await trace.AllEndedAsync();

        var job = trace.The("both job");
        Assert.Equal(["queued", "prefill", "decode"], trace.Under(job));
        AssertGapless(trace, job);
        Assert.Equal(40, job.GetTagItem(SpanTags.InputTokens));
        Assert.Equal(0, trace.The("prefill").GetTagItem(SpanTags.CachedTokens));
    }

    [Fact]
    public async Task Spans_lie_within_those_that_asked_for_them()
    {
        using var trace = new RecordedTrace();
        await using var node = new ScriptedNode();
        var began = DateTime.UtcNow;
        var request = ScriptedNode.Request(ScriptedNode.Prompt(40), 10) with { Trace = trace.Root };

        await node.RunAsync(request);
        var ended = DateTime.UtcNow;
        await trace.AllEndedAsync();

        Assert.InRange(trace.The("attempt").StartTimeUtc, began, ended);
        var byId = trace.Ended.ToDictionary(span => span.SpanId);
        foreach (var span in trace.Ended)
        {
            if (!byId.TryGetValue(span.ParentSpanId, out var parent)) continue;
            Assert.True(span.StartTimeUtc >= parent.StartTimeUtc, $"{span.OperationName} begins before {parent.OperationName}");
            // A worker hears that the generation is over after that has ended.
            if (parent.OperationName != "attempt") Assert.True(End(span) <= End(parent), $"{span.OperationName} ends after {parent.OperationName}");
        }
    }

    [Theory]
    [InlineData("prefill-0")]
    [InlineData("decode-0")]
    public async Task A_lost_worker_ends_its_attempt_with_the_reason_and_the_next_one_shows(string worker)
    {
        using var trace = new RecordedTrace();
        await using var node = new ScriptedNode("actor-inference.engine { max-step-tokens = 16, step-target = 0 }");
        var steps = 0;
        var failed = node.FailOnceWhen(worker, () => ++steps == 2);
        var request = ScriptedNode.Request(ScriptedNode.Prompt(100), 30) with { Trace = trace.Root };

        (await node.RunAsync(request)).AssertIs(request);
        await Deadline.OnAsync(failed);
        await trace.AllEndedAsync();

        var attempts = trace.Named("attempt").OrderBy(span => span.StartTimeUtc).ToList();
        Assert.Equal([0, 1], attempts.Select(span => (int)span.GetTagItem(SpanTags.Attempt)!));
        Assert.Equal(ActivityStatusCode.Error, attempts[0].Status);
        Assert.Contains(worker, attempts[0].StatusDescription);
        Assert.Equal("unavailable", attempts[0].GetTagItem(SpanTags.ErrorType));
        Assert.Equal(ActivityStatusCode.Unset, attempts[1].Status);
        var job = trace.Ended.Single(span => span.ParentSpanId == attempts[0].SpanId && worker.Equals(span.GetTagItem(SpanTags.Worker)));
        Assert.Equal(ActivityStatusCode.Error, job.Status);
        Assert.Contains("The device is gone.", job.StatusDescription);
    }

    [Fact]
    public async Task A_client_that_leaves_ends_every_span()
    {
        using var trace = new RecordedTrace();
        await using var node = new ScriptedNode();
        using var left = new CancellationTokenSource();
        var request = ScriptedNode.Request(ScriptedNode.Prompt(20), 3000) with { Trace = trace.Root };

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => node.RunAsync(request, token => { if (token.Index == 3) left.Cancel(); }, left.Token));
        await trace.AllEndedAsync();

        Assert.Equal(true, trace.The("decode job").GetTagItem(SpanTags.IsCancelled));
    }

    [Fact]
    public async Task A_generation_that_is_not_traced_leaves_no_span()
    {
        using var trace = new RecordedTrace();
        await using var node = new ScriptedNode();
        var request = ScriptedNode.Request(ScriptedNode.Prompt(20), 5);

        (await node.RunAsync(request)).AssertIs(request);
        await node.AllPagesBackAsync();

        Assert.Empty(trace.Ended);
    }

    [Fact]
    public async Task What_is_current_on_the_threads_of_actors_is_nobodys()
    {
        using var trace = new RecordedTrace();
        using var foreign = new Activity("foreign").Start();

        using (var span = Spans.Begin("one", trace.Root))
        {
            Assert.Same(foreign, Activity.Current);
            Spans.End(span);
        }

        Assert.Same(foreign, Activity.Current);
        await trace.AllEndedAsync();
        Assert.Equal(trace.Root.SpanId, trace.The("one").ParentSpanId);
    }

    private static void AssertGapless(RecordedTrace trace, Activity job)
    {
        var phases = trace.Ended.Where(span => span.ParentSpanId == job.SpanId).OrderBy(span => span.StartTimeUtc).ToList();
        Assert.Equal(job.StartTimeUtc, phases[0].StartTimeUtc);
        foreach (var (one, next) in phases.Zip(phases.Skip(1))) Assert.Equal(next.StartTimeUtc, End(one));
    }

    private static DateTime End(Activity span) => span.StartTimeUtc + span.Duration;
}
