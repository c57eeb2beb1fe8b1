using System.Collections.Immutable;
using ActorInference.Actors.Generation;
using ActorInference.Gpu.Engine;
using ActorInference.Gpu.Kv;

namespace ActorInference.Gpu.Tests.Engine;

/// <summary>An engine over a scripted model, with what it reported.</summary>
internal sealed class EngineHarness : IDisposable
{
    private readonly bool _ownsPool;

    public EngineHarness(int pages = 64, int pageSize = 4, EngineOptions? options = null, int maxContext = 4096)
        : this(ScriptedRunner.Pool(pages, pageSize), options, maxContext)
    {
        _ownsPool = true;
    }

    public EngineHarness(KvPagePool pool, EngineOptions? options = null, int maxContext = 4096)
    {
        Pool = pool;
        Runner = new ScriptedRunner(pool, maxContextTokens: maxContext);
        Events = new RecordingEvents(pool);
        Engine = new InferenceEngine(Runner, options ?? new EngineOptions { StepTarget = TimeSpan.Zero }, Events, TimeProvider.System);
    }

    public KvPagePool Pool { get; }

    public ScriptedRunner Runner { get; }

    public RecordingEvents Events { get; }

    public InferenceEngine Engine { get; }

    public static ImmutableArray<int> Prompt(int length, int seed = 1)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, length).Select(_ => random.Next(64))];
    }

    public static SequenceSpec Spec(ImmutableArray<int> prompt, int newTokens, SequenceMode mode = SequenceMode.Generate, params int[] output) =>
        new(prompt, [.. output], new SamplingOptions { MaxNewTokens = newTokens, Temperature = 0 }, mode);

    public SequenceId Add(ImmutableArray<int> prompt, int newTokens, SequenceMode mode = SequenceMode.Generate, params int[] output) =>
        Engine.Add(Spec(prompt, newTokens, mode, output));

    /// <summary>Steps until nothing can run, checking pages after each step.</summary>
    public int RunToEnd(int maxSteps = 10_000)
    {
        var steps = 0;
        while (Engine.Step().DidWork)
        {
            Engine.CheckPages();
            Assert.True(++steps < maxSteps, "The engine does not come to an end.");
        }

        return steps;
    }

    public void Dispose()
    {
        Runner.Dispose();
        if (_ownsPool) Pool.Dispose();
    }
}
