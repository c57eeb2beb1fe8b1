using System.Diagnostics;
using ActorInference.Actors.Generation;
using ActorInference.Actors.Kv;
using ActorInference.Gpu.Constraints;
using ActorInference.Gpu.Cpu;
using ActorInference.Gpu.Kv;
using ActorInference.Gpu.Models;
using ActorInference.Gpu.Sampling;

namespace ActorInference.Gpu.Benchmarks;

/// <summary>One way to choose a token, beside the decode step that it follows.</summary>
/// <param name="Sampling">The way.</param>
/// <param name="Batch">Sequences that decode together; each chooses for itself.</param>
/// <param name="Vocabulary">Tokens to choose among.</param>
/// <param name="SampleMicroseconds">Of one choice, the median.</param>
/// <param name="StepMs">Of the step that computes the logits, the median.</param>
/// <param name="Share">All choices of a step by the step.</param>
public sealed record SamplingBenchmarkResult(string Sampling, int Batch, int Vocabulary, double SampleMicroseconds, double StepMs, double Share);

/// <summary>Measures what sampling adds to decode, on the model's own logits.</summary>
public static class SamplingBenchmark
{
    private const int Choices = 200;

    private static readonly (string Name, SamplingOptions Options)[] Ways =
    [
        ("greedy", new SamplingOptions { Temperature = 0 }),
        ("temperature", new SamplingOptions { Temperature = 0.7f }),
        ("top-k", new SamplingOptions { Temperature = 0.7f, TopK = 50 }),
        ("top-p", new SamplingOptions { Temperature = 0.7f, TopP = 0.9f }),
        ("min-p", new SamplingOptions { Temperature = 0.7f, MinP = 0.05f }),
        ("top-k, top-p", new SamplingOptions { Temperature = 0.7f, TopK = 50, TopP = 0.9f }),
        ("top-k, top-p, penalties", new SamplingOptions { Temperature = 0.7f, TopK = 50, TopP = 0.9f, RepetitionPenalty = 1.1f, FrequencyPenalty = 0.2f, PresencePenalty = 0.2f }),
        ("top-p, penalties", new SamplingOptions { Temperature = 0.7f, TopP = 0.9f, RepetitionPenalty = 1.1f, FrequencyPenalty = 0.2f, PresencePenalty = 0.2f }),
    ];

    /// <param name="model">A model folder or a GGUF file.</param>
    /// <param name="options">Prompt tokens are what penalties go through; output tokens are steps.</param>
    /// <exception cref="ModelFormatException">The model cannot be used.</exception>
    /// <exception cref="ArgumentException">Prompt and output don't fit the model's context, or an option is out of range.</exception>
    public static IReadOnlyList<SamplingBenchmarkResult> Run(string model, EngineBenchmarkOptions options)
    {
        EngineBenchmark.Check(options);
        using var weights = ModelWeights.Load(model);
        weights.PackAll();
        var config = weights.Config;
        var context = EngineBenchmark.ContextTokens(options, config);
        var layout = new KvPageLayout(config.Layers, options.PageSizeTokens, config.KvHeads, config.HeadDim, options.KvDtype);
        using var pool = new KvPagePool(layout, layout.PagesFor(context) * options.Batches.Max());
        using var runner = new CpuModelRunner(weights, pool, new CpuRunnerOptions
        {
            Threads = options.Threads,
            MaxBatchTokens = Math.Max(options.ChunkTokens, options.Batches.Max()),
            MaxContextTokens = context,
        });
        var results = new List<SamplingBenchmarkResult>();
        foreach (var batch in options.Batches)
        {
            var session = new EngineBenchmarkSession(runner, options, batch);
            session.Warm();
            var stepMs = 1000 * Median([.. Enumerable.Range(0, options.Rounds).SelectMany(_ => session.Decode())]);
            var logits = runner.Logits(0).ToArray();
            foreach (var (name, way) in Ways) Add(name, MeasureChoice(logits, way, options.PromptTokens));
            Add("JSON schema", MeasureConstrained(logits, isNew: false));
            Add("JSON schema, a new place", MeasureConstrained(logits, isNew: true));

            void Add(string name, double seconds) =>
                results.Add(new SamplingBenchmarkResult(name, batch, config.VocabSize, 1e6 * seconds, stepMs, batch * 1000 * seconds / stepMs));
        }

        return results;
    }

    /// <returns>Seconds of a choice, the median.</returns>
    private static double MeasureChoice(float[] logits, SamplingOptions way, int promptTokens)
    {
        var random = new Random(1);
        var prompt = new int[promptTokens];
        foreach (ref var token in prompt.AsSpan()) token = random.Next(logits.Length);
        var sampler = new Sampler(logits.Length, []);
        var state = new SamplerState(way with { MaxNewTokens = 2 * Choices, Seed = 1 }, prompt, []);
        var work = new float[logits.Length];
        var seconds = new List<double>(Choices);
        for (var i = 0; i < 2 * Choices; i++)
        {
            logits.CopyTo(work, 0);   // A choice changes them.
            var start = Stopwatch.GetTimestamp();
            state.Observe(sampler.Sample(work, state, out _));
            // The first half is for the runtime to compile what it runs.
            if (i >= Choices) seconds.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        return Median(seconds);
    }

    /// <summary>Within a string, where nearly every token may come.</summary>
    /// <param name="isNew">Whether what may come there is found out each time.</param>
    /// <returns>Seconds of a choice, the median.</returns>
    private static double MeasureConstrained(float[] logits, bool isNew)
    {
        var options = new SamplingOptions { Temperature = 0.7f, Constraint = new OutputConstraint(OutputConstraintKind.JsonSchema, """{"type":"array","items":{"type":"string"}}""") };
        var (vocabulary, program) = (Words(logits.Length), GrammarProgram.Compile(options.Constraint));
        var (constraint, sampler) = (new TokenConstraint(program, vocabulary), new Sampler(logits.Length, []));
        var (work, seconds) = (new float[logits.Length], new List<double>(Choices));
        for (var i = 0; i < 2 * Choices; i++)
        {
            if (isNew) constraint = new TokenConstraint(program, vocabulary);
            var state = new SamplerState(options, [], [(int)'[', (int)'"'], constraint);
            logits.CopyTo(work, 0);
            var start = Stopwatch.GetTimestamp();
            sampler.Sample(work, state, out _);
            if (i >= Choices) seconds.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        return Median(seconds);
    }

    /// <summary>All bytes, and words of two to nine letters, half of them after a space: about the tree that a tokenizer of that size has.</summary>
    private static TokenVocabulary Words(int count)
    {
        var random = new Random(1);
        return TokenVocabulary.Create(Enumerable.Range(0, count).Select(id =>
        {
            if (id < 256) return [(byte)id];
            var word = new byte[random.Next(2, 10)];
            foreach (ref var letter in word.AsSpan()) letter = (byte)('a' + (random.Next(26) * random.Next(26) / 26));
            if (id % 2 == 0) word[0] = (byte)' ';
            return word;
        }));
    }

    private static double Median(List<double> values)
    {
        values.Sort();
        return values[values.Count / 2];
    }
}
