using ActorInference.Actors.Kv;
using ActorInference.Gpu.Cpu;
using ActorInference.Gpu.Engine;
using ActorInference.Gpu.Kv;
using ActorInference.Gpu.Models;

namespace ActorInference.Gpu.Tests.Cpu;

/// <summary>A runner on the processor, with its weights and pages.</summary>
internal sealed class RunnerHarness : RunnerLoops, IDisposable
{
    private readonly ModelWeights _weights;

    public RunnerHarness(string folder, int pageSize = 16, int poolTokens = 4096, int threads = 2, int maxBatchTokens = 512,
        KvDtype kvDtype = KvDtype.F32, SimdLevel? simd = null)
    {
        _weights = ModelWeights.Load(folder, simd: simd);
        var config = _weights.Config;
        var layout = new KvPageLayout(config.Layers, pageSize, config.KvHeads, config.HeadDim, kvDtype);
        var pool = new KvPagePool(layout, layout.PagesFor(poolTokens));
        Runner = new CpuModelRunner(_weights, pool, new CpuRunnerOptions { Threads = threads, MaxBatchTokens = maxBatchTokens });
    }

    public CpuModelRunner Runner { get; }

    public ModelConfig Config => _weights.Config;

    protected override IModelRunner Driven => Runner;

    public void Dispose()
    {
        Runner.Dispose();
        Pool.Dispose();
        _weights.Dispose();
    }
}
