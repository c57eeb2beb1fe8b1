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
/// <param name="PrefillTeraflops">Operations of the matrix products and of the attention of prefill, a second.</param>
/// <param name="PrefillFraction">Of the rate of a large product.</param>
/// <param name="PrefillProductFraction">Likewise, of the operations of its matrix products alone.</param>
/// <param name="DecodeTokensPerSecond">Generated tokens, all sequences together.</param>
/// <param name="DecodeMemoryFraction">Bytes of weights, keys and values read in decode, as a part of what copies within the device reach.</param>
/// <param name="StepMilliseconds">Of a decode step, from one's end to the next's.</param>
/// <param name="SampledStepMilliseconds">Likewise where tokens are drawn, by temperature and top-p, and not the likeliest taken.</param>
/// <param name="StepLaunchMicroseconds">For which the host is busy to launch a decode step while the device has nothing to do.</param>
public sealed record CudaBenchmarkResult(
    int Batch,
    int PromptTokens,
    double PrefillTokensPerSecond,
    double PrefillTeraflops,
    double PrefillFraction,
    double PrefillProductFraction,
    double DecodeTokensPerSecond,
    double DecodeMemoryFraction,
    double StepMilliseconds,
    double SampledStepMilliseconds,
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

    /// <param name="wanted">What runs.</param>
    /// <param name="overlapLaunches">As <see cref="CudaRunnerOptions.OverlapLaunches"/>.</param>
    /// <exception cref="CudaMemoryException">Its pages or activations do not fit.</exception>
    public CudaBenchmarkResult Measure(CudaBenchmarkCase wanted, bool overlapLaunches = false)
    {
        var (batch, promptTokens) = wanted;
        var (config, context) = (_model.Config, promptTokens + _options.OutputTokens);
        var layout = _model.Layout(_options.PageSizeTokens);
        var each = layout.PagesFor(context);
        var stepTokens = (int)Math.Min((long)batch * promptTokens, _options.ChunkTokens);
        using var pool = _model.CreatePool(layout, each * batch);
        using var runner = new CudaModelRunner(_model.Weights, pool, new CudaRunnerOptions { MaxBatchTokens = Math.Max(stepTokens, batch), MaxContextTokens = context, OverlapLaunches = overlapLaunches });
        int[][] pages = [.. Enumerable.Range(0, batch).Select(i => Enumerable.Range(i * each, each).ToArray())];
        var prompts = new CudaPromptSession(runner, batch, promptTokens, stepTokens, pages);
        var steps = new CudaDecodeSession(runner, promptTokens, _options.OutputTokens, pages);
        prompts.Warm(_options.WarmTime);
        steps.Run([]);
        List<double> prefill = [], decode = [], sampled = [], launch = [];
        for (var round = 0; round < _options.Rounds; round++)
        {
            prefill.Add(prompts.Run());
            steps.Run(decode);
            steps.Run(sampled, CudaDecodeSession.Drawn);
            steps.RunApart(launch);
        }

        var (prefillSeconds, stepSeconds) = (Median(prefill), Median(decode));
        var products = prompts.ProductOperations(config) / prefillSeconds;
        var operations = products + prompts.AttentionOperations(config) / prefillSeconds;
        var keys = (double)batch * (promptTokens + _options.OutputTokens / 2) * layout.PageBytes / layout.PageSizeTokens;
        return new CudaBenchmarkResult(
            batch, promptTokens, (double)batch * promptTokens / prefillSeconds, operations / 1e12, operations / Peak.MatmulFlops, products / Peak.MatmulFlops,
            batch / stepSeconds, (_model.Weights.MatmulBytes + keys) / stepSeconds / Peak.CopyBytesPerSecond, 1e3 * stepSeconds, 1e3 * Median(sampled), 1e6 * Median(launch));
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
    /// <summary>As chats ask for it.</summary>
    public static readonly TokenChoice Drawn = new(Temperature: 0.8f, TopK: 0, TopP: 0.95f, MinP: 0, Seed: 1, Draw: 0);

    private static readonly TokenChoice Greedy = new(Temperature: 0, TopK: 0, TopP: 1, MinP: 0, Seed: 0, Draw: 0);

    private readonly CudaModelRunner _runner;
    private readonly int _promptTokens;
    private readonly int _steps;
    private readonly int[][] _pages;
    private readonly ForwardBatch[] _batches = [new(), new()];

    public CudaDecodeSession(CudaModelRunner runner, int promptTokens, int steps, int[][] pages) => (_runner, _promptTokens, _steps, _pages) = (runner, promptTokens, steps, pages);

    /// <summary>Adds the seconds of each step but the first, which nothing runs before.</summary>
    /// <param name="seconds">Gets them.</param>
    /// <param name="choice">How tokens are chosen; null for the likeliest.</param>
    public void Run(List<double> seconds, TokenChoice? choice = null)
    {
        Launch(0, isFirst: true, choice ?? Greedy);
        for (var step = 1; step < _steps; step++)
        {
            var start = Stopwatch.GetTimestamp();
            Launch(step, isFirst: false, choice ?? Greedy);
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
            Launch(step, isFirst: true, Greedy);
            seconds.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
            _runner.Wait();
        }
    }

    private void Launch(int step, bool isFirst, TokenChoice choice)
    {
        var batch = _batches[step & 1];
        batch.Clear();
        for (var i = 0; i < _pages.Length; i++)
        {
            var index = isFirst ? batch.Add([i % _runner.VocabSize], _promptTokens + step, _pages[i], wantLogits: true) : batch.AddNext(i, _promptTokens + step, _pages[i]);
            batch.LetChoose(index, choice);
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
