using ActorInference.Actors.Kv;
using ActorInference.Gpu.Cuda.Devices;
using ManagedCuda;
using ManagedCuda.BasicTypes;
using static ManagedCuda.DriverAPINativeMethods;

namespace ActorInference.Gpu.Cuda.Memory;

/// <summary>
/// Pages that come in layer by layer, on a stream beside compute, by way of a ring of pinned slots: the host waits for the device only where it is a whole ring
/// ahead. What has come is marked by an event for each layer, for which compute waits. Thread-safe.
/// </summary>
internal sealed unsafe class CudaLandings : IDisposable
{
    private const int SlotBytes = 256 << 10;
    private const int Slots = 16;

    private readonly Lock _lock = new();
    private readonly CudaDevice _device;
    private readonly CUdeviceptr _pages;
    private readonly int _pageBytes;
    private readonly CudaStream _stream;
    private readonly CudaEvent[] _emptied = new CudaEvent[Slots];
    private readonly Stack<CudaEvent[]> _spare = [];
    private CudaPageLockedHostMemory<byte>? _ring;
    private long _filled;

    /// <param name="device">Outlives it.</param>
    /// <param name="pages">First byte of the pool.</param>
    /// <param name="pageBytes">Of a page.</param>
    public CudaLandings(CudaDevice device, CUdeviceptr pages, int pageBytes)
    {
        (_device, _pages, _pageBytes) = (device, pages, pageBytes);
        _stream = device.NewStream();
        for (var i = 0; i < Slots; i++) _emptied[i] = device.NewEvent();
    }

    /// <exception cref="Cuda.CudaMemoryException">There is no pinned memory.</exception>
    public IPageLanding Begin(int layers)
    {
        lock (_lock)
        {
            _device.Enter();
            // Of no use to whoever has no second tier.
            _ring ??= _device.AllocatePinned<byte>(Slots * SlotBytes, "copies of layers");
            if (!_spare.TryPop(out var landed) || landed.Length != layers) landed = [.. Enumerable.Range(0, layers).Select(_ => _device.NewEvent())];
            return new Landing(this, landed);
        }
    }

    public void Dispose()
    {
        foreach (var landed in _spare) Release(landed);
        Release(_emptied);
        _stream.Dispose();
        _ring?.Dispose();
    }

    private static void Release(CudaEvent[] points)
    {
        foreach (var point in points) point.Dispose();
    }

    private void Write(int page, int offset, ReadOnlySpan<byte> source, ref PageSums sums)
    {
        lock (_lock)
        {
            _device.Enter();
            for (var done = 0; done < source.Length; done += SlotBytes)
            {
                var (slot, count) = ((int)(_filled % Slots), Math.Min(SlotBytes, source.Length - done));
                if (_filled++ >= Slots) _device.Wait(_emptied[slot]);
                var place = (byte*)_ring!.PinnedHostPointer + slot * SlotBytes;
                sums.AddCopying(source.Slice(done, count), new Span<byte>(place, count), offset + done);
                var target = _pages + (SizeT)((long)page * _pageBytes + offset + done);
                _device.Check(AsynchronousMemcpy_v2.cuMemcpyHtoDAsync_v2(target, (nint)place, count, _stream.Stream), "cuMemcpyHtoDAsync");
                _device.Record(_emptied[slot], _stream.Stream);
            }
        }
    }

    private void Mark(CudaEvent landed)
    {
        lock (_lock)
        {
            _device.Enter();
            _device.Record(landed, _stream.Stream);
        }
    }

    private void Follow(CudaEvent landed)
    {
        _device.Enter();
        _device.Follow(landed);
    }

    private void Finish(CudaEvent[] landed)
    {
        _device.Enter();
        foreach (var point in landed) _device.Wait(point);
        lock (_lock) _spare.Push(landed);
    }

    private sealed class Landing(CudaLandings landings, CudaEvent[] landed) : IPageLanding
    {
        public void Write(int page, int offset, ReadOnlySpan<byte> source, ref PageSums sums) => landings.Write(page, offset, source, ref sums);

        public void Close(int layer) => landings.Mark(landed[layer]);

        public void Await(int layer) => landings.Follow(landed[layer]);

        public void Finish() => landings.Finish(landed);
    }
}
