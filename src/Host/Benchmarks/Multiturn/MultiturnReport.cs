using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ActorInference.Host.Benchmarks.Multiturn;

/// <summary>What a benchmark prints and writes: a table, a JSON array, and a line of a log as SGLang's.</summary>
internal static class MultiturnReport
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public static string Json(IEnumerable<(string Tiers, MultiturnResult Result)> rows) => new JsonArray([.. rows.Select(static row =>
    {
        var (result, ttft) = (row.Result, row.Result.Ttft);
        return (JsonNode)new JsonObject
        {
            ["tiers"] = row.Tiers,
            ["requests"] = result.Requests,
            ["failed"] = result.Failed,
            ["hit_rate"] = result.HitRate,
            ["ideal_hit_rate"] = result.IdealHitRate,
            ["ttft_avg_s"] = ttft.Average,
            ["ttft_p50_s"] = ttft.Median,
            ["ttft_p90_s"] = ttft.P90,
            ["ttft_p99_s"] = ttft.P99,
            ["input_tok_per_s"] = result.InputTokensPerSecond,
        };
    })]).ToJsonString(Indented);

    public static IEnumerable<string> Table(IEnumerable<(string Tiers, MultiturnResult Result)> rows)
    {
        yield return "tiers      rate  requests  failed  hit rate  (ideal)   host  stores  TTFT avg      p50      p90      p99  input tok/s  output tok/s  req/s";
        foreach (var (tiers, result) in rows)
        {
            var ttft = result.Ttft;
            yield return string.Create(CultureInfo.InvariantCulture,
                $"{tiers,-9} {result.Options.RequestRate,5:0.#} {result.Requests,9} {result.Failed,7} {result.HitRate,9:0.0000} {result.IdealHitRate,8:0.0000} {result.HostHitRate,6:0.000} {result.StorageHitRate,7:0.000} {ttft.Average,8:0.000}s {ttft.Median,7:0.000}s {ttft.P90,7:0.000}s {ttft.P99,7:0.000}s {result.InputTokensPerSecond,12:0.0} {result.OutputTokensPerSecond,13:0.0} {result.RequestsPerSecond,6:0.00}");
        }
    }

    /// <summary>One line, full precision.</summary>
    public static string LogLine(string tiers, MultiturnResult result, DateTimeOffset time)
    {
        var summary = new JsonObject
        {
            ["tiers"] = tiers,
            ["total_requests"] = result.Requests,
            ["failed_requests"] = result.Failed,
            ["request_rate"] = result.Options.RequestRate,
            ["average_prompt_len"] = result.Answers.Count == 0 ? 0 : result.Answers.Average(static answer => answer.PromptTokens),
            ["average_output_len"] = result.Answers.Count == 0 ? 0 : result.Answers.Average(static answer => answer.GeneratedLength),
            ["input_token_throughput"] = result.InputTokensPerSecond,
            ["output_token_throughput"] = result.OutputTokensPerSecond,
            ["throughput"] = result.RequestsPerSecond,
            ["cache_hit_rate"] = result.HitRate,
            ["ideal_cache_hit_rate"] = result.IdealHitRate,
            ["host_hit_rate"] = result.HostHitRate,
            ["storage_hit_rate"] = result.StorageHitRate,
        };
        Add(summary, "ttft", result.Ttft);
        Add(summary, "itl", result.Itl);
        Add(summary, "latency", result.Latency);
        var rounds = new JsonObject();
        foreach (var round in result.Answers.GroupBy(static answer => answer.Round).OrderBy(static group => group.Key))
        {
            rounds[$"round_{round.Key}"] = new JsonObject
            {
                ["average_ttft"] = round.Average(static answer => answer.TtftSeconds),
                ["cache_hit_rate"] = (double)round.Sum(static answer => (long)answer.CachedTokens) / round.Sum(static answer => (long)answer.PromptTokens),
                ["request_count"] = round.Count(),
            };
        }

        return new JsonObject { ["timestamp"] = time.ToString("O", CultureInfo.InvariantCulture), ["tag"] = result.Options.Tag, ["summary"] = summary, ["round"] = rounds }.ToJsonString();
    }

    private static void Add(JsonObject summary, string name, Figures figures)
    {
        summary[$"average_{name}"] = figures.Average;
        summary[$"median_{name}"] = figures.Median;
        summary[$"p90_{name}"] = figures.P90;
        summary[$"p99_{name}"] = figures.P99;
        summary[$"max_{name}"] = figures.Max;
    }
}
