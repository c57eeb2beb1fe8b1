using System.Collections.Immutable;
using ActorInference.Actors.Generation;
using ActorInference.Actors.Kv;
using ActorInference.Cache.Radix;
using ActorInference.Cache.Radix.Eviction;
using ActorInference.Gpu.Engine;
using ActorInference.Gpu.Kv;
using ActorInference.Gpu.Tests.Engine;

namespace ActorInference.Cache.Tests.Engine;

/// <summary>An engine over a scripted model and the real tree.</summary>
internal sealed class CachedEngine : IDisposable
{
    private readonly bool _ownsPool;

    public CachedEngine(int pages = 64, int pageSize = 4, EngineOptions? options = null, string policy = "lru", int? cachePages = null)
        : this(ScriptedRunner.Pool(pages, pageSize), options, policy, cachePages)
    {
        _ownsPool = true;
    }

    public CachedEngine(KvPagePool pool, EngineOptions? options = null, string policy = "lru", int? cachePages = null)
    {
        Pool = pool;
        Runner = new ScriptedRunner(pool);
        Events = new RecordingEvents(pool);
        Tree = new RadixTree(
            new RadixTreeOptions { PageSizeTokens = pool.Layout.PageSizeTokens, CapacityPages = cachePages ?? pool.CapacityPages },
            pool, EvictionPolicies.Create(policy));
        Engine = new InferenceEngine(Runner, options ?? new EngineOptions { StepTarget = TimeSpan.Zero }, Events, TimeProvider.System, Tree);
    }

    public KvPagePool Pool { get; }

    public ScriptedRunner Runner { get; }

    public RecordingEvents Events { get; }

    public RadixTree Tree { get; }

    public InferenceEngine Engine { get; }

    public static ImmutableArray<int> Prompt(int length, int seed = 1)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, length).Select(_ => random.Next(64))];
    }

    public SequenceId Add(
        ImmutableArray<int> prompt, int newTokens, SequenceMode mode = SequenceMode.Generate, KvNamespaceId space = default, int priority = 0) =>
        Engine.Add(new SequenceSpec(prompt, [], new SamplingOptions { MaxNewTokens = newTokens, Temperature = 0 }, mode) { Space = space, Priority = priority });

    /// <summary>Steps until nothing can run, checking everything after each step.</summary>
    public int RunToEnd(int maxSteps = 10_000)
    {
        var steps = 0;
        while (Engine.Step().DidWork)
        {
            Check();
            Assert.True(++steps < maxSteps, "The engine does not come to an end.");
        }

        return steps;
    }

    public void Check()
    {
        Engine.CheckPages();
        Tree.CheckInvariants();
    }

    public void Dispose()
    {
        Runner.Dispose();
        if (_ownsPool) Pool.Dispose();
    }
}
