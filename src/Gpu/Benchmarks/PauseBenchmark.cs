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

    /// <summary>
    /// Time after which no more is measured, above 0: the round under way is cut short, and its prompt then has no first token. Loading and
    /// warming up come before it, and a step that has begun is ended. Default 120 seconds.
    /// </summary>
    public TimeSpan Limit { get; init; } = TimeSpan.FromSeconds(120);

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
/// <param name="FirstTokenSeconds">From the prompt's arrival to its first token, the median; NaN if time was over before the first one.</param>
/// <param name="FirstTokenAloneSeconds">The same with nobody else there.</param>
/// <param name="Rounds">Rounds that were measured to their end.</param>
public sealed record PauseBenchmarkResult(
    double QuietP50Ms,
    double QuietP99Ms,
    double BesideP50Ms,
    double BesideP99Ms,
    double Ratio,
    int BesideTokens,
    double FirstTokenSeconds,
    double FirstTokenAloneSeconds,
    int Rounds);

/// <summary>Measures how long running generations pause while a long prompt is computed by the same engine.</summary>
public sealed class PauseBenchmark
{
    private const int DecodePromptTokens = 32;
    private const int PageSizeTokens = 16;

    /// <summary>Steps after the sequences have begun that are not counted; and the fewest that are, however late it is.</summary>
    private const int WarmSteps = 8;

    private static readonly TimeSpan ProgressInterval = TimeSpan.FromSeconds(2);

    private readonly PauseBenchmarkOptions _options;
    private readonly InferenceEngine _engine;
    private readonly TokenTimes _times = new();
    private readonly int _vocabulary;
    private readonly Random _random = new(1);
    private readonly Action<string>? _progress;
    private readonly long _started = Stopwatch.GetTimestamp();
    private long _told = Stopwatch.GetTimestamp();

    private PauseBenchmark(CpuModelRunner runner, PauseBenchmarkOptions options, Action<string>? progress)
    {
        (_options, _vocabulary, _progress) = (options, runner.VocabSize, progress);
        _engine = new InferenceEngine(runner, new EngineOptions { StepStretch = options.StepStretch }, _times, TimeProvider.System);
    }

    /// <param name="model">A model folder or a GGUF file.</param>
    /// <param name="progress">Told every few seconds what is being done.</param>
    /// <exception cref="ModelFormatException">The model cannot be used.</exception>
    /// <exception cref="ArgumentException">The prompt doesn't fit the model's context, or an option is out of range.</exception>
    public static PauseBenchmarkResult Run(string model, PauseBenchmarkOptions options, Action<string>? progress = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.Decodes);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.PromptTokens);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.QuietTokens, WarmSteps);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.Rounds);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(options.Limit, TimeSpan.Zero);
        progress?.Invoke("loading");
        using var weights = ModelWeights.Load(model);
        weights.PackAll();
        var config = weights.Config;
        // A step takes one token of the prompt at least, and a little is computed now and then without.
        var context = DecodePromptTokens + WarmSteps + options.QuietTokens + options.PromptTokens * 9 / 8 + WarmSteps;
        if (context > config.MaxPositionEmbeddings) throw new ArgumentException($"prompt-tokens is {options.PromptTokens}; with {options.QuietTokens} quiet tokens it takes {context}, and the model's context is {config.MaxPositionEmbeddings}.");
        var layout = new KvPageLayout(config.Layers, PageSizeTokens, config.KvHeads, config.HeadDim, KvDtype.F32);
        using var pool = new KvPagePool(layout, layout.PagesFor(context) * (options.Decodes + 1));
        using var runner = new CpuModelRunner(weights, pool, new CpuRunnerOptions { Threads = options.Threads, MaxBatchTokens = new EngineOptions().MaxStepTokens, MaxContextTokens = context });
        progress?.Invoke("warming up");
        EngineWarmUp.Run(runner, promptTokens: 512);
        return new PauseBenchmark(runner, options, progress).Measure(context);
    }

    private bool IsOver => Stopwatch.GetElapsedTime(_started) >= _options.Limit;

    private PauseBenchmarkResult Measure(int context)
    {
        List<double> alone = [], beside = [];
        for (var round = 1; round <= _options.Rounds && (round == 1 || !IsOver); round++)
        {
            var name = $"round {round} of {_options.Rounds}";
            var decodes = Enumerable.Range(0, _options.Decodes).Select(_ => Add(DecodePromptTokens, context - DecodePromptTokens - 1)).ToList();
            while (_engine.Load.PendingTokens > 0) _engine.Step();
            for (var i = 0; i < WarmSteps; i++) _engine.Step();
            _progress?.Invoke($"{name}: {_options.Decodes} sequences decode");
            _times.Begin(decodes, _times.Quiet);
            for (var i = 0; i < _options.QuietTokens && (i < WarmSteps || !IsOver); i++) _engine.Step();
            _times.Begin(decodes, _times.Beside);
            if (FirstToken($"{name}: beside them") is { } seconds) beside.Add(seconds);
            foreach (var decode in decodes) _engine.Cancel(decode);
            if (!IsOver && FirstToken($"{name}: alone") is { } without) alone.Add(without);
        }

        var quiet = Quantile(_times.Quiet, 0.5);
        var (median, late) = (Quantile(_times.Beside, 0.5), Quantile(_times.Beside, 0.99));
        return new PauseBenchmarkResult(quiet, Quantile(_times.Quiet, 0.99), median, late, late / quiet, _times.Beside.Count, Quantile(beside, 0.5), Quantile(alone, 0.5), alone.Count);
    }

    /// <returns>Seconds until a long prompt has its first token; null if time is over before.</returns>
    private double? FirstToken(string name)
    {
        var start = Stopwatch.GetTimestamp();
        var prompt = Add(_options.PromptTokens, newTokens: 1);
        for (var step = 0; !_times.IsFinished(prompt); step++)
        {
            if (step >= WarmSteps && IsOver)
            {
                _engine.Cancel(prompt);
                return null;
            }

            _engine.Step();
            Tell(name, prompt);
        }

        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private void Tell(string name, SequenceId prompt)
    {
        if (_progress is null || Stopwatch.GetElapsedTime(_told) < ProgressInterval) return;
        _told = Stopwatch.GetTimestamp();
        _progress($"{name}, {_times.Computed(prompt)} of {_options.PromptTokens} prompt tokens, {Stopwatch.GetElapsedTime(_started).TotalSeconds:0} of {_options.Limit.TotalSeconds:0} s");
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
        private (SequenceId Sequence, int Tokens) _computed;
        private List<double>? _into;

        /// <summary>Milliseconds between two tokens.</summary>
        public List<double> Quiet { get; } = [];

        public List<double> Beside { get; } = [];

        public bool IsFinished(SequenceId sequence) => _finished.Contains(sequence);

        /// <summary>Tokens of a prompt that have been computed.</summary>
        public int Computed(SequenceId sequence) => _computed.Sequence == sequence ? _computed.Tokens : 0;

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

        public void Progressed(SequenceId sequence, int computedTokens) => _computed = (sequence, computedTokens);

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
