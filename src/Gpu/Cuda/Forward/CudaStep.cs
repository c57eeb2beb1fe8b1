using ActorInference.Gpu.Cuda.Devices;
using ActorInference.Gpu.Engine;
using ManagedCuda;

namespace ActorInference.Gpu.Cuda.Forward;

/// <summary>One of the two steps that may be under way: what the host keeps of it.</summary>
/// <param name="device">That computes it.</param>
/// <param name="index">0 or 1.</param>
/// <param name="maxRows">Tokens of the largest step.</param>
internal sealed class CudaStep(CudaDevice device, int index, int maxRows) : IDisposable
{
    private readonly int[] _logitIndexOf = new int[maxRows];

    public int Index => index;

    /// <summary>Its input; the caller's.</summary>
    public ForwardBatch Batch { get; set; } = new();

    /// <summary>Reached when all of it is done.</summary>
    public CudaEvent Done { get; } = device.NewEvent();

    /// <summary>Of each sequence, the row of its first logits.</summary>
    public Span<int> LogitIndexOf => _logitIndexOf;

    public void Dispose() => device.Release(Done);
}
