using System.Diagnostics;
using ActorInference.Actors.Kv;
using ActorInference.Gpu.Cpu;
using ActorInference.Gpu.Engine;
using ActorInference.Gpu.Kv;
using ActorInference.Gpu.Models;
using ActorInference.Gpu.Ranks;

namespace ActorInference.Gpu.Benchmarks;

/// <summary>What to measure.</summary>
public sealed record EngineBenchmarkOptions
{
    /// <summary>Tokens of each prompt, at least 1. Default 512.</summary>
    public int PromptTokens { get; init; } = 512;

    /// <summary>Decode steps after each prompt, at least 1. Default 64.</summary>
    public int OutputTokens { get; init; } = 64;

    /// <summary>Sequences that run together; one result for each entry. Default 1 and 8.</summary>
    public IReadOnlyList<int> Batches { get; init; } = [1, 8];

    /// <summary>Times that everything is measured; results are medians. Default 3.</summary>
    public int Rounds { get; init; } = 3;

    /// <summary>Compute threads. Default: one for each processor.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>Prompt tokens in a step, at least 1. Default 512.</summary>
    public int ChunkTokens { get; init; } = 512;

    /// <summary>Tokens in a page. Default 16.</summary>
    public int PageSizeTokens { get; init; } = 16;

    /// <summary>Least time for which everything runs before it is measured. Default 1.5 s.</summary>
    public TimeSpan WarmTime { get; init; } = TimeSpan.FromSeconds(1.5);

    /// <summary>Element type of keys and values. Default F32.</summary>
    public KvDtype KvDtype { get; init; } = KvDtype.F32;

    /// <summary>Processes that compute together, each with its share of the threads. Default 1.</summary>
    public int Ranks { get; init; } = 1;

    /// <summary>How the processes of other ranks are started; needed if there are any.</summary>
    public Func<RankInvitation, ProcessStartInfo>? RankProgram { get; init; }
}

/// <summary>One batch size's figures, medians over the rounds.</summary>
/// <param name="Batch">Sequences that ran together.</param>
/// <param name="PrefillTokensPerSecond">Prompt tokens, all sequences together.</param>
/// <param name="DecodeTokensPerSecond">Generated tokens, all sequences together.</param>
/// <param name="InterTokenP50Ms">Median time of a decode step.</param>
/// <param name="InterTokenP99Ms">Time that 99 % of decode steps keep.</param>
/// <param name="PeakGflops">Multiply-adds in registers, measured beside.</param>
/// <param name="MemoryGigabytesPerSecond">Reading memory, measured beside.</param>
/// <param name="PrefillPeakFraction">Operations of the matrix products of prefill, as a part of <paramref name="PeakGflops"/>.</param>
/// <param name="DecodeMemoryFraction">Bytes of weights read in decode, as a part of <paramref name="MemoryGigabytesPerSecond"/>.</param>
public sealed record EngineBenchmarkResult(
    int Batch,
    double PrefillTokensPerSecond,
    double DecodeTokensPerSecond,
    double InterTokenP50Ms,
    double InterTokenP99Ms,
    double PeakGflops,
    double MemoryGigabytesPerSecond,
    double PrefillPeakFraction,
    double DecodeMemoryFraction);

/// <summary>Measures a model's prefill and decode through <see cref="IModelRunner"/>, with the machine's limits beside.</summary>
public static class EngineBenchmark
{
    /// <exception cref="ModelFormatException">The folder's model cannot be used.</exception>
    /// <exception cref="ArgumentException">Prompt and output don't fit the model's context, or an option is out of range.</exception>
    public static IReadOnlyList<EngineBenchmarkResult> Run(string folder, EngineBenchmarkOptions options, IProgress<LoadProgress>? progress = null)
    {
        Check(options);
        var config = ModelConfig.Load(folder);
        var context = ContextTokens(options, config);
        using var weights = ModelWeights.Load(folder, ModelShard.Of(folder, config, 0, options.Ranks), progress);
        weights.PackAll();
        var layout = new KvPageLayout(config.Layers, options.PageSizeTokens, config.KvHeads, config.HeadDim, options.KvDtype);
        using var pool = new KvPagePool(layout, layout.PagesFor(context) * options.Batches.Max(), shared: options.Ranks > 1);
        var runnerOptions = new CpuRunnerOptions
        {
            Threads = Math.Max(1, options.Threads / options.Ranks),
            MaxBatchTokens = Math.Max(options.ChunkTokens, options.Batches.Max()),
            MaxContextTokens = context,
        };
        using IModelRunner runner = options.Ranks == 1
            ? new CpuModelRunner(weights, pool, runnerOptions)
            : RankedRunner.Start(weights, pool, runnerOptions, new RankOptions { Program = options.RankProgram ?? throw new ArgumentException("Ranks need a program.", nameof(options)) });
        using var peak = new MachinePeak(options.Threads, weights.Simd);
        return [.. options.Batches.Select(batch => Measure(runner, peak, weights, options, batch))];
    }

    /// <summary>Tokens of a sequence.</summary>
    /// <exception cref="ArgumentException">The model has room for fewer.</exception>
    internal static int ContextTokens(EngineBenchmarkOptions options, ModelConfig config)
    {
        var context = options.PromptTokens + options.OutputTokens;
        return context <= config.MaxPositionEmbeddings
            ? context
            : throw new ArgumentException($"prompt-tokens + output-tokens is {context}; the model's context is {config.MaxPositionEmbeddings}.");
    }

