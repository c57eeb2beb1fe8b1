using System.Text.Json;
using ActorInference.Host.Tests.Testing;

namespace ActorInference.Host.Tests.Cli;

public sealed class BenchDisaggTests
{
    [Fact]
    public async Task Both_ways_to_divide_the_work_are_measured_with_the_same_processes()
    {
        var result = await Executable.RunAsync(
            "bench", "disagg", "--prompt-tokens", "20", "--pairs", "1", "--concurrency", "2", "--alone-steps", "5", "--beside-steps", "20", "--long-prompt-tokens", "300",
            "--bare-steps", "3", "--kv-pages", "256", "--json");

        Assert.True(result.ExitCode == 0, result.ToString());
        using var json = JsonDocument.Parse(result.Output);
        var first = json.RootElement.GetProperty("first_token");
        Assert.Equal((2, 2), (first.GetProperty("pairs").GetInt32(), first.GetProperty("processors").GetArrayLength()));
        foreach (var name in (string[])["disaggregated_ms", "aggregated_ms", "disaggregated_dispatch_ms", "aggregated_handover_ms", "disaggregated_second_token_ms"])
            Assert.True(first.GetProperty(name).GetDouble() > 0, $"{name} of {first}");
        var beside = json.RootElement.GetProperty("beside_prompts").EnumerateArray().ToList();
        Assert.Equal(["disaggregated", "aggregated"], beside.Select(each => each.GetProperty("mode").GetString()));
        foreach (var name in (string[])["itl_median_alone_ms", "itl_median_beside_ms", "itl_p99_beside_ms", "step_median_beside_ms", "itl_p99_over_median_beside", "itl_p99_over_median_beside_over_machine"])
            Assert.All(beside, each => Assert.True(each.GetProperty(name).GetDouble() > 0, $"{name} of {each}"));
        Assert.All(beside, each => Assert.True(each.GetProperty("intervals").GetInt32() >= 2 * 15, $"{each}"));
        Assert.True(beside[0].GetProperty("long_prompts").GetInt32() >= 1);
        Assert.True(json.RootElement.GetProperty("machine").GetProperty("p99_over_median_beside").GetDouble() >= 1);
    }

    [Theory]
    [InlineData("--long-prompts -1", "--long-prompts is '-1'; expected an integer from 0 to 10000.")]
    [InlineData("--set nothing", "--set is 'nothing'; expected name=value, such as actor-inference.engine.turn=0s.")]
    [InlineData("--long-prompt-tokens 5000", "--model has a context of 1024 tokens; expected at least 5001 for these prompts.")]
    public async Task A_wrong_option_is_one_line_on_stderr(string arguments, string expected)
    {
        var result = await Executable.RunAsync(["bench", "disagg", .. arguments.Split(' ')]);

        Assert.NotEqual(0, result.ExitCode);
        Assert.StartsWith("actorinference: " + expected, result.Error);
    }
}
