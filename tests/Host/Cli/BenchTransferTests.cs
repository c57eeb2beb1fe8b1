using System.Text.Json;
using ActorInference.Host.Tests.Testing;

namespace ActorInference.Host.Tests.Cli;

public sealed class BenchTransferTests
{
    [Theory]
    [InlineData("--page-bytes 1000", "--page-bytes is '1000'; expected a size such as 64KiB")]
    [InlineData("--page-bytes 4MiB..64KiB", "--page-bytes is '4MiB..64KiB'; expected a size such as 64KiB")]
    [InlineData("--page-bytes 64KiB,what", "--page-bytes is 'what'; expected a size such as 64KiB")]
    [InlineData("--page-bytes 1GiB", "--page-bytes is '1GiB'; expected a size such as 64KiB")]
    [InlineData("--transport pigeon", "--transport is 'pigeon'; expected one of inproc, shm, tcp.")]
    [InlineData("--transport 1", "--transport is '1'; expected inproc, shm or tcp.")]
    [InlineData("--bytes some", "--bytes is 'some'; expected an amount of memory such as 512MiB or 4GiB.")]
    [InlineData("--bytes 64KiB --page-bytes 1MiB", "--bytes is 65536; expected at least the largest of --page-bytes, 1048576.")]
    [InlineData("--bytes 1000TiB", "--bytes is 1099511627776000; expected at most")]
    [InlineData("--rounds 0", "--rounds is '0'; expected an integer from 1 to 1000.")]
    public async Task A_wrong_option_is_one_line_on_stderr_and_exit_code_2(string arguments, string expected)
    {
        var result = await Executable.RunAsync(["bench", "transfer", .. arguments.Split(' ')]);

        Assert.True(result.ExitCode == 2, result.ToString());
        Assert.Equal("", result.Output);
        Assert.StartsWith("actorinference: " + expected, result.Error);
        Assert.Equal(1, result.Error.Count(character => character == '\n'));
    }

    [SkippableFact]
    public async Task Every_transport_is_measured_between_two_processes_beside_memory_and_sockets()
    {
        Skip.IfNot(Directory.Exists("/dev/shm"), "this system has no /dev/shm");

        var result = await Executable.RunAsync("bench", "transfer", "--bytes", "8MiB", "--page-bytes", "64KiB..128KiB", "--rounds", "1", "--json");

        Assert.True(result.ExitCode == 0, result.ToString());
        using var json = JsonDocument.Parse(result.Output);
        var measured = json.RootElement.EnumerateArray().Select(entry => (entry.GetProperty("transport").GetString(), entry.GetProperty("page_bytes").GetInt32()));
        Assert.Equal([("inproc", 65536), ("inproc", 131072), ("shm", 65536), ("shm", 131072), ("tcp", 65536), ("tcp", 131072)], measured);
        foreach (var entry in json.RootElement.EnumerateArray())
        {
            foreach (var figure in (string[])["gb_per_s", "memcpy_gb_per_s", "raw_socket_gb_per_s", "page_latency_us", "raw_round_trip_us"])
                Assert.True(entry.GetProperty(figure).GetDouble() > 0, $"{figure} of {entry}");
        }
    }

    [SkippableFact]
    public async Task Without_json_it_is_a_table()
    {
        Skip.IfNot(Directory.Exists("/dev/shm"), "this system has no /dev/shm");

        var result = await Executable.RunAsync("bench", "transfer", "--bytes", "4MiB", "--page-bytes", "64KiB", "--rounds", "1", "--transport", "shm");

        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.Equal(3, result.Output.TrimEnd().Split('\n').Length);
        Assert.StartsWith("transport", result.Output);
    }
}
