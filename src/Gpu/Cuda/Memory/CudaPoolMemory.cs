using ActorInference.Actors.Kv;
using ActorInference.Gpu.Cuda.Devices;
using ActorInference.Gpu.Kv;
using ManagedCuda;
using ManagedCuda.BasicTypes;

namespace ActorInference.Gpu.Cuda.Memory;

/// <summary>Pages in a device's memory. The host copies them on a stream beside compute, by way of a pinned pool.</summary>
public sealed unsafe class CudaPoolMemory : IDevicePoolMemory
{
    private readonly CudaDevice _device;
    private readonly CudaDeviceVariable<byte> _memory;
    private readonly CudaPageCopies _copies;
    private readonly CudaPageSums _sums;
    private readonly CudaSharedPools _others;
    private readonly CudaLandings _landings;
    private readonly int _pageBytes;

    /// <param name="device">Outlives it.</param>
    /// <param name="layout">Of a page.</param>
    /// <param name="pages">At least 1.</param>
    /// <exception cref="CudaMemoryException">The memory is not to be had. Nothing stays allocated.</exception>
    public CudaPoolMemory(CudaDevice device, KvPageLayout layout, int pages)
    {
        (_device, _pageBytes) = (device, layout.PageBytes);
        device.Enter();
        _memory = device.Allocate((long)pages * layout.PageBytes, "KV pages");
        try
        {
            _copies = new CudaPageCopies(device);
            _sums = new CudaPageSums(device, layout.PageBytes, _copies);
            _others = new CudaSharedPools(device);
            _landings = new CudaLandings(device, _memory.DevicePointer, layout.PageBytes);
            SharedName = CudaSharedPools.Name(_memory.DevicePointer);
        }
        catch
        {
            device.Release(_landings);
            device.Release(_others);
            device.Release(_sums);
            device.Release(_copies);
            device.Release(_memory);
            throw;
        }
    }

    public byte* Address => (byte*)(ulong)_memory.DevicePointer.Pointer;

    public string? SharedName { get; }

    public string? TryCopy(string sharedName, ReadOnlySpan<int> theirs, ReadOnlySpan<int> mine) => _others.TryCopy(sharedName, theirs, _memory.DevicePointer, mine, _pageBytes);

    public void ReleaseAbandoned() => _others.ReleaseAbandoned();

    public void Read(int page, Span<byte> target) => _copies.Read(At(page), target[.._pageBytes]);

    public void Write(int page, ReadOnlySpan<byte> source) => _copies.Write(At(page), source[.._pageBytes]);

    public void Sum(ReadOnlySpan<int> pages, Span<uint> checksums) => _sums.Run(_memory.DevicePointer, pages, checksums);

    public IPageLanding? BeginLanding(int layers) => _landings.Begin(layers);

    public void Dispose()
    {
        _device.Release(_landings);
        _device.Release(_others);
        _device.Release(_sums);
        _device.Release(_copies);
        _device.Release(_memory);
    }

    private CUdeviceptr At(int page) => _memory.DevicePointer + (SizeT)((long)page * _pageBytes);
}
