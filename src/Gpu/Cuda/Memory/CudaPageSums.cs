using System.Runtime.InteropServices;
using ActorInference.Actors.Kv;
using ActorInference.Gpu.Cuda.Devices;
using ActorInference.Gpu.Cuda.Modules;
using ManagedCuda;
using ManagedCuda.BasicTypes;
using static ManagedCuda.DriverAPINativeMethods;

namespace ActorInference.Gpu.Cuda.Memory;

/// <summary>Checksums of pages where they are: 16 sums of each come to the host, and not the page. Thread-safe.</summary>
internal sealed unsafe class CudaPageSums : IDisposable
{
    private const int Threads = 256;
    private const int MaxPages = 256;

    private readonly Lock _lock = new();
    private readonly CudaDevice _device;
    private readonly CudaPageCopies _copies;
    private readonly CudaKernel _kernel;
    private readonly CudaStream _stream;
    private readonly KernelLaunch _launch;
    private readonly CudaEvent _done;
    private readonly CudaDeviceVariable<byte> _target;
    private readonly CudaPageLockedHostMemory<byte> _host;
    private readonly int _pageBytes;

    /// <param name="device">Outlives it.</param>
    /// <param name="pageBytes">Of a page.</param>
    /// <param name="copies">For pages that are no whole number of the checksum's rows.</param>
    /// <exception cref="Cuda.CudaMemoryException">There is no memory.</exception>
    public CudaPageSums(CudaDevice device, int pageBytes, CudaPageCopies copies)
    {
        (_device, _pageBytes, _copies) = (device, pageBytes, copies);
        _kernel = new CudaKernel("page_sums", device.Modules.Load("pages.cu"));
        _target = device.Allocate(MaxPages * (PageSums.LaneBytes + sizeof(int)), "checksums");
        _host = device.AllocatePinned<byte>(MaxPages * (PageSums.LaneBytes + sizeof(int)), "checksums");
        _stream = device.NewStream();
        _launch = new KernelLaunch(device, _stream.Stream);
        _done = device.NewEvent();
    }

    /// <param name="first">First byte of the pool.</param>
    /// <param name="pages">Numbers of pages that are as they are to stay.</param>
    /// <param name="checksums">Overwritten.</param>
    public void Run(CUdeviceptr first, ReadOnlySpan<int> pages, Span<uint> checksums)
    {
        if (_pageBytes % PageSums.RowBytes != 0)
        {
            RunHere(first, pages, checksums);
            return;
        }

        lock (_lock)
        {
            _device.Enter();
            for (var at = 0; at < pages.Length; at += MaxPages)
            {
                var count = Math.Min(MaxPages, pages.Length - at);
                RunThere(first, pages.Slice(at, count), checksums[at..]);
            }
        }
    }

    public void Dispose()
    {
        _done.Dispose();
        _launch.Dispose();
        _stream.Dispose();
        _host.Dispose();
        _target.Dispose();
    }

    private void RunThere(CUdeviceptr first, ReadOnlySpan<int> pages, Span<uint> checksums)
    {
        var (sums, numbers) = (MaxPages * PageSums.LaneBytes, pages.Length * sizeof(int));
        var host = (byte*)_host.PinnedHostPointer;
        pages.CopyTo(new Span<int>(host + sums, pages.Length));
        var numbersAt = _target.DevicePointer + (SizeT)sums;
        _device.Check(AsynchronousMemcpy_v2.cuMemcpyHtoDAsync_v2(numbersAt, (nint)(host + sums), numbers, _stream.Stream), "cuMemcpyHtoDAsync");
        _launch.With((ulong)_target.DevicePointer.Pointer).With((ulong)first.Pointer).With((ulong)numbersAt.Pointer).With(_pageBytes / PageSums.RowBytes).With((long)_pageBytes)
            .Run(_kernel, pages.Length, 1, 1, Threads);
        _device.Check(AsynchronousMemcpy_v2.cuMemcpyDtoHAsync_v2((nint)host, _target.DevicePointer, (long)pages.Length * PageSums.LaneBytes, _stream.Stream), "cuMemcpyDtoHAsync");
        _device.Record(_done, _stream.Stream);
        _device.Wait(_done);
        var lanes = MemoryMarshal.Cast<byte, ulong>(new ReadOnlySpan<byte>(host, pages.Length * PageSums.LaneBytes));
        var each = PageSums.LaneBytes / sizeof(ulong);
        for (var i = 0; i < pages.Length; i++) checksums[i] = PageSums.Finish(lanes.Slice(i * each, each), _pageBytes);
    }

    private void RunHere(CUdeviceptr first, ReadOnlySpan<int> pages, Span<uint> checksums)
    {
        var page = new byte[_pageBytes];
        for (var i = 0; i < pages.Length; i++)
        {
            _copies.Read(first + (SizeT)((long)pages[i] * _pageBytes), page);
            checksums[i] = PageChecksum.Compute(page);
        }
    }
}
