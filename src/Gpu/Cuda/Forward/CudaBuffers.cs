using ActorInference.Gpu.Cuda.Devices;
using ActorInference.Gpu.Models;
using ManagedCuda;

namespace ActorInference.Gpu.Cuda.Forward;

/// <summary>Activations of one step, made once for the largest. Each is an address; rows are side by side without gaps.</summary>
internal sealed class CudaBuffers : IDisposable
{
    private readonly CudaDevice _device;
    private readonly List<CudaDeviceVariable<byte>> _owned = [];

    /// <param name="device">Where they are.</param>
    /// <param name="config">Of the model.</param>
    /// <param name="rows">Tokens of the largest step, rounded up as products do.</param>
    /// <param name="activationBytes">Of one element between products.</param>
    /// <param name="widenedElements">Elements of the largest quantized matrix; 0 if there is none.</param>
    /// <exception cref="CudaMemoryException">They do not fit.</exception>
    public CudaBuffers(CudaDevice device, ModelConfig config, int rows, int activationBytes, long widenedElements)
    {
        _device = device;
        try
        {
            ulong New(long bytes)
            {
                var buffer = device.Allocate(bytes, "activations");
                _owned.Add(buffer);
                return (ulong)buffer.DevicePointer.Pointer;
            }

            Hidden = New((long)rows * config.HiddenSize * sizeof(float));
            Delta = New((long)rows * config.HiddenSize * sizeof(float));
            Normed = New((long)rows * config.HiddenSize * activationBytes);
            Qkv = New((long)rows * (config.QuerySize + 2 * config.KvSize) * sizeof(float));
            Attended = New((long)rows * config.QuerySize * activationBytes);
            GateUp = New((long)rows * 2 * config.IntermediateSize * sizeof(float));
            FeedForward = New((long)rows * config.IntermediateSize * activationBytes);
            Partial = New(PartialBytes);
            Workspace = New(WorkspaceBytes);
            Widened = widenedElements == 0 ? 0 : New(widenedElements * activationBytes);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Room for the splits of attention.</summary>
    public const long PartialBytes = 64 << 20;

    /// <summary>Room for cuBLASLt.</summary>
    public const long WorkspaceBytes = 32 << 20;

    /// <summary>The residual stream, in float.</summary>
    public ulong Hidden { get; }

    /// <summary>What a product adds to it, in float.</summary>
    public ulong Delta { get; }

    public ulong Normed { get; }

    /// <summary>In float.</summary>
    public ulong Qkv { get; }

    public ulong Attended { get; }

    /// <summary>In float.</summary>
    public ulong GateUp { get; }

    public ulong FeedForward { get; }

    public ulong Partial { get; }

    public ulong Workspace { get; }

    /// <summary>A quantized matrix in the activations' type, for products with many rows.</summary>
    public ulong Widened { get; }

    public void Dispose()
    {
        foreach (var buffer in _owned) _device.Release(buffer);
        _owned.Clear();
    }
}
