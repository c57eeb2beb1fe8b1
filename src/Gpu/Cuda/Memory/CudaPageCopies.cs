using ActorInference.Gpu.Cuda.Devices;
using ManagedCuda;
using ManagedCuda.BasicTypes;
using static ManagedCuda.DriverAPINativeMethods;

namespace ActorInference.Gpu.Cuda.Memory;

/// <summary>
/// Copies between a device and any memory of the host, on a stream beside compute: through two pinned buffers, one of which the device
/// fills or empties while the host does the other. Thread-safe; allocates nothing.
/// </summary>
internal sealed unsafe class CudaPageCopies : IDisposable
{
    private const int SlotBytes = 4 << 20;
    private const int Slots = 2;

    private readonly Lock _lock = new();
    private readonly CudaDevice _device;
    private readonly CudaStream _stream;
    private readonly CudaPageLockedHostMemory<byte> _pinned;
    private readonly CudaEvent[] _done = new CudaEvent[Slots];

    /// <exception cref="Cuda.CudaMemoryException">There is no pinned memory.</exception>
    public CudaPageCopies(CudaDevice device)
    {
        _device = device;
        _pinned = device.AllocatePinned<byte>(Slots * SlotBytes, "copies of pages");
        _stream = device.NewStream();
        for (var i = 0; i < Slots; i++) _done[i] = device.NewEvent();
    }

    /// <summary>Copies what compute had written when it was last waited for.</summary>
    public void Read(CUdeviceptr source, Span<byte> target)
    {
        lock (_lock)
        {
            _device.Enter();
            var (asked, here) = (0, 0);
            for (var slot = 0; here < target.Length; slot ^= 1)
            {
                // One slot ahead of what is taken out.
                for (; asked < target.Length && asked < here + Slots * SlotBytes; asked += SlotBytes) Ask(source, asked, target.Length);
                _device.Wait(_done[slot]);
                var count = Math.Min(SlotBytes, target.Length - here);
                new ReadOnlySpan<byte>(Slot(slot), count).CopyTo(target[here..]);
                here += count;
            }
        }
    }

    /// <summary>Compute that is launched when this has returned finds it there.</summary>
    public void Write(CUdeviceptr target, ReadOnlySpan<byte> source)
    {
        lock (_lock)
        {
            _device.Enter();
            for (int done = 0, slot = 0; done < source.Length; done += SlotBytes, slot ^= 1)
            {
                if (done >= Slots * SlotBytes) _device.Wait(_done[slot]);
                var count = Math.Min(SlotBytes, source.Length - done);
                source.Slice(done, count).CopyTo(new Span<byte>(Slot(slot), count));
                _device.Check(AsynchronousMemcpy_v2.cuMemcpyHtoDAsync_v2(target + (SizeT)done, (nint)Slot(slot), count, _stream.Stream), "cuMemcpyHtoDAsync");
                _device.Record(_done[slot], _stream.Stream);
            }

            for (var slot = 0; slot < Math.Min(Slots, (source.Length + SlotBytes - 1) / SlotBytes); slot++) _device.Wait(_done[slot]);
        }
    }

    public void Dispose()
    {
        foreach (var done in _done) done.Dispose();
        _stream.Dispose();
        _pinned.Dispose();
    }

    private void Ask(CUdeviceptr source, int first, int length)
    {
        var slot = first / SlotBytes % Slots;
        var count = Math.Min(SlotBytes, length - first);
        _device.Check(AsynchronousMemcpy_v2.cuMemcpyDtoHAsync_v2((nint)Slot(slot), source + (SizeT)first, count, _stream.Stream), "cuMemcpyDtoHAsync");
        _device.Record(_done[slot], _stream.Stream);
    }

    private byte* Slot(int slot) => (byte*)_pinned.PinnedHostPointer + slot * SlotBytes;
}
