using System.Text.Json.Nodes;
using ActorInference.Host.Tests.Testing;

namespace ActorInference.Host.Tests.Cli;

/// <summary>A tiny run of the benchmark, which starts its own server with all tiers.</summary>
public sealed class BenchMultiturnTests : IDisposable
{
    private static readonly string[] Fields =
    [
        "tiers", "requests", "failed", "hit_rate", "ideal_hit_rate", "ttft_avg_s", "ttft_p50_s", "ttft_p90_s", "ttft_p99_s", "input_tok_per_s",
    ];

    private readonly string _folder = Directory.CreateTempSubdirectory("actorinference-bench-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task It_prints_the_fields_of_each_tier_and_writes_log_and_chart()
    {
        var (log, chart) = (Path.Combine(_folder, "log.jsonl"), Path.Combine(_folder, "chart.svg"));

        var result = await Executable.RunAsync(
            "bench", "multiturn", "--clients", "2", "--rounds", "2", "--request-length", "48", "--request-rate", "1000", "--disable-auto-run",
            "--tiers", "l1+l2+l3", "--model", Path.Combine(Repository.Root, "models", "demo"), "--json", "--log-file", log, "--chart", chart);

        Assert.True(result.ExitCode == 0, result.ToString());
        var row = Assert.Single(JsonNode.Parse(result.Output)!.AsArray())!.AsObject();
        Assert.Equal(Fields, row.Select(field => field.Key));
        Assert.Equal(("l1+l2+l3", 4, 0), ((string?)row["tiers"], (int)row["requests"]!, (int)row["failed"]!));
        Assert.InRange((double)row["hit_rate"]!, 0, (double)row["ideal_hit_rate"]!);
        Assert.Contains("\"host_hit_rate\":", Assert.Single(File.ReadAllLines(log)));
        Assert.StartsWith("<svg ", File.ReadAllText(chart));
    }

    [Fact]
    public async Task Unknown_tiers_are_one_line()
    {
        var result = await Executable.RunAsync("bench", "multiturn", "--tiers", "l4");

        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.StartsWith("actorinference: --tiers is 'l4'; expected some of l1, l1+l2, l1+l2+l3, with commas.", result.Error);
    }
}
