using ActorInference.Actors.Kv;
using ActorInference.Gpu.Cuda.Devices;
using ActorInference.Gpu.Cuda.Memory;
using ActorInference.Gpu.Kv;

namespace ActorInference.Gpu.Cuda.Ranks;

/// <summary>
/// Pages of a model that is divided over devices: each has its rank's heads of every page. All of it belongs to rank 0's process, so that
/// what is in the pages outlives the other ranks' processes, which open their parts by name. The host sees whole pages.
/// </summary>
public sealed unsafe class RankedPoolMemory : IDevicePoolMemory
{
    private readonly Lock _lock = new();
    private readonly List<CudaDevice> _devices = [];
    private readonly List<CudaPoolMemory> _parts = [];
    private readonly byte[] _scratch;
    private readonly byte[] _whole;
    private readonly int _rows;
    private readonly int _rowBytes;

    /// <param name="device">Rank 0's; the others' are those that the driver counts after it. Outlives the memory.</param>
    /// <param name="ranks">At least 2; divide the layout's heads.</param>
    /// <param name="layout">Of a whole page.</param>
    /// <param name="pages">At least 1.</param>
    /// <exception cref="CudaMemoryException">A device has not the memory. Nothing stays allocated.</exception>
    /// <exception cref="CudaLibraryException">The driver does not share a device's memory with other processes. Nothing stays allocated.</exception>
    public RankedPoolMemory(CudaDevice device, int ranks, KvPageLayout layout, int pages)
    {
        var part = PartOf(layout, ranks);
        (_rows, _rowBytes) = (layout.Layers * 2 * layout.PageSizeTokens, part.KvHeads * part.HeadBytes);
        (_scratch, _whole) = (new byte[part.PageBytes], new byte[layout.PageBytes]);
        try
        {
            _devices.Add(device);
            _parts.Add(new CudaPoolMemory(device, part, pages));
            for (var rank = 1; rank < ranks; rank++)
            {
                var other = new CudaDevice(device.Index + rank, device.Modules.Folder) { Deadline = device.Deadline };
                _devices.Add(other);
                _parts.Add(new CudaPoolMemory(other, part, pages));
                if (_parts[rank].SharedName is null) throw new CudaLibraryException($"cuda:{other.Index}: the driver does not share memory between processes, in which ranks have their pages.");
            }

            device.Enter();   // As it was.
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Rank 0's part.</summary>
    public byte* Address => _parts[0].Address;

    /// <summary>None: no other process has one address for all parts.</summary>
    public string? SharedName => null;

    /// <summary>Cancelled when one of the other devices is lost to this process.</summary>
    public IEnumerable<CancellationToken> WhenLost => _devices.Skip(1).Select(device => device.WhenLost);

    /// <summary>What a rank has of a page.</summary>
    public static KvPageLayout PartOf(KvPageLayout layout, int ranks) => layout with { KvHeads = layout.KvHeads / ranks };

    /// <summary>Name by which a rank opens its part.</summary>
    public string NameOf(int rank) => _parts[rank].SharedName!;

    public string? TryCopy(string sharedName, ReadOnlySpan<int> theirs, ReadOnlySpan<int> mine) => "These pages are divided over several devices.";

    public void ReleaseAbandoned()
    {
        // Nothing of other processes is open here.
    }

    public void Read(int page, Span<byte> target)
    {
        lock (_lock)
        {
            for (var rank = 0; rank < _parts.Count; rank++)
            {
                _parts[rank].Read(page, _scratch);
                for (var row = 0; row < _rows; row++) _scratch.AsSpan(row * _rowBytes, _rowBytes).CopyTo(target[Place(rank, row)..]);
            }
        }
    }

    public void Write(int page, ReadOnlySpan<byte> source)
    {
        lock (_lock)
        {
            for (var rank = 0; rank < _parts.Count; rank++)
            {
                for (var row = 0; row < _rows; row++) source.Slice(Place(rank, row), _rowBytes).CopyTo(_scratch.AsSpan(row * _rowBytes));
                _parts[rank].Write(page, _scratch);
            }
        }
    }

    public void Sum(ReadOnlySpan<int> pages, Span<uint> checksums)
    {
        lock (_lock)
        {
            for (var i = 0; i < pages.Length; i++)
            {
                Read(pages[i], _whole);
                checksums[i] = PageChecksum.Compute(_whole);
            }
        }
    }

    public void Dispose()
    {
        for (var rank = _devices.Count - 1; rank >= 0; rank--)
        {
            if (!_devices[rank].IsLost) _devices[rank].Enter();
            if (rank < _parts.Count) _parts[rank].Dispose();
            if (rank > 0) _devices[rank].Dispose();
        }

        _parts.Clear();
        _devices.Clear();
    }

    /// <summary>Where a rank's heads of a token, in keys or values of a layer, lie in a whole page.</summary>
    private int Place(int rank, int row) => (row * _parts.Count + rank) * _rowBytes;
}
