using System.Text.Json;
using ActorInference.Host.Tests.Testing;

namespace ActorInference.Host.Tests.Cli;

public sealed class BenchTraceTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("actorinference-trace-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("--url nowhere", "--url is 'nowhere'; expected an address such as http://127.0.0.1:8000.")]
    [InlineData("--speed 2", "--speed is given without --url; expected both.")]
    [InlineData("--policy mru", "--policy is 'mru'; expected some of lru, lfu, slru, priority, adaptive.")]
    public async Task A_wrong_option_is_one_line_on_stderr_and_exit_code_2(string arguments, string expected)
    {
        var result = await Executable.RunAsync(["bench", "trace", "--file", Trace(), .. arguments.Split(' ')]);

        Assert.True(result.ExitCode == 2, result.ToString());
        Assert.StartsWith("actorinference: " + expected, result.Error);
        Assert.Equal(1, result.Error.Count(character => character == '\n'));
    }

    [Fact]
    public async Task A_trace_is_played_to_a_running_server()
    {
        await using var server = await RunningServer.StartAsync();

        var result = await Executable.RunAsync(
            "bench", "trace", "--file", Trace(), "--url", $"{server.Client.BaseAddress}", "--speed", "10", "--scale", "0.0625", "--max-parallel", "1", "--json");

        Assert.True(result.ExitCode == 0, result.ToString());
        using var json = JsonDocument.Parse(result.Output);
        var figures = json.RootElement;
        Assert.Equal((12, 0, 32), (figures.GetProperty("requests").GetInt32(), figures.GetProperty("failed").GetInt32(), figures.GetProperty("block_tokens").GetInt32()));
        // One at a time, each conversation finds what its last turn has left.
        Assert.InRange(figures.GetProperty("ideal_hit_rate").GetDouble(), 0.3, 0.9);
        Assert.Equal(figures.GetProperty("ideal_hit_rate").GetDouble(), figures.GetProperty("hit_rate").GetDouble(), 0.1);
        Assert.True(figures.GetProperty("ttft_avg_s").GetDouble() > 0);
    }

    /// <summary>Three conversations of four turns.</summary>
    private string Trace()
    {
        var path = Path.Combine(_folder, "trace.jsonl");
        File.WriteAllLines(path, Enumerable.Range(0, 12).Select(i =>
        {
            var (conversation, turn) = (i % 3, i / 3);
            var blocks = string.Join(", ", Enumerable.Range(0, turn + 1).Select(block => 1 + conversation * 10 + block));
            return $$"""{"timestamp": {{i * 10}}, "input_length": {{512 * (turn + 1)}}, "output_length": 16, "hash_ids": [{{blocks}}]}""";
        }));
        return path;
    }
}
