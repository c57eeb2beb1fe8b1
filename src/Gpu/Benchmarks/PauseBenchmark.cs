using System.Diagnostics;
using ActorInference.Actors.Generation;
using ActorInference.Actors.Kv;
using ActorInference.Gpu.Cpu;
using ActorInference.Gpu.Engine;
using ActorInference.Gpu.Kv;
using ActorInference.Gpu.Models;

namespace ActorInference.Gpu.Benchmarks;

/// <summary>What to measure.</summary>
public sealed record PauseBenchmarkOptions
{
    /// <summary>Sequences that decode, at least 1. Default 4.</summary>
    public int Decodes { get; init; } = 4;

    /// <summary>Tokens of the prompt that comes beside them, at least 1. Default 2,000.</summary>
    public int PromptTokens { get; init; } = 2000;

    /// <summary>Tokens that each sequence decodes before it comes, at least 8. Default 64.</summary>
    public int QuietTokens { get; init; } = 64;

    /// <summary>Times that everything is measured; times of all rounds count alike. Default 3.</summary>
    public int Rounds { get; init; } = 3;

    /// <summary>Compute threads. Default: one for each processor.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>Of the engine, <see cref="EngineOptions.StepStretch"/>.</summary>
    public double StepStretch { get; init; } = new EngineOptions().StepStretch;
}

/// <summary>Times between two tokens of a sequence, alone and beside a long prompt.</summary>
/// <param name="QuietP50Ms">Median while all decode.</param>
/// <param name="QuietP99Ms">What 99 % keep then.</param>
/// <param name="BesideP50Ms">Median while the prompt is computed.</param>
/// <param name="BesideP99Ms">What 99 % keep then.</param>
/// <param name="Ratio">The last by the first.</param>
/// <param name="BesideTokens">Times that were measured beside the prompt.</param>
/// <param name="FirstTokenSeconds">From the prompt's arrival to its first token, the median.</param>
/// <param name="FirstTokenAloneSeconds">The same with nobody else there.</param>
public sealed record PauseBenchmarkResult(
    double QuietP50Ms,
    double QuietP99Ms,
    double BesideP50Ms,
    double BesideP99Ms,
    double Ratio,
    int BesideTokens,
    double FirstTokenSeconds,
    double FirstTokenAloneSeconds);

/// <summary>Measures how long running generations pause while a long prompt is computed by the same engine.</summary>
public sealed class PauseBenchmark
{
    private const int DecodePromptTokens = 32;
    private const int PageSizeTokens = 16;

    /// <summary>Steps after the sequences have begun that are not counted.</summary>
    private const int WarmSteps = 8;

    private readonly PauseBenchmarkOptions _options;
    private readonly InferenceEngine _engine;
    private readonly TokenTimes _times = new();
    private readonly int _vocabulary;
    private readonly Random _random = new(1);

    private PauseBenchmark(CpuModelRunner runner, PauseBenchmarkOptions options)
    {
        (_options, _vocabulary) = (options, runner.VocabSize);
        _engine = new InferenceEngine(runner, new EngineOptions { StepStretch = options.StepStretch }, _times, TimeProvider.System);
    }

