using ActorInference.Actors.Kv;
using ActorInference.Cuda.Tests.Testing;
using ActorInference.Gpu.Cuda;
using ActorInference.Gpu.Cuda.Forward;
using ActorInference.Gpu.Engine;
using ActorInference.Gpu.Models;
using ActorInference.Gpu.Tests.Cpu;

namespace ActorInference.Cuda.Tests.Runner;

/// <summary>A runner on the emulated device, with its weights and pages.</summary>
internal sealed class CudaHarness : RunnerLoops, IDisposable
{
    private readonly CudaModel _model;

    public CudaHarness(string folder, KvDtype? dtype = null, int pageSize = 16, int poolTokens = 1024, int maxBatchTokens = 64, bool useGraphs = true, TimeSpan? deadline = null, bool overlapLaunches = false)
    {
        _model = CudaModel.Load(0, folder, EmulatedCuda.CacheFolder, deadline: deadline);
        var layout = _model.Layout(pageSize, dtype);
        var pool = _model.CreatePool(layout, layout.PagesFor(poolTokens));
        Runner = new CudaModelRunner(_model.Weights, pool, new CudaRunnerOptions { MaxBatchTokens = maxBatchTokens, UseGraphs = useGraphs, OverlapLaunches = overlapLaunches });
    }

    public CudaModelRunner Runner { get; }

    public CudaModel Model => _model;

    public ModelConfig Config => _model.Config;

    protected override IModelRunner Driven => Runner;

    public void Dispose()
    {
        Runner.Dispose();
        Pool.Dispose();
        _model.Dispose();
    }
}
