using System.Diagnostics;
using ActorInference.Gpu.Cpu;
using ActorInference.Gpu.Models;

namespace ActorInference.Gpu.Benchmarks.Kernels;

/// <summary>What to measure.</summary>
public sealed record KernelBenchmarkOptions
{
    /// <summary>Compute threads. Default: one for each processor.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>Bytes of weights, or of keys and values, that a run reads; several times the caches, at least 1 MiB. Default 256 MiB.</summary>
    public long MatrixBytes { get; init; } = 256L << 20;

    /// <summary>Each kernel, and each of the machine's limits beside it, is run for so long. Default 200 ms.</summary>
    public TimeSpan MeasureTime { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Only kernels whose name and type have this in them, such as "gemm Q8_0". Default: all.</summary>
    public string Filter { get; init; } = "";
}

/// <summary>One kernel's speed.</summary>
/// <param name="Kernel">What it computes.</param>
/// <param name="Dtype">Of the weights, or of the keys and values.</param>
/// <param name="Shape">Of the data.</param>
/// <param name="Microseconds">Of a run, the median.</param>
/// <param name="Gflops">Floating-point operations, in 10^9 a second; those on integers count as such.</param>
/// <param name="GigabytesPerSecond">Bytes that had to come from memory.</param>
/// <param name="FmaFraction">The former as a part of <paramref name="PeakGflops"/>.</param>
/// <param name="MemoryFraction">The latter as a part of <paramref name="MemoryGigabytesPerSecond"/>.</param>
/// <param name="PeakGflops">Multiply-adds in registers, measured before and after.</param>
/// <param name="MemoryGigabytesPerSecond">Reading memory, measured before and after.</param>
public sealed record KernelResult(
    string Kernel,
    string Dtype,
    string Shape,
    double Microseconds,
    double Gflops,
    double GigabytesPerSecond,
    double FmaFraction,
    double MemoryFraction,
    double PeakGflops,
    double MemoryGigabytesPerSecond);

/// <summary>Measures each kernel of the CPU backend by itself, with the machine's limits beside.</summary>
public static class KernelBenchmark
{
    private const int Inputs = 2048;
    private const int BlockedOutputs = 2048;
    private const int BlockedRows = 256;
    private const int Context = 2048;
    private const int Sequences = 8;
    private const int ChunkTokens = 256;
    private const int LeastRuns = 5;

    /// <param name="progress">Told of each kernel as it is done.</param>
    /// <exception cref="ArgumentException">An option is out of range, or no kernel passes the filter.</exception>
    public static IReadOnlyList<KernelResult> Run(KernelBenchmarkOptions options, Action<KernelResult>? progress = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.Threads);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MatrixBytes, 1 << 20);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(options.MeasureTime, TimeSpan.Zero);
        using var threads = new ComputeThreads(options.Threads);
        var chosen = Entries(threads, KernelTable.For(SimdLevels.Best), options.MatrixBytes)
            .Where(entry => $"{entry.Kernel} {entry.Dtype}".Contains(options.Filter, StringComparison.OrdinalIgnoreCase)).ToList();
        if (chosen.Count == 0) throw new ArgumentException($"filter is '{options.Filter}'; expected a part of a kernel's name and type, such as gemm or gemm-1 Q8_0.");
        using var peak = new MachinePeak(options.Threads, SimdLevels.Best, 2 * options.MatrixBytes, options.MeasureTime);
        var results = new List<KernelResult>();
        foreach (var entry in chosen)
        {
            results.Add(Measure(entry, peak, options.MeasureTime));
            progress?.Invoke(results[^1]);
        }

        return results;
    }

    private static IEnumerable<KernelEntry> Entries(ComputeThreads threads, KernelTable kernels, long bytes)
    {
        foreach (var dtype in Enum.GetValues<WeightDtype>())
        {
            var outputs = (int)Math.Max(64, bytes / dtype.RowBytes(Inputs) / 64 * 64);
            foreach (var rows in (int[])[1, Sequences])
                yield return new($"gemm-{rows}", $"{dtype}", $"[{rows}, {Inputs}] x [{outputs}, {Inputs}]", () => new MatrixCase(threads, kernels, dtype, rows, outputs, Inputs));
            yield return new($"gemm-{BlockedRows}", $"{dtype}", $"[{BlockedRows}, {Inputs}] x [{BlockedOutputs}, {Inputs}]",
                () => new MatrixCase(threads, kernels, dtype, BlockedRows, BlockedOutputs, Inputs));
        }

        foreach (var dtype in CpuModelRunner.KvDtypes)
        {
            yield return new("attention-decode", $"{dtype}", $"{Sequences} sequences of {Context}", () => new AttentionCase(threads, kernels, dtype, Sequences, Context, 1, isShared: false, bytes));
            yield return new("attention-shared", $"{dtype}", $"{Sequences} sequences of {Context}, one prefix", () => new AttentionCase(threads, kernels, dtype, Sequences, Context, 1, isShared: true, bytes));
            yield return new("attention-prefill", $"{dtype}", $"{ChunkTokens} tokens of {Context}", () => new AttentionCase(threads, kernels, dtype, 1, Context, ChunkTokens, isShared: false, bytes));
        }

        var normRows = (int)(bytes / 2 / (NormCase.Width * sizeof(float)));
        yield return new("rms-norm", "F32", $"[{normRows}, {NormCase.Width}]", () => new NormCase(threads, kernels, normRows));
    }

    private static KernelResult Measure(KernelEntry entry, MachinePeak peak, TimeSpan time)
    {
        using var kernel = entry.Create();
        // Code is compiled for good in the background, once it has run for a while.
        RunFor(kernel, time);
        var (gflops, bandwidth) = (peak.MeasureGflops(), peak.MeasureMemoryGigabytesPerSecond());
        var seconds = RunFor(kernel, time);
        (gflops, bandwidth) = ((gflops + peak.MeasureGflops()) / 2, (bandwidth + peak.MeasureMemoryGigabytesPerSecond()) / 2);
        var (operations, bytes) = (kernel.Operations / seconds / 1e9, kernel.Bytes / seconds / 1e9);
        return new KernelResult(entry.Kernel, entry.Dtype, entry.Shape, seconds * 1e6, operations, bytes, operations / gflops, bytes / bandwidth, gflops, bandwidth);
    }

    /// <returns>Seconds of a run, the median.</returns>
    private static double RunFor(KernelCase kernel, TimeSpan time)
    {
        var runs = new List<double>();
        for (var start = Stopwatch.GetTimestamp(); runs.Count < LeastRuns || Stopwatch.GetElapsedTime(start) < time;)
        {
            var run = Stopwatch.GetTimestamp();
            kernel.Run();
            runs.Add(Stopwatch.GetElapsedTime(run).TotalSeconds);
        }

        runs.Sort();
        return runs[runs.Count / 2];
    }
}
