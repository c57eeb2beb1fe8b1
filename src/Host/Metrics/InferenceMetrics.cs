using System.Diagnostics.Metrics;
using ActorInference.Actors.Generation;
using ActorInference.Actors.Kv;
using ActorInference.Gpu.Engine;
using ActorInference.Gpu.Kv;
using ActorInference.Roles.Gateway;

namespace ActorInference.Host.Metrics;

/// <summary>What a process measures of its work. Thread-safe; recording allocates nothing but for a request's outcome.</summary>
public sealed class InferenceMetrics : IDisposable
{
    private static readonly double[] FirstTokenSeconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
    private static readonly double[] TokenSeconds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5];
    private static readonly double[] RequestSeconds = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600];

    private readonly Counter<long> _requests;
    private readonly UpDownCounter<long> _running;
    private readonly Counter<long> _promptTokens;
    private readonly Counter<long> _cachedTokens;
    private readonly Counter<long> _outputTokens;
    private readonly Histogram<double> _firstToken;
    private readonly Histogram<double> _betweenTokens;
    private readonly Histogram<double> _duration;

    public InferenceMetrics()
    {
        _requests = Meter.CreateCounter<long>("actorinference_requests_total", description: "Generations that have ended, by how.");
        _running = Meter.CreateUpDownCounter<long>("actorinference_requests_running", description: "Generations under way at this gateway.");
        _promptTokens = Meter.CreateCounter<long>("actorinference_prompt_tokens_total", description: "Prompt tokens of generations that gave a token.");
        _cachedTokens = Meter.CreateCounter<long>("actorinference_cached_prompt_tokens_total", description: "Those that a cache had, by its tier.");
        _outputTokens = Meter.CreateCounter<long>("actorinference_output_tokens_total", description: "Tokens that were generated.");
        _firstToken = Seconds("actorinference_time_to_first_token_seconds", "From the request to its first token.", FirstTokenSeconds);
        _betweenTokens = Seconds("actorinference_inter_token_seconds", "Between two tokens of a generation.", TokenSeconds);
        _duration = Seconds("actorinference_request_seconds", "From the request to its end.", RequestSeconds);
    }

    /// <summary>Has all instruments; their names are those of Prometheus.</summary>
    public Meter Meter { get; } = new("ActorInference");

    /// <summary>Shows how full a pool is, as long as it is there: nobody may ask after that.</summary>
    public void ObservePages(KvPagePool pool)
    {
        Meter.CreateObservableGauge("actorinference_kv_pages_used", () => pool.UsedPages, description: "KV pages that sequences or the prefix cache have.");
        Meter.CreateObservableGauge("actorinference_kv_pages_free", () => pool.FreePages, description: "KV pages that nobody has.");
    }

    /// <summary>Shows how well tokens are guessed by the engines of this process.</summary>
    public void ObserveDrafts()
    {
        Meter.CreateObservableCounter("actorinference_drafted_tokens_total", () => DraftStatistics.Drafted, description: "Tokens that were guessed by prompt lookup.");
        Meter.CreateObservableCounter("actorinference_accepted_draft_tokens_total", () => DraftStatistics.Accepted, description: "Guessed tokens that the model chose too.");
    }

    public void Dispose() => Meter.Dispose();

    internal void Begin() => _running.Add(1);

    /// <param name="cachedTokens">Prompt tokens that were not computed, of all tiers.</param>
    /// <param name="tiers">Of those, the ones from beyond the device's pool.</param>
    internal void First(double seconds, int promptTokens, int cachedTokens, TierTokens tiers = default)
    {
        _firstToken.Record(seconds);
        _promptTokens.Add(promptTokens);
        _outputTokens.Add(1);
        AddCached("l1", cachedTokens - tiers.Host - tiers.Storage);
        AddCached("l2", tiers.Host);
        AddCached("l3", tiers.Storage);
    }

    private void AddCached(string tier, int tokens)
    {
        if (tokens > 0) _cachedTokens.Add(tokens, new KeyValuePair<string, object?>("tier", tier));
    }

    internal void Next(double seconds)
    {
        _betweenTokens.Record(seconds);
        _outputTokens.Add(1);
    }

    /// <param name="end">The last update; null if the client left before it.</param>
    internal void End(double seconds, GenerationUpdate? end)
    {
        var outcome = end switch
        {
            GenerationFinished finished => finished.Reason,
            GenerationFailed failed => failed.Error,
            _ => (Enum)FinishReason.Aborted,
        };
        _running.Add(-1);
        _duration.Record(seconds);
        _requests.Add(1, new KeyValuePair<string, object?>("outcome", outcome.ToString().ToLowerInvariant()));
    }

    private Histogram<double> Seconds(string name, string description, double[] bounds) =>
        Meter.CreateHistogram<double>(name, "s", description, advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = bounds });
}
