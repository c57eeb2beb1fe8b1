using ActorInference.Gpu.Cuda.Devices;
using ManagedCuda;

namespace ActorInference.Gpu.Cuda.Forward;

/// <summary>The logits of a step on the device, and those rows of them on the host that somebody asked for.</summary>
internal sealed unsafe class CudaLogits(CudaDevice device, int vocab) : IDisposable
{
    private CudaDeviceVariable<byte>? _target;
    private CudaPageLockedHostMemory<float>? _host;
    private bool[] _isHere = [];

    /// <summary>Counts up whenever they lie elsewhere.</summary>
    public int Version { get; private set; }

    /// <summary>Shape <c>[rows, vocab]</c>.</summary>
    public ulong Address => _target is null ? 0 : (ulong)_target.DevicePointer.Pointer;

    /// <summary>Makes room, and forgets what was there.</summary>
    /// <param name="rows">As products round them.</param>
    public void Reserve(int rows)
    {
        _isHere.AsSpan().Clear();
        if (rows <= _isHere.Length) return;
        Dispose();
        _target = device.Allocate((long)rows * vocab * sizeof(float), "logits");
        _host = device.AllocatePinned<float>((long)rows * vocab, "logits");
        _isHere = new bool[rows];
        Version++;
    }

    /// <summary>A row, on the host; the first time it is copied, when all that was launched is done.</summary>
    public Span<float> Row(int row)
    {
        var bytes = (long)vocab * sizeof(float);
        var place = _host!.PinnedHostPointer + (nint)(row * bytes);
        if (!_isHere[row])
        {
            device.Enter();
            var source = _target!.DevicePointer + (ManagedCuda.BasicTypes.SizeT)(row * bytes);
            device.Check(DriverAPINativeMethods.AsynchronousMemcpy_v2.cuMemcpyDtoHAsync_v2(place, source, bytes, device.Stream), "cuMemcpyDtoHAsync");
            device.Synchronize();
            _isHere[row] = true;
        }

        return new Span<float>((void*)place, vocab);
    }

    public void Dispose()
    {
        device.Release(_target);
        device.Release(_host);
        (_target, _host, _isHere) = (null, null, []);
    }
}
