using System.Text.Json;
using ActorInference.Host.Tests.Testing;

namespace ActorInference.Host.Tests.Cli;

/// <summary>The short form of <c>bench soak</c>; the long one takes half an hour.</summary>
public sealed class BenchSoakTests
{
    [Fact]
    public async Task The_storage_tier_counts_right_and_keeps_its_quota_while_stores_come_and_go()
    {
        var result = await Executable.RunAsync("bench", "soak", "--operations", "3000", "--seed", "7", "--memory", "2MiB", "--disk-quota", "3MiB", "--json");

        Assert.True(result.ExitCode == 0, result.ToString());
        using var json = JsonDocument.Parse(result.Output);
        var figures = json.RootElement;
        Assert.Equal((3000, 0, 0), (figures.GetProperty("operations").GetInt32(), figures.GetProperty("wrong_pages").GetInt32(), figures.GetProperty("faults").GetArrayLength()));
        foreach (var figure in (string[])["put_pages", "got_pages", "kills", "snapshots", "largest_disk_bytes"])
            Assert.True(figures.GetProperty(figure).GetInt64() > 0, $"{figure} of {result.Output}");
        Assert.InRange(figures.GetProperty("largest_disk_bytes").GetInt64(), 1, 3 << 20);
    }

    [Fact]
    public async Task A_wrong_option_is_one_line_on_stderr_and_exit_code_2()
    {
        var result = await Executable.RunAsync("bench", "soak", "--minutes", "1", "--operations", "5");

        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.StartsWith("actorinference: --minutes and --operations are both given; expected one of them.", result.Error);
    }
}
