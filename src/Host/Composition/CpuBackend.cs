using ActorInference.Gpu.Cpu;
using ActorInference.Gpu.Engine;
using ActorInference.Gpu.Kv;
using ActorInference.Gpu.Models;

namespace ActorInference.Host.Composition;

/// <summary>A model on the processor.</summary>
public sealed class CpuBackend(ModelWeights weights, KvPagePool pages) : IModelBackend
{
    public KvPagePool Pages => pages;

    public CancellationToken WhenLost => CancellationToken.None;

    public IModelRunner CreateRunner(int threads) => new CpuModelRunner(weights, pages, new CpuRunnerOptions { Threads = threads });

    public void Dispose()
    {
        pages.Dispose();
        weights.Dispose();
    }
}
