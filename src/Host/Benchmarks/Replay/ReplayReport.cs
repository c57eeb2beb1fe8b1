using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ActorInference.Host.Benchmarks.Replay;

/// <summary>What a replay prints.</summary>
internal static class ReplayReport
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public static string Json(ReplayResult result)
    {
        var ttft = result.Ttft;
        return new JsonObject
        {
            ["requests"] = result.Requests,
            ["failed"] = result.Failed,
            ["speed"] = result.Options.Speed,
            ["scale"] = result.Options.Scale,
            ["block_tokens"] = result.Options.BlockTokens,
            ["hit_rate"] = result.HitRate,
            ["ideal_hit_rate"] = result.IdealHitRate,
            ["hit_rate_host"] = result.HostHitRate,
            ["hit_rate_storage"] = result.StorageHitRate,
            ["ttft_avg_s"] = ttft.Average,
            ["ttft_p50_s"] = ttft.Median,
            ["ttft_p90_s"] = ttft.P90,
            ["ttft_p99_s"] = ttft.P99,
            ["input_tok_per_s"] = result.PromptTokens / result.Seconds,
            ["seconds"] = result.Seconds,
            ["longest_lag_s"] = result.LongestLagSeconds,
        }.ToJsonString(Indented);
    }

    public static IEnumerable<string> Lines(ReplayResult result)
    {
        var ttft = result.Ttft;
        yield return string.Create(CultureInfo.InvariantCulture, $"{result.Requests} requests, {result.Failed} failed, in {result.Seconds:0.0} s; sent up to {result.LongestLagSeconds:0.0} s late");
        yield return string.Create(CultureInfo.InvariantCulture, $"hit rate {result.HitRate:0.0000} of {result.IdealHitRate:0.0000} (host {result.HostHitRate:0.0000}, storage {result.StorageHitRate:0.0000})");
        yield return string.Create(CultureInfo.InvariantCulture, $"time to first token: average {ttft.Average:0.000} s, p50 {ttft.Median:0.000} s, p90 {ttft.P90:0.000} s, p99 {ttft.P99:0.000} s");
        yield return string.Create(CultureInfo.InvariantCulture, $"input tokens/s: {result.PromptTokens / result.Seconds:0.0}");
    }
}
