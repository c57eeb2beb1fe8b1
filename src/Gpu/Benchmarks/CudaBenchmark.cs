using System.Diagnostics;
using ActorInference.Gpu.Cuda;
using ActorInference.Gpu.Cuda.Forward;
using ActorInference.Gpu.Engine;
using ActorInference.Gpu.Models;

namespace ActorInference.Gpu.Benchmarks;

/// <summary>One case of a model on a CUDA device: medians.</summary>
/// <param name="Batch">Sequences that ran together.</param>
/// <param name="PromptTokens">Of each.</param>
/// <param name="PrefillTokensPerSecond">Prompt tokens, all sequences together.</param>
/// <param name="PrefillTeraflops">Operations of the matrix products of prefill, a second.</param>
/// <param name="PrefillFraction">Of the rate of a large product.</param>
/// <param name="DecodeTokensPerSecond">Generated tokens, all sequences together.</param>
/// <param name="DecodeMemoryFraction">Bytes of weights, keys and values read in decode, as a part of what copies within the device reach.</param>
/// <param name="StepMilliseconds">Of a decode step, from one's end to the next's.</param>
/// <param name="StepLaunchMicroseconds">For which the host is busy to launch a decode step while the device has nothing to do.</param>
public sealed record CudaBenchmarkResult(
    int Batch,
    int PromptTokens,
    double PrefillTokensPerSecond,
    double PrefillTeraflops,
    double PrefillFraction,
    double DecodeTokensPerSecond,
    double DecodeMemoryFraction,
    double StepMilliseconds,
    double StepLaunchMicroseconds);

/// <summary>Measures a model on a CUDA device through the same interface that workers use, with the device's own limits beside.</summary>
public sealed class CudaBenchmark : IDisposable
{
    private readonly CudaModel _model;
    private readonly CudaBenchmarkOptions _options;

    /// <exception cref="ModelFormatException">The model cannot be used.</exception>
    /// <exception cref="ArgumentException">A case does not fit the model's context, or an option is out of range.</exception>
    public CudaBenchmark(int device, string folder, string? kernelCache, CudaBenchmarkOptions options)
    {
        var config = ModelConfig.Load(folder);
        Check(options, config);
        _options = options;
        _model = CudaModel.Load(device, folder, kernelCache, config);
        try
        {
            Peak = CudaPeak.Measure(_model.Device, options.CopyBytes, options.MatmulSize);
            Kernels = new CudaKernelBenchmark(_model, options, Peak);
        }
        catch
        {
            _model.Dispose();
            throw;
        }
    }

    public string DeviceName => _model.Device.Info.DeviceName;

    public CudaPeak Peak { get; }

    /// <summary>Of parts of a step.</summary>
    public CudaKernelBenchmark Kernels { get; }

    /// <exception cref="CudaMemoryException">Its pages or activations do not fit.</exception>
    public CudaBenchmarkResult Measure(CudaBenchmarkCase wanted)
    {
        var (batch, promptTokens) = wanted;
        var (config, context) = (_model.Config, promptTokens + _options.OutputTokens);
        var options = new EngineBenchmarkOptions
        {
            PromptTokens = promptTokens,
            OutputTokens = _options.OutputTokens,
            ChunkTokens = Math.Min(promptTokens, _options.ChunkTokens),
            Rounds = _options.Rounds,
            PageSizeTokens = _options.PageSizeTokens,
            WarmTime = _options.WarmTime,
        };
        var layout = _model.Layout(_options.PageSizeTokens);
        using var pool = _model.CreatePool(layout, layout.PagesFor(context) * batch);
        using var runner = new CudaModelRunner(_model.Weights, pool, new CudaRunnerOptions { MaxBatchTokens = Math.Max(options.ChunkTokens, batch), MaxContextTokens = context });
        var prompts = new EngineBenchmarkSession(runner, options, batch);
        var steps = new CudaDecodeSession(runner, batch, promptTokens, _options.OutputTokens, layout.PagesFor(context));
        prompts.Warm();
        steps.Run([]);
        List<double> prefill = [], decode = [], launch = [];
        for (var round = 0; round < _options.Rounds; round++)
        {
            prefill.Add(prompts.Prefill());
            steps.Run(decode);
            steps.RunApart(launch);
        }

        var (prefillSeconds, stepSeconds) = (Median(prefill), Median(decode));
        var flops = prompts.PrefillOperations(config) / prefillSeconds;
        var keys = (double)batch * (promptTokens + _options.OutputTokens / 2) * layout.PageBytes / layout.PageSizeTokens;
        return new CudaBenchmarkResult(
            batch, promptTokens, batch * promptTokens / prefillSeconds, flops / 1e12, flops / Peak.MatmulFlops,
            batch / stepSeconds, (_model.Weights.MatmulBytes + keys) / stepSeconds / Peak.CopyBytesPerSecond, 1e3 * stepSeconds, 1e6 * Median(launch));
    }

