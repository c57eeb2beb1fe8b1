using System.Collections.Concurrent;
using System.Diagnostics;
using ActorInference.Cache.Traces;
using ActorInference.Host.Benchmarks.Multiturn;

namespace ActorInference.Host.Benchmarks.Replay;

/// <summary>What a replay found.</summary>
/// <param name="LongestLagSeconds">How much later than due a request was sent, at most, because too many were under way.</param>
internal sealed record ReplayResult(
    ReplayOptions Options, int Requests, IReadOnlyCollection<Answer> Answers, double IdealHitRate, double Seconds, double LongestLagSeconds, string? FirstFailure)
{
    public int Failed => Requests - Answers.Count;

    public long PromptTokens => Answers.Sum(static answer => (long)answer.PromptTokens);

    public double HitRate => Share(static answer => answer.CachedTokens);

    public double HostHitRate => Share(static answer => answer.Host);

    public double StorageHitRate => Share(static answer => answer.Storage);

    public Figures Ttft => Figures.Of(Answers.Select(static answer => answer.TtftSeconds));

    private double Share(Func<Answer, long> part) => PromptTokens == 0 ? 0 : (double)Answers.Sum(part) / PromptTokens;
}

/// <summary>Sends a trace's requests to a server when they are due, whether the earlier ones were answered or not.</summary>
internal sealed class ReplayRun(ReplayOptions options, GenerateClient client)
{
    private readonly ConcurrentQueue<Answer> _answers = new();
    private string? _firstFailure;
    private long _longestLagTicks;

    public async Task<ReplayResult> RunAsync(IReadOnlyList<TraceRequest> trace, CancellationToken cancellationToken)
    {
        var pageSize = await client.PageSizeAsync(cancellationToken);
        using var places = new SemaphoreSlim(options.MaxParallel);
        var started = Stopwatch.GetTimestamp();
        var first = trace.Count == 0 ? 0 : trace[0].TimestampMs;
        var all = new List<Task>(trace.Count);
        foreach (var request in trace)
        {
            var due = TimeSpan.FromMilliseconds((request.TimestampMs - first) / options.Speed);
            var early = due - Stopwatch.GetElapsedTime(started);
            if (early > TimeSpan.Zero) await Task.Delay(early, cancellationToken);
            await places.WaitAsync(cancellationToken);
            _longestLagTicks = Math.Max(_longestLagTicks, (Stopwatch.GetElapsedTime(started) - due).Ticks);
            all.Add(AskAsync(request, places, cancellationToken));
        }

        await Task.WhenAll(all);
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        var ideal = ReplayPrompts.IdealHitRate(trace.Select(request => ReplayPrompts.Prompt(request, options)), pageSize);
        return new ReplayResult(options, trace.Count, _answers, ideal, seconds, TimeSpan.FromTicks(_longestLagTicks).TotalSeconds, _firstFailure);
    }

    private async Task AskAsync(TraceRequest request, SemaphoreSlim places, CancellationToken cancellationToken)
    {
        try
        {
            var prompt = ReplayPrompts.Prompt(request, options);
            _answers.Enqueue(await client.GenerateAsync(round: 0, prompt, ReplayPrompts.OutputLength(request, options), cancellationToken));
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or TaskCanceledException or System.Text.Json.JsonException && !cancellationToken.IsCancellationRequested)
        {
            Interlocked.CompareExchange(ref _firstFailure, failure.Message, null);
        }
        finally
        {
            places.Release();
        }
    }
}
