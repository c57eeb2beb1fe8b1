using System.Runtime.CompilerServices;
using ManagedCuda.BasicTypes;
using static ManagedCuda.DriverAPINativeMethods;

namespace ManagedCuda;

/// <summary>Memory of the device.</summary>
public class CudaDeviceVariable<T> : IDisposable
    where T : struct
{
    private bool _isDisposed;

    /// <param name="size">In elements.</param>
    public CudaDeviceVariable(SizeT size)
    {
        Size = size;
        CUdeviceptr pointer = default;
        CudaException.ThrowIfFailed(MemoryManagement.cuMemAlloc_v2(ref pointer, SizeInBytes));
        DevicePointer = pointer;
    }

    public CUdeviceptr DevicePointer { get; }

    public SizeT Size { get; }

    public SizeT SizeInBytes => (ulong)Size * (ulong)Unsafe.SizeOf<T>();

    public void Dispose()
    {
        if (_isDisposed) return;
        _isDisposed = true;
        _ = MemoryManagement.cuMemFree_v2(DevicePointer);
        GC.SuppressFinalize(this);
    }
}

/// <summary>Memory of the host that the device copies from and to by itself.</summary>
public class CudaPageLockedHostMemory<T> : IDisposable
    where T : struct
{
    private bool _isDisposed;

    public CudaPageLockedHostMemory(SizeT size)
    {
        Size = size;
        IntPtr pointer = default;
        CudaException.ThrowIfFailed(MemoryManagement.cuMemHostAlloc(ref pointer, (ulong)size * (ulong)Unsafe.SizeOf<T>(), CUMemHostAllocFlags.Portable));
        PinnedHostPointer = pointer;
    }

    public IntPtr PinnedHostPointer { get; }

    public SizeT Size { get; }

    public void Dispose()
    {
        if (_isDisposed) return;
        _isDisposed = true;
        _ = MemoryManagement.cuMemFreeHost(PinnedHostPointer);
        GC.SuppressFinalize(this);
    }
}
