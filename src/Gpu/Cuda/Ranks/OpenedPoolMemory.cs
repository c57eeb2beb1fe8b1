using ActorInference.Gpu.Cuda.Devices;
using ActorInference.Gpu.Cuda.Memory;
using ActorInference.Gpu.Kv;

namespace ActorInference.Gpu.Cuda.Ranks;

/// <summary>A rank's part of pages that rank 0's process has allocated on this device. Nobody reaches it but the kernels.</summary>
internal sealed unsafe class OpenedPoolMemory : IPoolMemory
{
    private readonly CudaSharedPools _opened;

    /// <param name="device">Outlives it.</param>
    /// <param name="name">As <see cref="RankedPoolMemory.NameOf"/> says it.</param>
    /// <exception cref="CudaLibraryException">It cannot be opened.</exception>
    public OpenedPoolMemory(CudaDevice device, string name)
    {
        device.Enter();
        _opened = new CudaSharedPools(device);
        if (_opened.TryOpen(name, out var address) is { } refusal)
        {
            _opened.Dispose();
            throw new CudaLibraryException($"cuda:{device.Index}: this rank's part of the pages cannot be opened. {refusal}");
        }

        Address = (byte*)address;
    }

    public byte* Address { get; }

    public void Dispose() => _opened.Dispose();
}
