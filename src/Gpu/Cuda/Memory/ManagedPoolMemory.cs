using ActorInference.Gpu.Cuda.Devices;
using ActorInference.Gpu.Kv;
using ManagedCuda;
using ManagedCuda.BasicTypes;

namespace ActorInference.Gpu.Cuda.Memory;

/// <summary>
/// Pages in memory that host and device see at one address. They lie on the device while it works with them, and move when the host sends or
/// stores one (docs/decisions: the CUDA backend).
/// </summary>
public sealed unsafe class ManagedPoolMemory : IPoolMemory
{
    private readonly CudaManagedMemory_byte _memory;

    /// <exception cref="CudaMemoryException">The memory is not to be had.</exception>
    public ManagedPoolMemory(CudaDevice device, long bytes)
    {
        device.Enter();
        try
        {
            _memory = new CudaManagedMemory_byte((ulong)bytes, CUmemAttach_flags.Global);
        }
        catch (CudaException failure) when (failure.CudaError == CUResult.ErrorOutOfMemory)
        {
            throw new CudaMemoryException($"cuda:{device.Index} has {device.FreeBytes:N0} bytes left; KV pages need {bytes:N0}. Give fewer by --kv-pages.", failure);
        }
    }

    public byte* Address => (byte*)_memory.HostPointer;

    public void Dispose() => _memory.Dispose();
}
