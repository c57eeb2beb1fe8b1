using System.Text.Json;
using ActorInference.Cuda.Tests.Testing;
using ActorInference.Host.Tests.Testing;

namespace ActorInference.Cuda.Tests.Benchmarks;

/// <summary>What is run on a machine with a GPU runs on the emulated device first: the script, the program, and its files.</summary>
public sealed class RunOnGpuTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    /// <summary>The shipped model's heads, whose kernels other tests have compiled, and little else.</summary>
    private const string Shape = "custom+--layers+1+--hidden+64+--heads+6+--kv-heads+2+--head-dim+32+--ffn+64+--vocab+300+--context+256";

    [SkippableFact]
    public async Task The_script_measures_a_model_and_writes_what_it_found()
    {
        EmulatedCuda.Require();
        Skip.IfNot(OperatingSystem.IsLinux(), "The script is for Linux.");
        Skip.IfNot(File.Exists("/usr/bin/xz"), "xz is not installed, with which what is published is packed.");
        var folder = Directory.CreateTempSubdirectory("run-on-gpu-");
        try
        {
            var torch = Path.Combine(folder.FullName, "torch.json");
            await File.WriteAllTextAsync(torch, """{"cases":[{"batch":1,"prompt_tokens":20,"prefill_tok_per_s":1e-3,"decode_tok_per_s":1e9}]}""");
            Publish(folder.FullName, $"--rounds 1 --cases 1x20,2x70 --attention 2x70 --output-tokens 4 --copy-bytes 1MiB --matmul-size 16 --warm-ms 0 --beside {torch}");

            var run = await ChildProcess.RunAsync("bash", [Path.Combine(folder.FullName, "measure.sh")], Limit);

            Assert.True(run.ExitCode == 0, run.ToString());
            Check(File.ReadAllBytes(Path.Combine(folder.FullName, "results", Shape.Replace('+', '_') + ".json")));
            Assert.Contains("launch of a step", run.Output);
            Assert.Contains("times PyTorch, decode", run.Output);
            Assert.Contains("== in short", run.Output);
            Assert.Matches(@"custom.*: done, \d+ s", run.Output);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [SkippableFact]
    public async Task A_file_to_compare_with_that_is_none_is_one_clear_error()
    {
        EmulatedCuda.Require();
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, "{}");
            var run = await ChildProcess.RunAsync(
                "dotnet",
                [Program, "bench", "cuda", "--model", Path.Combine(AppContext.BaseDirectory, "models", "demo"), "--cases", "1x4", "--attention", "1x4", "--output-tokens", "3", "--rounds", "1", "--warm-ms", "0", "--copy-bytes", "1MiB", "--matmul-size", "16", "--beside", file],
                Limit);

            Assert.Equal(2, run.ExitCode);
            Assert.Contains("is not what compare_torch.py writes", run.Error);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static string Program => Path.Combine(AppContext.BaseDirectory, "actorinference.dll");

    /// <summary>As 'run-on-gpu.sh publish' lays it out and packs it, but for the program, which is the one beside the tests; and a script to run it from the archive.</summary>
    private static void Publish(string around, string options)
    {
        var folder = Directory.CreateDirectory(Path.Combine(around, "published")).FullName;
        foreach (var file in new[] { "run-on-gpu.sh", "compare_torch.py" }) File.Copy(Path.Combine(AppContext.BaseDirectory, file), Path.Combine(folder, file));
        var program = Path.Combine(folder, "actorinference");
        File.WriteAllText(program, $"#!/bin/sh\nexec dotnet '{Program}' \"$@\"\n");
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        File.WriteAllText(
            Path.Combine(around, "measure.sh"),
            $"""
            export BENCH='{options}'
            bash '{folder}/run-on-gpu.sh' pack '{folder}' '{folder}.tar.xz' && rm -r '{folder}' && cp '{Path.Combine(AppContext.BaseDirectory, "run-on-gpu.sh")}' '{around}' &&
            exec bash '{around}/run-on-gpu.sh' from '{folder}.tar.xz' '{Shape}'

            """);
    }

    private static void Check(byte[] json)
    {
        using var document = JsonDocument.Parse(json);
        var root = document.RootElement;
        Assert.Equal("Emulated device", root.GetProperty("device").GetString());
        Assert.Equal(0, root.GetProperty("errors").GetArrayLength());
        Assert.Equal([20, 70], root.GetProperty("cases").EnumerateArray().Select(item => item.GetProperty("prompt_tokens").GetInt32()));
        Assert.Single(root.GetProperty("attention").EnumerateArray());
        Assert.Equal(2, root.GetProperty("overlapping").GetArrayLength());
        foreach (var part in new[] { root.GetProperty("peak"), root.GetProperty("pages") }.Concat(root.GetProperty("cases").EnumerateArray()).Concat(root.GetProperty("attention").EnumerateArray()))
            Assert.All(part.EnumerateObject(), field => Assert.True(field.Value.GetDouble() > 0, $"{field.Name} is {field.Value}"));
        var beside = root.GetProperty("goals").EnumerateArray().Where(goal => goal.GetProperty("figure").GetString()!.Contains("times PyTorch", StringComparison.Ordinal)).ToArray();
        Assert.Equal([false, true], beside.Select(goal => goal.GetProperty("reached").GetBoolean()));
    }
}
