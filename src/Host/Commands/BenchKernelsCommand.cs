using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using ActorInference.Gpu.Benchmarks.Kernels;
using ActorInference.Gpu.Cpu;
using ActorInference.Host.Cli;

namespace ActorInference.Host.Commands;

/// <summary><c>actorinference bench kernels</c>: each kernel of the CPU backend by itself, as a part of what the machine can do.</summary>
public static class BenchKernelsCommand
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public static Command Create()
    {
        var defaults = new KernelBenchmarkOptions();
        var threads = NumberOption.Integer("--threads", "Compute threads. Default: one a core.", 1, 1024);
        var memory = NumberOption.Bytes("--memory", "Weights that a run reads, several times the caches. Default: 256MiB.");
        var time = NumberOption.Integer("--milliseconds", "How long each kernel is run, and each of the machine's limits beside it. Default: 200.", 1, 60_000);
        var filter = new Option<string>("--filter") { Description = "Only kernels with this in their name and type, such as gemm-1, attention or Q8_0.", DefaultValueFactory = _ => "" };
        var json = new Option<bool>("--json") { Description = "Print a JSON array." };
        var command = new Command("kernels", "Measure the kernels of the CPU backend beside the machine's own limits.") { threads, memory, time, filter, json };
        command.Validators.Add(result =>
        {
            if (result.GetValue(memory) is < 1 << 20 or > 1L << 36) result.AddError($"--memory is {result.GetValue(memory)}; expected 1MiB to 64GiB.");
        });
        command.SetAction(parsed => Run(parsed.GetValue(json), new KernelBenchmarkOptions
        {
            Threads = parsed.GetValue(threads) ?? defaults.Threads,
            MatrixBytes = parsed.GetValue(memory) ?? defaults.MatrixBytes,
            MeasureTime = parsed.GetValue(time) is { } milliseconds ? TimeSpan.FromMilliseconds(milliseconds) : defaults.MeasureTime,
            Filter = parsed.GetValue(filter) ?? "",
        }));
        return command;
    }

    private static void Run(bool json, KernelBenchmarkOptions options)
    {
        try
        {
            var lines = 0;
            var results = KernelBenchmark.Run(options, json ? null : result =>
            {
                if (lines++ == 0) Console.Out.WriteLine($"{"kernel",-18} {"dtype",-5} {"µs",10} {"GFLOP/s",9} {"of FMA",8} {"GB/s",7} {"of read",8}  shape, {options.Threads} threads, {SimdLevels.Best.Name()}");
                WriteLine(result);
            });
            if (json) Console.Out.WriteLine(new JsonArray([.. results.Select(ToJson)]).ToJsonString(Indented));
        }
        catch (ArgumentException wrong)
        {
            throw new UserErrorException(wrong.Message, wrong);
        }
    }

    private static void WriteLine(KernelResult result) => Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
        $"{result.Kernel,-18} {result.Dtype,-5} {result.Microseconds,10:0.0} {result.Gflops,9:0.0} {result.FmaFraction,8:0.0 %} {result.GigabytesPerSecond,7:0.0} {result.MemoryFraction,8:0.0 %}  {result.Shape}"));

    private static JsonNode ToJson(KernelResult result) => new JsonObject
    {
        ["kernel"] = result.Kernel,
        ["dtype"] = result.Dtype,
        ["shape"] = result.Shape,
        ["us"] = Math.Round(result.Microseconds, 2),
        ["gflops"] = Math.Round(result.Gflops, 2),
        ["gb_per_s"] = Math.Round(result.GigabytesPerSecond, 5),
        ["fma_peak_fraction"] = Math.Round(result.FmaFraction, 6),
        ["memory_fraction"] = Math.Round(result.MemoryFraction, 6),
        ["peak_gflops"] = Math.Round(result.PeakGflops, 2),
        ["memory_gb_per_s"] = Math.Round(result.MemoryGigabytesPerSecond, 2),
    };
}
