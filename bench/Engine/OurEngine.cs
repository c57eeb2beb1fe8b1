using System.Diagnostics;
using ActorInference.Actors.Kv;
using ActorInference.Gpu.Cpu;
using ActorInference.Gpu.Engine;
using ActorInference.Gpu.Kv;
using ActorInference.Gpu.Models;

namespace ActorInference.Bench.Engine;

/// <summary>Measures this project's engine on a model: the same work as llama/measure.mjs.</summary>
internal sealed class OurEngine : IDisposable
{
    private const int PromptTokens = 512, OutputTokens = 64, LongTokens = 2000, Sequences = 8, ShortTokens = 32, Rounds = 3, PageSize = 16;

    private readonly ModelWeights _weights;
    private readonly KvPagePool _pool;
    private readonly CpuModelRunner _runner;
    private readonly ForwardBatch _batch = new();

    private OurEngine(string file, int threads)
    {
        _weights = ModelWeights.Load(file);
        var config = _weights.Config;
        var layout = new KvPageLayout(config.Layers, PageSize, config.KvHeads, config.HeadDim, KvDtype.F16);
        _pool = new KvPagePool(layout, layout.PagesFor(LongTokens + 128));
        _runner = new CpuModelRunner(_weights, _pool, new CpuRunnerOptions { Threads = threads, MaxBatchTokens = 512, MaxContextTokens = LongTokens + 64 });
    }

    /// <param name="onlyStart">Whether to end with the first token.</param>
    public static Measurement Measure(string file, int threads, bool onlyStart)
    {
        using var engine = new OurEngine(file, threads);
        engine.Prefill(Tokens(1, 9), 0);
        var firstToken = (DateTime.UtcNow - Process.GetCurrentProcess().StartTime.ToUniversalTime()).TotalSeconds;
        if (onlyStart) return new Measurement(firstToken, 0, 0, 0, 0, ResidentMegabytes());
        // Until code is compiled for good.
        for (var i = 0; i < 2; i++) engine.Prefill(Tokens(PromptTokens, i), 0);
        engine.Decode([Tokens(ShortTokens, 0)]);
        List<double> prefills = [], decodes = [], eights = [];
        for (var i = 0; i < Rounds; i++)
        {
            prefills.Add(PromptTokens / engine.Prefill(Tokens(PromptTokens, i), 0));
            decodes.Add(engine.Decode([Tokens(ShortTokens, i)]));
        }

        var longest = engine.Prefill(Tokens(LongTokens, 5), 0);
        for (var i = 0; i < Rounds; i++) eights.Add(engine.Decode([.. Enumerable.Range(0, Sequences).Select(_ => Tokens(ShortTokens, i))]));
        return new Measurement(firstToken, Median(prefills), Median(decodes), Median(eights), longest, ResidentMegabytes());
    }

    public void Dispose()
    {
        _runner.Dispose();
        _pool.Dispose();
        _weights.Dispose();
    }

    private static int[] Tokens(int count, int seed) => [.. Enumerable.Range(0, count).Select(i => (int)((i * 7919L + seed * 104729L) % 30000 + 300))];

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    private static double ResidentMegabytes()
    {
        var line = File.ReadLines("/proc/self/status").Single(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
        return double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], System.Globalization.CultureInfo.InvariantCulture) / 1024;
    }

    private int[] Pages(int sequence, int tokens)
    {
        var each = _pool.Layout.PagesFor(tokens);
        return [.. Enumerable.Range(sequence * each, each)];
    }

    /// <returns>Seconds to the first token of a prompt.</returns>
    private double Prefill(int[] prompt, int sequence)
    {
        var pages = Pages(sequence, prompt.Length + OutputTokens + 1);
        var start = Stopwatch.GetTimestamp();
        for (var first = 0; first < prompt.Length; first += PromptTokens)
        {
            var count = Math.Min(PromptTokens, prompt.Length - first);
            _batch.Clear();
            _batch.Add(prompt.AsSpan(first, count), first, pages, wantLogits: first + count == prompt.Length);
            _runner.Forward(_batch);
        }

        _ = Best(0);
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <returns>Tokens of all sequences a second, chosen greedily.</returns>
    private double Decode(int[][] prompts)
    {
        var next = new int[prompts.Length];
        for (var i = 0; i < prompts.Length; i++)
        {
            Prefill(prompts[i], i);
            next[i] = Best(0);
        }

        var start = Stopwatch.GetTimestamp();
        for (var step = 0; step < OutputTokens; step++)
        {
            _batch.Clear();
            for (var i = 0; i < prompts.Length; i++)
                _batch.Add(next.AsSpan(i, 1), prompts[i].Length + step, Pages(i, prompts[i].Length + OutputTokens + 1), wantLogits: true);
            _runner.Forward(_batch);
            for (var i = 0; i < prompts.Length; i++) next[i] = Best(i);
        }

        return prompts.Length * OutputTokens / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private int Best(int index) => System.Numerics.Tensors.TensorPrimitives.IndexOfMax<float>(_runner.Logits(index));
}
