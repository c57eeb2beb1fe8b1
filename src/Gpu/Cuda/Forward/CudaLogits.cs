using ActorInference.Gpu.Cuda.Devices;
using ActorInference.Gpu.Cuda.Modules;
using ActorInference.Gpu.Cuda.Ranks;
using ManagedCuda;

namespace ActorInference.Gpu.Cuda.Forward;

/// <summary>
/// The logits of a step on the device, and those rows of them on the host that somebody asked for. Where ranks have parts of the vocabulary, each
/// computes its own, and the first one puts them together.
/// </summary>
internal sealed unsafe class CudaLogits : IDisposable
{
    private const int Threads = 256;

    private readonly CudaDevice _device;
    private readonly int _vocab;
    private readonly int _ownTokens;
    private readonly DeviceGroup? _group;
    private readonly CudaKernel? _join;
    private CudaDeviceVariable<byte>? _target;
    private CudaDeviceVariable<byte>? _own;
    private CudaDeviceVariable<byte>? _parts;
    private CudaPageLockedHostMemory<float>? _host;
    private bool[] _isHere = [];

    /// <param name="device">Where they are.</param>
    /// <param name="vocab">Tokens of the model.</param>
    /// <param name="ownTokens">Tokens whose logits this rank computes.</param>
    /// <param name="group">Null for one rank.</param>
    public CudaLogits(CudaDevice device, int vocab, int ownTokens, DeviceGroup? group)
    {
        (_device, _vocab, _ownTokens, _group) = (device, vocab, ownTokens, group);
        if (group is not null) _join = new CudaKernel("join_logits", device.Modules.Load("join.cu"));
    }

    /// <summary>Counts up whenever they lie elsewhere.</summary>
    public int Version { get; private set; }

    /// <summary>Of all tokens, at the first rank. Shape <c>[rows, vocab]</c>.</summary>
    public ulong Address => AddressOf(_target);

    /// <summary>Those that this rank computes. Shape <c>[rows, own tokens]</c>.</summary>
    public ulong Own => _group is null ? Address : AddressOf(_own);

    /// <summary>Makes room, and forgets what was there.</summary>
    /// <param name="rows">As products round them.</param>
    public void Reserve(int rows)
    {
        _isHere.AsSpan().Clear();
        if (rows <= _isHere.Length) return;
        Dispose();
        if (_group is { } group)
        {
            var bytes = (long)rows * _ownTokens * sizeof(float);
            _own = _device.Allocate(bytes, "logits");
            _parts = _device.Allocate(bytes * group.Ranks, "logits");
        }

        if (_group is null or { Rank: 0 })
        {
            _target = _device.Allocate((long)rows * _vocab * sizeof(float), "logits");
            _host = _device.AllocatePinned<float>((long)rows * _vocab, "logits");
        }

        _isHere = new bool[rows];
        Version++;
    }

    /// <summary>Puts the ranks' parts together, once they are computed.</summary>
    /// <param name="rows">Of each.</param>
    public void Join(KernelLaunch launch, int rows)
    {
        if (_group is null) return;
        _group.Gather(Own, AddressOf(_parts), (long)rows * _ownTokens);
        if (_group.Rank > 0) return;
        launch.With(Address).With(AddressOf(_parts)).With(rows).With(_vocab).With(_group.Ranks).With(_ownTokens)
            .Run(_join!, (_vocab + Threads - 1) / Threads, rows, 1, Threads);
    }

    /// <summary>A row, on the host; the first time it is copied, when all that was launched is done.</summary>
    public Span<float> Row(int row)
    {
        var bytes = (long)_vocab * sizeof(float);
        var place = _host!.PinnedHostPointer + (nint)(row * bytes);
        if (!_isHere[row])
        {
            _device.Enter();
            var source = _target!.DevicePointer + (ManagedCuda.BasicTypes.SizeT)(row * bytes);
            _device.Check(DriverAPINativeMethods.AsynchronousMemcpy_v2.cuMemcpyDtoHAsync_v2(place, source, bytes, _device.Stream), "cuMemcpyDtoHAsync");
            _device.Synchronize();
            _isHere[row] = true;
        }

        return new Span<float>((void*)place, _vocab);
    }

    public void Dispose()
    {
        foreach (var part in (IDisposable?[])[_target, _own, _parts, _host]) _device.Release(part);
        (_target, _own, _parts, _host, _isHere) = (null, null, null, null, []);
    }

    private static ulong AddressOf(CudaDeviceVariable<byte>? memory) => memory is null ? 0 : (ulong)memory.DevicePointer.Pointer;
}
