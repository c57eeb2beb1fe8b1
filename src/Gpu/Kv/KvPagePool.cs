using System.Buffers;
using System.Runtime.InteropServices;
using ActorInference.Actors.Kv;

namespace ActorInference.Gpu.Kv;

/// <summary>
/// A fixed number of KV pages in one block of native memory, reference-counted so that a prefix can be shared and a
/// page handed from prefill to decode without a copy. Thread-safe: the workers of one process share it.
/// </summary>
public sealed unsafe class KvPagePool : IPageMemory, IDevicePages, IDisposable
{
    private const int AlignmentBytes = 4096;

    private readonly PageCounts _counts;
    private readonly NativePage?[] _views;
    private readonly SharedSegment? _segment;
    private readonly IPoolMemory? _storage;
    private readonly IDevicePoolMemory? _device;
    private byte* _memory;

    /// <param name="layout">Shape of each page.</param>
    /// <param name="capacityPages">Number of pages, at least 1. Memory is taken at once.</param>
    /// <param name="shared">Whether other processes of this host may map the pages.</param>
    /// <exception cref="OutOfMemoryException">The memory is not to be had.</exception>
    /// <exception cref="SharedMemoryException">Nor the shared memory.</exception>
    public KvPagePool(KvPageLayout layout, int capacityPages, bool shared = false)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(capacityPages);
        Layout = layout;
        CapacityPages = capacityPages;
        _counts = new PageCounts(capacityPages, "KV page");
        _views = new NativePage?[capacityPages];
        var bytes = (long)layout.PageBytes * capacityPages;
        if (shared) _segment = SharedSegment.Create(bytes);
        _memory = _segment is null ? Allocate(bytes) : _segment.Address;
    }

    /// <param name="layout">Shape of each page.</param>
    /// <param name="capacityPages">Number of pages, at least 1.</param>
    /// <param name="storage">Memory for all of them, one after the other; the pool disposes it.</param>
    public KvPagePool(KvPageLayout layout, int capacityPages, IPoolMemory storage)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(capacityPages);
        Layout = layout;
        CapacityPages = capacityPages;
        _counts = new PageCounts(capacityPages, "KV page");
        _views = new NativePage?[capacityPages];
        (_storage, _device) = (storage, storage as IDevicePoolMemory);
        _memory = storage.Address;
    }

    private KvPagePool(KvPageLayout layout, int capacityPages, SharedSegment segment)
    {
        Layout = layout;
        CapacityPages = capacityPages;
        _counts = new PageCounts(capacityPages, "KV page");
        _views = new NativePage?[capacityPages];
        _segment = segment;
        _memory = segment.Address;
    }

    /// <summary>Maps the pages of another process's pool, to read and write them: that one says who has which page.</summary>
    /// <param name="path">Its <see cref="SharedPath"/>.</param>
    /// <exception cref="IOException">It is not there, or has another size.</exception>
    internal static KvPagePool Map(KvPageLayout layout, int capacityPages, string path) =>
        new(layout, capacityPages, SharedSegment.OpenForWriting(path, (long)capacityPages * layout.PageBytes));

    ~KvPagePool()
    {
        // A segment's own handles are finalized by themselves; its file goes with the next owner's start.
        if (_segment is null && _storage is null) FreeMemory();
    }

    /// <summary>Where the pages are, if the pool has not taken the memory itself; else null.</summary>
    public IPoolMemory? Storage => _storage;

    /// <summary>Tells this pool's pages from those of others.</summary>
    public KvPoolId Id { get; } = KvPoolId.New();

    public KvPageLayout Layout { get; }

    public int CapacityPages { get; }

    public string? SharedPath => _segment?.Path ?? _device?.SharedName;

    /// <inheritdoc cref="PageCounts.FreePages"/>
    public int FreePages => _counts.FreePages;

    public int UsedPages => CapacityPages - FreePages;

    /// <inheritdoc cref="PageCounts.TryAllocate"/>
    public bool TryAllocate(Span<int> pages) => _counts.TryAllocate(pages);

    /// <inheritdoc cref="PageCounts.Generation"/>
    public int Generation(int page) => _counts.Generation(page);

    /// <inheritdoc cref="PageCounts.TryAddReference"/>
    public bool TryAddReference(int page, int generation) => _counts.TryAddReference(page, generation);

    /// <inheritdoc cref="PageCounts.AddReferences"/>
    public void AddReference(int page) => _counts.AddReferences([page]);

    /// <inheritdoc cref="PageCounts.AddReferences"/>
    public void AddReferences(ReadOnlySpan<int> pages) => _counts.AddReferences(pages);

    /// <inheritdoc cref="PageCounts.Release"/>
    public void Release(ReadOnlySpan<int> pages) => _counts.Release(pages);

    /// <summary>First byte of a page, for the host or the device that has it; <see cref="KvPageLayout.PageBytes"/> bytes are the page's.</summary>
    public byte* Address(int page) => _memory + (nint)page * Layout.PageBytes;

    /// <inheritdoc/>
    public bool HasBytes => _device is null;

    /// <inheritdoc/>
    public Memory<byte> Bytes(int page) => HasBytes
        ? (_views[page] ??= new NativePage(this, page)).Memory
        : throw new NotSupportedException("The pool's pages are in a device's memory, which the host reaches by copies alone.");

    /// <inheritdoc/>
    public void Read(int page, Span<byte> target)
    {
        if (_device is null) Bytes(page).Span.CopyTo(target);
        else _device.Read(page, target);
    }

    /// <inheritdoc/>
    public void Write(int page, ReadOnlySpan<byte> source)
    {
        if (_device is null) source[..Layout.PageBytes].CopyTo(Bytes(page).Span);
        else _device.Write(page, source);
    }

    /// <inheritdoc/>
    public void Sum(ReadOnlySpan<int> pages, Span<uint> checksums)
    {
        if (_device is not null)
        {
            _device.Sum(pages, checksums);
            return;
        }

        for (var i = 0; i < pages.Length; i++) checksums[i] = PageChecksum.Compute(Bytes(pages[i]).Span);
    }

    /// <inheritdoc/>
    public string? TryCopy(string sharedPath, ReadOnlySpan<int> theirs, ReadOnlySpan<int> mine) =>
        _device is null ? "These pages are in the host's memory." : _device.TryCopy(sharedPath, theirs, mine);

    /// <inheritdoc/>
    public IPageLanding? BeginLanding(int layers) => _device?.BeginLanding(layers);

    public void ReleaseAbandoned() => _device?.ReleaseAbandoned();

    /// <summary>First element of one layer's keys in a page, shape <c>[PageSizeTokens][KvHeads][HeadDim]</c>.</summary>
    public byte* Keys(int page, int layer) => Address(page) + (nint)layer * Layout.LayerBytes;

    /// <summary>First element of one layer's values in a page, same shape as the keys.</summary>
    public byte* Values(int page, int layer) => Keys(page, layer) + Layout.PlaneBytes;

    public void Dispose()
    {
        FreeMemory();
        GC.SuppressFinalize(this);
    }

    /// <summary>On large pages where they are granted: attention reads a head's few hundred bytes of each token, far apart.</summary>
    private static byte* Allocate(long bytes)
    {
        var memory = NativeMemory.AlignedAlloc((nuint)bytes, bytes < LargePages.Bytes ? AlignmentBytes : (nuint)LargePages.Bytes);
        LargePages.Advise(memory, bytes);
        return (byte*)memory;
    }

    private void FreeMemory()
    {
        if (_storage is not null) _storage.Dispose();
        else if (_segment is not null) _segment.Dispose();
        else NativeMemory.AlignedFree(_memory);
        _memory = null;
    }

    /// <summary>A page's bytes for interfaces that want managed memory. Keeps its pool alive.</summary>
    private sealed class NativePage(KvPagePool pool, int page) : MemoryManager<byte>
    {
        public override Span<byte> GetSpan() => new(pool.Address(page), pool.Layout.PageBytes);

        public override MemoryHandle Pin(int elementIndex = 0) => new(pool.Address(page) + elementIndex);

        public override void Unpin()
        {
        }

        protected override void Dispose(bool disposing)
        {
        }
    }
}
