using ActorInference.Gpu.Engine;
using ActorInference.Gpu.Kv;

namespace ActorInference.Host.Composition;

/// <summary>A model's weights and pages where they compute. Outlives its runners.</summary>
public interface IModelBackend : IDisposable
{
    KvPagePool Pages { get; }

    /// <summary>Cancelled when the device is lost to this process: it has to end, so that a new one can begin.</summary>
    CancellationToken WhenLost { get; }

    /// <summary>Makes a runner for a worker, which disposes it.</summary>
    /// <param name="threads">Compute threads, where the processor computes.</param>
    IModelRunner CreateRunner(int threads);
}
