using ActorInference.Actors.Kv;
using ActorInference.Gpu.Cuda.Devices;
using ActorInference.Gpu.Cuda.Forward;
using ActorInference.Gpu.Cuda.Memory;
using ActorInference.Gpu.Cuda.Weights;
using ActorInference.Gpu.Kv;
using ActorInference.Gpu.Models;

namespace ActorInference.Gpu.Benchmarks;

/// <summary>One case of a model on a CUDA device: medians.</summary>
/// <param name="Batch">Sequences that ran together.</param>
/// <param name="PromptTokens">Of each.</param>
/// <param name="PrefillTokensPerSecond">Prompt tokens, all sequences together.</param>
/// <param name="PrefillTeraflops">Operations of the matrix products of prefill, a second.</param>
/// <param name="DecodeTokensPerSecond">Generated tokens, all sequences together.</param>
/// <param name="DecodeMemoryFraction">Bytes of weights, keys and values read in decode, as a part of what copies within the device reach.</param>
public sealed record CudaBenchmarkResult(int Batch, int PromptTokens, double PrefillTokensPerSecond, double PrefillTeraflops, double DecodeTokensPerSecond, double DecodeMemoryFraction);

/// <summary>Measures a model on a CUDA device through the same interface that workers use, with the device's own limits beside.</summary>
public sealed class CudaBenchmark : IDisposable
{
    private const int PageSizeTokens = 64;

    private readonly CudaDevice _device;
    private readonly CudaWeights _weights;

    /// <exception cref="ModelFormatException">The model cannot be used.</exception>
    public CudaBenchmark(int device, string model, string? kernelCache)
    {
        _device = new CudaDevice(device, kernelCache);
        _weights = CudaWeights.Load(_device, model, ModelConfig.Load(model));
        CopyBytesPerSecond = CudaPeak.CopyBytesPerSecond(_device);
        DownloadBytesPerSecond = CudaPeak.DownloadBytesPerSecond(_device);
    }

    /// <summary>Read and written, by copies within the device's memory.</summary>
    public double CopyBytesPerSecond { get; }

    /// <summary>From the device into pinned memory.</summary>
    public double DownloadBytesPerSecond { get; }

    /// <param name="batch">Sequences together.</param>
    /// <param name="promptTokens">Of each.</param>
    /// <param name="outputTokens">Decode steps.</param>
    /// <param name="rounds">Times that everything is measured.</param>
    public CudaBenchmarkResult Measure(int batch, int promptTokens, int outputTokens, int rounds)
    {
        var config = _weights.Config;
        var options = new EngineBenchmarkOptions { PromptTokens = promptTokens, OutputTokens = outputTokens, ChunkTokens = Math.Min(promptTokens, 8192), Rounds = rounds, PageSizeTokens = PageSizeTokens };
        var dtype = _weights.Activations switch { WeightDtype.F32 => KvDtype.F32, WeightDtype.F16 => KvDtype.F16, _ => KvDtype.BF16 };
        var layout = new KvPageLayout(config.Layers, PageSizeTokens, config.KvHeads, config.HeadDim, dtype);
        var pages = layout.PagesFor(promptTokens + outputTokens) * batch;
        using var pool = new KvPagePool(layout, pages, new ManagedPoolMemory(_device, (long)pages * layout.PageBytes));
        using var runner = new CudaModelRunner(_weights, pool, new CudaRunnerOptions { MaxBatchTokens = Math.Max(options.ChunkTokens, batch), MaxContextTokens = Math.Min(config.MaxPositionEmbeddings, promptTokens + outputTokens) });
        var session = new EngineBenchmarkSession(runner, options, batch);
        session.Warm();
        List<double> prefill = [], decode = [];
        for (var round = 0; round < rounds; round++)
        {
            prefill.Add(session.Prefill());
            decode.AddRange(session.Decode());
        }

        var (prefillSeconds, stepSeconds) = (Median(prefill), Median(decode));
        var keys = (double)batch * (promptTokens + outputTokens / 2) * layout.PageBytes / PageSizeTokens;
        return new CudaBenchmarkResult(
            batch, promptTokens, batch * promptTokens / prefillSeconds, session.PrefillOperations(config) / prefillSeconds / 1e12,
            batch / stepSeconds, (_weights.MatmulBytes + keys) / stepSeconds / CopyBytesPerSecond);
    }

    public void Dispose()
    {
        _weights.Dispose();
        _device.Dispose();
    }

    private static double Median(List<double> values)
    {
        values.Sort();
        return values[values.Count / 2];
    }
}
