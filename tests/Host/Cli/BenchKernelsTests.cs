using System.Text.Json;
using ActorInference.Host.Tests.Testing;

namespace ActorInference.Host.Tests.Cli;

/// <summary>The commands that measure kernels, sampling and pauses, on the smallest of data: their figures are there and fit together.</summary>
public sealed class BenchKernelsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("actorinference-bench-").FullName;

    [Fact]
    public async Task Every_kernel_that_is_asked_for_has_its_speed_and_its_share_of_the_machines_limits()
    {
        var result = await Executable.RunAsync("bench", "kernels", "--memory", "1MiB", "--milliseconds", "2", "--json");

        Assert.True(result.ExitCode == 0, result.ToString());
        using var json = JsonDocument.Parse(result.Output);
        var kernels = json.RootElement.EnumerateArray().ToList();
        foreach (var kernel in (string[])["gemm-1", "gemm-8", "gemm-256"])
            Assert.Equal(["BF16", "F16", "F32", "IQ4_NL", "IQ4_XS", "Q2_K", "Q3_K", "Q4_0", "Q4_1", "Q4_K", "Q5_0", "Q5_1", "Q5_K", "Q6_K", "Q8_0"], Dtypes(kernels, kernel));
        foreach (var kernel in (string[])["attention-decode", "attention-shared", "attention-prefill"]) Assert.Equal(["BF16", "F16", "F32", "Q8_0"], Dtypes(kernels, kernel));
        foreach (var figures in kernels)
        {
            foreach (var name in (string[])["us", "gflops", "gb_per_s", "fma_peak_fraction", "memory_fraction", "peak_gflops", "memory_gb_per_s"])
                Assert.True(figures.GetProperty(name).GetDouble() > 0, $"{name} of {figures}");
            Assert.InRange(figures.GetProperty("gflops").GetDouble() / figures.GetProperty("peak_gflops").GetDouble(), figures.GetProperty("fma_peak_fraction").GetDouble() * 0.8 - 0.01, figures.GetProperty("fma_peak_fraction").GetDouble() * 1.2 + 0.01);
        }
    }

    [Fact]
    public async Task Sampling_and_pauses_are_measured_on_a_model()
    {
        var model = Path.Combine(_folder, "tiny");
        await Executable.RunAsync("model", "random", "--shape", "custom", "--layers", "1", "--hidden", "64", "--heads", "2", "--kv-heads", "2", "--vocab", "300", "--context", "400", "--out", model);

        var sampling = await Executable.RunAsync("bench", "sampling", "--model", model, "--prompt-tokens", "32", "--output-tokens", "8", "--rounds", "1", "--json");
        var pause = await Executable.RunAsync("bench", "pause", "--model", model, "--decodes", "2", "--prompt-tokens", "100", "--quiet-tokens", "16", "--rounds", "1", "--json");

        Assert.True(sampling.ExitCode == 0, sampling.ToString());
        using var ways = JsonDocument.Parse(sampling.Output);
        Assert.Equal(20, ways.RootElement.GetArrayLength());
        Assert.All(ways.RootElement.EnumerateArray(), way => Assert.True(way.GetProperty("sample_us").GetDouble() > 0 && way.GetProperty("decode_step_ms").GetDouble() > 0 && way.GetProperty("vocabulary").GetInt32() == 300));
        Assert.True(pause.ExitCode == 0, pause.ToString());
        using var pauses = JsonDocument.Parse(pause.Output);
        foreach (var name in (string[])["quiet_itl_p50_ms", "beside_itl_p99_ms", "beside_p99_by_quiet_p50", "first_token_beside_s", "first_token_alone_s"])
            Assert.True(pauses.RootElement.GetProperty(name).GetDouble() > 0, $"{name} of {pause.Output}");
        Assert.True(pauses.RootElement.GetProperty("beside_tokens").GetInt32() >= 2);
        Assert.Equal(1, pauses.RootElement.GetProperty("rounds").GetInt32());
        Assert.Contains("round 1 of 1", pause.Error, StringComparison.Ordinal);
    }

    /// <summary>So many rounds would take hours.</summary>
    [Fact]
    public async Task Measuring_pauses_ends_when_its_time_is_over()
    {
        var model = Path.Combine(_folder, "tiny");
        await Executable.RunAsync("model", "random", "--shape", "custom", "--layers", "1", "--hidden", "64", "--heads", "2", "--kv-heads", "2", "--vocab", "300", "--context", "400", "--out", model);

        var pause = await Executable.RunAsync("bench", "pause", "--model", model, "--decodes", "2", "--prompt-tokens", "100", "--quiet-tokens", "16", "--rounds", "1000", "--stretch", "1.0001", "--seconds", "1", "--json");

        Assert.True(pause.ExitCode == 0, pause.ToString());
        using var pauses = JsonDocument.Parse(pause.Output);
        Assert.InRange(pauses.RootElement.GetProperty("rounds").GetInt32(), 0, 999);
        Assert.True(pauses.RootElement.GetProperty("beside_itl_p99_ms").GetDouble() > 0, pause.Output);
    }

    [Theory]
    [InlineData("bench kernels --filter nothing", "filter is 'nothing'; expected a part of a kernel's name and type, such as gemm or gemm-1 Q8_0.")]
    [InlineData("bench kernels --memory 5KiB", "--memory is 5120; expected 1MiB to 64GiB. ('actorinference bench kernels --help' lists what there is.)")]
    [InlineData("bench pause --model x --stretch 0.5", "--stretch is 0.5; expected 0, or more than 1. ('actorinference bench pause --help' lists what there is.)")]
    [InlineData("bench sampling --model /does/not/exist", "/does/not/exist: folder is missing; expected a Hugging Face model folder.")]
    public async Task A_wrong_argument_is_one_line_and_exit_code_2(string arguments, string expected)
    {
        var result = await Executable.RunAsync(arguments.Split(' '));

        Assert.Equal((2, "", $"actorinference: {expected}\n"), (result.ExitCode, result.Output, result.Error));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static List<string> Dtypes(IEnumerable<JsonElement> kernels, string kernel) =>
        [.. kernels.Where(each => each.GetProperty("kernel").GetString() == kernel).Select(each => each.GetProperty("dtype").GetString()!).Order(StringComparer.Ordinal)];
}
