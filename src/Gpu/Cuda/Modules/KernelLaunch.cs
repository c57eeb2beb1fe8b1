using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ActorInference.Gpu.Cuda.Devices;
using ActorInference.Gpu.Cuda.Native;
using ManagedCuda;
using ManagedCuda.BasicTypes;

namespace ActorInference.Gpu.Cuda.Modules;

/// <summary>Launches kernels without allocating: arguments are laid into one block that is made once.</summary>
internal sealed unsafe class KernelLaunch : IDisposable
{
    private const int MaxArguments = 24;
    private const int SlotBytes = 32;

    private readonly CudaDevice _device;
    private readonly CUstream _stream;
    private readonly nint[] _slots = new nint[MaxArguments];
    private byte* _block;
    private int _count;

    /// <param name="device">Whose stream of compute kernels go to.</param>
    public KernelLaunch(CudaDevice device)
        : this(device, device.Stream)
    {
    }

    /// <param name="device">That runs them.</param>
    /// <param name="stream">To which they go.</param>
    public KernelLaunch(CudaDevice device, CUstream stream)
    {
        (_device, _stream) = (device, stream);
        _block = (byte*)NativeMemory.AlignedAlloc(MaxArguments * SlotBytes, SlotBytes);
        for (var i = 0; i < MaxArguments; i++) _slots[i] = (nint)(_block + i * SlotBytes);
    }

    ~KernelLaunch() => NativeMemory.AlignedFree(_block);

    /// <summary>Whether kernels are let begin while the one before them ends: those that say so themselves when they need its results, as all of a step do. sm_90 and later.</summary>
    public bool Overlaps { get; set; }

    /// <summary>Adds the next argument, of exactly the type that the kernel has there.</summary>
    public KernelLaunch With<T>(T argument)
        where T : unmanaged
    {
        Debug.Assert(sizeof(T) <= SlotBytes && _count < MaxArguments, "Arguments are few and small.");
        Unsafe.WriteUnaligned(_block + _count++ * SlotBytes, argument);
        return this;
    }

    /// <summary>Launches with the arguments so far.</summary>
    /// <param name="kernel">Has as many parameters.</param>
    /// <param name="threads">Of a block.</param>
    /// <param name="sharedBytes">Dynamic shared memory of a block.</param>
    public void Run(CudaKernel kernel, int gridX, int gridY, int gridZ, int threads, int sharedBytes = 0)
    {
        _count = 0;
        var result = Overlaps
            ? CudaLaunch.RunOverlapping(kernel, (gridX, gridY, gridZ), threads, sharedBytes, _stream, _slots)
            : DriverAPINativeMethods.Launch.cuLaunchKernel(
                kernel.CUFunction, (uint)gridX, (uint)gridY, (uint)gridZ, (uint)threads, 1, 1, (uint)sharedBytes, _stream, _slots, null!);
        if (result != CUResult.Success) _device.Check(result, kernel.KernelName);
    }

    public void Dispose()
    {
        NativeMemory.AlignedFree(_block);
        _block = null;
        GC.SuppressFinalize(this);
    }
}
