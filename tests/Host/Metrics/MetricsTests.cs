using ActorInference.Actors.Generation;
using ActorInference.Actors.Ids;
using ActorInference.Actors.Kv;
using ActorInference.Host.Metrics;
using ActorInference.Host.Tests.Testing;
using ActorInference.Roles.Gateway;

namespace ActorInference.Host.Tests.Metrics;

public sealed class MetricsTests : IDisposable
{
    private readonly InferenceMetrics _metrics = new();
    private readonly MetricsCollector _collector;

    public MetricsTests() => _collector = new MetricsCollector(_metrics.Meter);

    public void Dispose()
    {
        _collector.Dispose();
        _metrics.Dispose();
    }

    [Fact]
    public async Task A_generation_is_counted_with_its_tokens_times_and_outcome()
    {
        await RunAsync(Script.SayAll("abc") with { CachedTokens = 16 }, Enumerable.Repeat(1, 20).ToArray());
        await RunAsync(Script.Fail(GenerationError.Overloaded, "full"), [1]);

        var lines = Lines();
        Assert.Contains("actorinference_requests_total{outcome=\"stop\"} 1", lines);
        Assert.Contains("actorinference_requests_total{outcome=\"overloaded\"} 1", lines);
        Assert.Contains("actorinference_requests_running 0", lines);
        Assert.Contains("actorinference_prompt_tokens_total 20", lines);
        Assert.Contains("actorinference_cached_prompt_tokens_total{tier=\"l1\"} 16", lines);
        Assert.Contains("actorinference_output_tokens_total 4", lines);
        Assert.Contains("actorinference_time_to_first_token_seconds_count 1", lines);
        Assert.Contains("actorinference_inter_token_seconds_count 3", lines);
        Assert.Contains("actorinference_request_seconds_bucket{le=\"+Inf\"} 2", lines);
    }

    [Fact]
    public void Cached_tokens_are_counted_by_the_tier_that_had_them()
    {
        _metrics.First(0.1, 100, 48, new TierTokens(Host: 16, Storage: 8));
        _metrics.First(0.1, 100, 16, new TierTokens(Host: 16, Storage: 0));

        var lines = Lines();
        Assert.Contains("actorinference_cached_prompt_tokens_total{tier=\"l1\"} 24", lines);
        Assert.Contains("actorinference_cached_prompt_tokens_total{tier=\"l2\"} 32", lines);
        Assert.Contains("actorinference_cached_prompt_tokens_total{tier=\"l3\"} 8", lines);
    }

    [Fact]
    public async Task A_client_that_leaves_is_an_aborted_generation()
    {
        var generator = new MeteredGenerator(new ScriptedGenerator(_ => Script.Say("abcdef")), _metrics);

        await foreach (var _ in generator.GenerateAsync(Request([1]), CancellationToken.None)) break;

        Assert.Contains("actorinference_requests_total{outcome=\"aborted\"} 1", Lines());
        Assert.Contains("actorinference_requests_running 0", Lines());
    }

    [Fact]
    public void Buckets_count_all_up_to_their_bound_and_a_bound_is_in_its_bucket()
    {
        var series = new List<double> { 0.005, 0.0051, 0.01, 7, 1000 };
        foreach (var seconds in series) _metrics.First(seconds, 1, 0);

        var counts = Lines().Where(line => line.StartsWith("actorinference_time_to_first_token_seconds_bucket", StringComparison.Ordinal)).Select(line => line.Split(' ')[1]);

        Assert.Equal(["1", "3", "3", "3", "3", "3", "3", "3", "3", "3", "4", "4", "4", "5"], counts);
    }

    [Fact]
    public void Labels_and_help_are_escaped()
    {
        var text = new PrometheusText().Begin("m", "gauge", "a\nb\\").Sample("m", PrometheusText.Labels(new KeyValuePair<string, object?>("l", "x\"y\\z\n")), 0.5).ToString();

        Assert.Equal("# HELP m a\\nb\\\\\n# TYPE m gauge\nm{l=\"x\\\"y\\\\z\\n\"} 0.5\n", text);
    }

    private static GenerationRequest Request(int[] prompt) => new(RequestId.New(), [.. prompt], new SamplingOptions { MaxNewTokens = 10 });

    private async Task RunAsync(Script script, int[] prompt)
    {
        await foreach (var _ in new MeteredGenerator(new ScriptedGenerator(_ => script), _metrics).GenerateAsync(Request(prompt), CancellationToken.None)) { }
    }

    private string[] Lines()
    {
        var text = new PrometheusText();
        _collector.Write(text);
        return text.ToString().Split('\n');
    }
}
