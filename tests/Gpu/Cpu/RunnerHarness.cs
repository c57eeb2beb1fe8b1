using ActorInference.Actors.Kv;
using ActorInference.Gpu.Cpu;
using ActorInference.Gpu.Engine;
using ActorInference.Gpu.Kv;
using ActorInference.Gpu.Models;

namespace ActorInference.Gpu.Tests.Cpu;

/// <summary>A runner on the processor, with its weights and pages.</summary>
internal sealed class RunnerHarness : RunnerLoops, IDisposable
{
    private readonly IDisposable[] _owned;

    public RunnerHarness(string folder, int pageSize = 16, int poolTokens = 4096, int threads = 2, int maxBatchTokens = 512,
        KvDtype kvDtype = KvDtype.F32, SimdLevel? simd = null)
    {
        var weights = ModelWeights.Load(folder, simd: simd);
        (Weights, Config) = (weights, weights.Config);
        var layout = new KvPageLayout(Config.Layers, pageSize, Config.KvHeads, Config.HeadDim, kvDtype);
        var pool = new KvPagePool(layout, layout.PagesFor(poolTokens));
        Runner = new CpuModelRunner(weights, pool, new CpuRunnerOptions { Threads = threads, MaxBatchTokens = maxBatchTokens });
        _owned = [pool, weights];
    }

    /// <param name="owned">Disposed after the runner.</param>
    public RunnerHarness(IModelRunner runner, ModelConfig config, params IDisposable[] owned) => (Runner, Config, _owned) = (runner, config, owned);

    public IModelRunner Runner { get; }

    /// <summary>Those that it has loaded itself.</summary>
    public ModelWeights? Weights { get; }

    public ModelConfig Config { get; }

    protected override IModelRunner Driven => Runner;

    public void Dispose()
    {
        Runner.Dispose();
        foreach (var owned in _owned) owned.Dispose();
    }
}