    /// <param name="model">A model folder or a GGUF file.</param>
    /// <exception cref="ModelFormatException">The model cannot be used.</exception>
    /// <exception cref="ArgumentException">The prompt doesn't fit the model's context, or an option is out of range.</exception>
    public static PauseBenchmarkResult Run(string model, PauseBenchmarkOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.Decodes);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.PromptTokens);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.QuietTokens, WarmSteps);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.Rounds);
        using var weights = ModelWeights.Load(model);
        var config = weights.Config;
        // A step takes one token of the prompt at least, and a little is computed now and then without.
        var context = DecodePromptTokens + WarmSteps + options.QuietTokens + options.PromptTokens * 9 / 8 + WarmSteps;
        if (context > config.MaxPositionEmbeddings) throw new ArgumentException($"prompt-tokens is {options.PromptTokens}; with {options.QuietTokens} quiet tokens it takes {context}, and the model's context is {config.MaxPositionEmbeddings}.");
        var layout = new KvPageLayout(config.Layers, PageSizeTokens, config.KvHeads, config.HeadDim, KvDtype.F32);
        using var pool = new KvPagePool(layout, layout.PagesFor(context) * (options.Decodes + 1));
        using var runner = new CpuModelRunner(weights, pool, new CpuRunnerOptions { Threads = options.Threads, MaxBatchTokens = new EngineOptions().MaxStepTokens, MaxContextTokens = context });
        EngineWarmUp.Run(runner, promptTokens: 512);
        return new PauseBenchmark(runner, options).Measure(context);
    }

    private PauseBenchmarkResult Measure(int context)
    {
        List<double> alone = [], beside = [];
        for (var round = 0; round < _options.Rounds; round++)
        {
            alone.Add(FirstToken());
            var decodes = Enumerable.Range(0, _options.Decodes).Select(_ => Add(DecodePromptTokens, context - DecodePromptTokens - 1)).ToList();
            while (_engine.Load.PendingTokens > 0) _engine.Step();
            for (var i = 0; i < WarmSteps; i++) _engine.Step();
            _times.Begin(decodes, _times.Quiet);
            for (var i = 0; i < _options.QuietTokens; i++) _engine.Step();
            _times.Begin(decodes, _times.Beside);
            beside.Add(FirstToken());
            foreach (var decode in decodes) _engine.Cancel(decode);
        }

        var quiet = Quantile(_times.Quiet, 0.5);
        var (median, late) = (Quantile(_times.Beside, 0.5), Quantile(_times.Beside, 0.99));
        return new PauseBenchmarkResult(quiet, Quantile(_times.Quiet, 0.99), median, late, late / quiet, _times.Beside.Count, Quantile(beside, 0.5), Quantile(alone, 0.5));
    }

    /// <returns>Seconds until a long prompt has its first token.</returns>
    private double FirstToken()
    {
        var start = Stopwatch.GetTimestamp();
        var prompt = Add(_options.PromptTokens, newTokens: 1);
        while (!_times.IsFinished(prompt)) _engine.Step();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private SequenceId Add(int tokens, int newTokens) => _engine.Add(new SequenceSpec(
        [.. Enumerable.Range(0, tokens).Select(_ => _random.Next(_vocabulary))], [],
        new SamplingOptions { MaxNewTokens = newTokens, Temperature = 0, IgnoreEos = true }, SequenceMode.Generate));

    private static double Quantile(List<double> values, double quantile)
    {
        if (values.Count == 0) return double.NaN;
        var sorted = values.Order().ToList();
        return sorted[(int)Math.Ceiling(quantile * (sorted.Count - 1))];
    }

    /// <summary>When tokens came, of the sequences that are watched.</summary>
    private sealed class TokenTimes : IEngineEvents
    {
        private readonly Dictionary<SequenceId, long> _last = [];
        private readonly HashSet<SequenceId> _finished = [];
        private List<double>? _into;

        /// <summary>Milliseconds between two tokens.</summary>
        public List<double> Quiet { get; } = [];

        public List<double> Beside { get; } = [];

        public bool IsFinished(SequenceId sequence) => _finished.Contains(sequence);

        /// <summary>From now on times go there; those of earlier tokens are forgotten.</summary>
        public void Begin(List<SequenceId> sequences, List<double> into)
        {
            _last.Clear();
            var now = Stopwatch.GetTimestamp();
            foreach (var sequence in sequences) _last[sequence] = now;
            _into = into;
        }

        public void TokenSampled(SequenceId sequence, int index, int token, TokenLogprob? logprob)
        {
            if (!_last.TryGetValue(sequence, out var last)) return;
            var now = Stopwatch.GetTimestamp();
            _into?.Add(Stopwatch.GetElapsedTime(last, now).TotalMilliseconds);
            _last[sequence] = now;
        }

        public void Finished(SequenceId sequence, FinishReason reason, int? matchedToken) => _finished.Add(sequence);

        public void Failed(SequenceId sequence, string reason) => throw new InvalidOperationException($"A sequence failed: {reason}");

        public void Granted(SequenceId sequence, int pages, int cachedPages)
        {
        }

        public void Started(SequenceId sequence, int cachedTokens, TierTokens tiers)
        {
        }

        public void Progressed(SequenceId sequence, int computedTokens)
        {
        }

        public void PagesFilled(SequenceId sequence, int firstPage, ReadOnlySpan<int> pages)
        {
        }

        public void HandedOver(SequenceId sequence, int firstPage, ReadOnlySpan<int> pages, int nextToken)
        {
        }

        public void Preempted(SequenceId sequence)
        {
        }
    }
}