    internal static void Check(EngineBenchmarkOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.PromptTokens);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.OutputTokens);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.Rounds);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.ChunkTokens);
        ArgumentOutOfRangeException.ThrowIfZero(options.Batches.Count);
        foreach (var batch in options.Batches) ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batch);
    }

    private static EngineBenchmarkResult Measure(IModelRunner runner, MachinePeak peak, ModelWeights weights, EngineBenchmarkOptions options, int batch)
    {
        var session = new EngineBenchmarkSession(runner, options, batch);
        session.Warm();
        List<double> prefill = [], decode = [], gflops = [], bandwidth = [], prefillFraction = [], decodeFraction = [], steps = [];
        for (var round = 0; round < options.Rounds; round++)
        {
            var operations = peak.MeasureGflops();
            var prefillSeconds = session.Prefill();
            operations = (operations + peak.MeasureGflops()) / 2;
            var bytes = peak.MeasureMemoryGigabytesPerSecond();
            var stepSeconds = session.Decode();
            bytes = (bytes + peak.MeasureMemoryGigabytesPerSecond()) / 2;

            var promptTokens = (double)batch * options.PromptTokens;
            prefill.Add(promptTokens / prefillSeconds);
            decode.Add(batch * stepSeconds.Count / stepSeconds.Sum());
            gflops.Add(operations);
            bandwidth.Add(bytes);
            prefillFraction.Add(session.PrefillOperations(weights.Config) / prefillSeconds / 1e9 / operations);
            decodeFraction.Add((double)weights.MatmulBytes * options.Ranks * stepSeconds.Count / stepSeconds.Sum() / 1e9 / bytes);
            steps.AddRange(stepSeconds);
        }

        return new EngineBenchmarkResult(batch, Quantile(prefill, 0.5), Quantile(decode, 0.5), 1000 * Quantile(steps, 0.5), 1000 * Quantile(steps, 0.99),
            Quantile(gflops, 0.5), Quantile(bandwidth, 0.5), Quantile(prefillFraction, 0.5), Quantile(decodeFraction, 0.5));
    }

    private static double Quantile(List<double> values, double quantile)
    {
        var sorted = values.Order().ToArray();
        return sorted[(int)Math.Ceiling(quantile * (sorted.Length - 1))];
    }
}

/// <summary>The prompts and steps of one batch size.</summary>
internal sealed class EngineBenchmarkSession
{
    private const int WarmSteps = 4;

    private readonly IModelRunner _runner;
    private readonly EngineBenchmarkOptions _options;
    private readonly ForwardBatch _batch = new();
    private readonly int[][] _prompts;
    private readonly int[][] _pages;

    public EngineBenchmarkSession(IModelRunner runner, EngineBenchmarkOptions options, int batch)
    {
        (_runner, _options) = (runner, options);
        var random = new Random(1);
        var pagesEach = runner.Pages.Layout.PagesFor(options.PromptTokens + options.OutputTokens);
        _prompts = new int[batch][];
        _pages = new int[batch][];
        for (var i = 0; i < batch; i++)
        {
            _prompts[i] = new int[options.PromptTokens];
            foreach (ref var token in _prompts[i].AsSpan()) token = random.Next(runner.VocabSize);
            // Every batch size begins anew at page 0: nobody else uses this pool.
            _pages[i] = [.. Enumerable.Range(i * pagesEach, pagesEach)];
        }
    }

    /// <summary>Runs everything until code is compiled for good, which the runtime does in the background, and memory is touched.</summary>
    public void Warm()
    {
        var start = Stopwatch.GetTimestamp();
        Prefill();
        for (var i = 0; i < WarmSteps || Stopwatch.GetElapsedTime(start) < _options.WarmTime; i++) Step(i % _options.OutputTokens);
    }

    /// <summary>Operations of the matrix products of <see cref="Prefill"/>: the head runs once a sequence, all else once a token.</summary>
    public double PrefillOperations(ModelConfig config)
    {
        var head = (double)config.HiddenSize * config.VocabSize;
        return 2 * _prompts.Length * ((config.MatmulParameters - head) * _options.PromptTokens + head);
    }

    /// <returns>Seconds to process all prompts, one after the other.</returns>
    public double Prefill()
    {
        var start = Stopwatch.GetTimestamp();
        for (var i = 0; i < _prompts.Length; i++)
        {
            for (var first = 0; first < _options.PromptTokens; first += _options.ChunkTokens)
            {
                var chunk = _prompts[i].AsSpan(first, Math.Min(_options.ChunkTokens, _options.PromptTokens - first));
                _batch.Clear();
                _batch.Add(chunk, first, _pages[i], wantLogits: first + chunk.Length == _options.PromptTokens);
                _runner.Forward(_batch);
            }
        }

        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <returns>Seconds of each decode step, all sequences together.</returns>
    public List<double> Decode()
    {
        var seconds = new List<double>(_options.OutputTokens);
        for (var step = 0; step < _options.OutputTokens; step++)
        {
            var start = Stopwatch.GetTimestamp();
            Step(step);
            seconds.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        return seconds;
    }

    private void Step(int step)
    {
        _batch.Clear();
        for (var i = 0; i < _prompts.Length; i++)
            _batch.Add(_prompts[i].AsSpan(step % _options.PromptTokens, 1), _options.PromptTokens + step, _pages[i], wantLogits: true);
        _runner.Forward(_batch);
    }
}