    public void Dispose() => _model.Dispose();

    internal static double Median(List<double> values)
    {
        values.Sort();
        return values[values.Count / 2];
    }

    private static void Check(CudaBenchmarkOptions options, ModelConfig config)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.OutputTokens, 3);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.Rounds);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.ChunkTokens);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.CopyBytes);
        if (options.MatmulSize < 8 || options.MatmulSize % 8 != 0) throw new ArgumentException($"The product's size is {options.MatmulSize}; expected a multiple of 8.");
        foreach (var (batch, promptTokens) in options.Cases.Concat(options.AttentionCases))
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batch);
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(promptTokens);
            if (promptTokens + options.OutputTokens > config.MaxPositionEmbeddings)
                throw new ArgumentException($"The case {batch}x{promptTokens} and {options.OutputTokens} output tokens are {promptTokens + options.OutputTokens}; the model's context is {config.MaxPositionEmbeddings}.");
        }
    }
}

/// <summary>Decode as the engine runs it: each step is launched while the one before it computes, on the tokens that that one chooses.</summary>
internal sealed class CudaDecodeSession
{
    private static readonly TokenChoice Greedy = new(Temperature: 0, TopK: 0, TopP: 1, MinP: 0, Seed: 0, Draw: 0);

    private readonly CudaModelRunner _runner;
    private readonly int _promptTokens;
    private readonly int _steps;
    private readonly int[][] _pages;
    private readonly ForwardBatch[] _batches = [new(), new()];

    public CudaDecodeSession(CudaModelRunner runner, int batch, int promptTokens, int steps, int pagesEach)
    {
        (_runner, _promptTokens, _steps) = (runner, promptTokens, steps);
        // As EngineBenchmarkSession lays them out.
        _pages = [.. Enumerable.Range(0, batch).Select(i => Enumerable.Range(i * pagesEach, pagesEach).ToArray())];
    }

    /// <summary>Adds the seconds of each step but the first, which nothing runs before.</summary>
    public void Run(List<double> seconds)
    {
        Launch(0, isFirst: true);
        for (var step = 1; step < _steps; step++)
        {
            var start = Stopwatch.GetTimestamp();
            Launch(step, isFirst: false);
            _runner.Wait();
            Read();
            if (step > 1) seconds.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        _runner.Wait();
        Read();
    }

    /// <summary>Adds the seconds that each launch takes, one step after the other.</summary>
    public void RunApart(List<double> seconds)
    {
        for (var step = 0; step < _steps; step++)
        {
            var start = Stopwatch.GetTimestamp();
            Launch(step, isFirst: true);
            seconds.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
            _runner.Wait();
        }
    }

    private void Launch(int step, bool isFirst)
    {
        var batch = _batches[step & 1];
        batch.Clear();
        for (var i = 0; i < _pages.Length; i++)
        {
            var index = isFirst ? batch.Add([i % _runner.VocabSize], _promptTokens + step, _pages[i], wantLogits: true) : batch.AddNext(i, _promptTokens + step, _pages[i]);
            batch.LetChoose(index, Greedy);
        }

        _runner.Launch(batch);
    }

    private void Read()
    {
        for (var i = 0; i < _pages.Length; i++)
        {
            if (_runner.Token(i) < 0) throw new InvalidOperationException($"Sequence {i} has logits that are no numbers.");
        }
    }
}
