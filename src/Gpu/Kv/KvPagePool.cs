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

    private readonly Lock _lock = new();
    private readonly int[] _free;
    private readonly int[] _references;
    private readonly int[] _generations;
    private readonly NativePage?[] _views;
    private readonly SharedSegment? _segment;
    private readonly IPoolMemory? _storage;
    private byte* _memory;
    private int _freeCount;

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
        _free = new int[capacityPages];
        _references = new int[capacityPages];
        _generations = new int[capacityPages];
        for (var i = 0; i < capacityPages; i++) _free[i] = capacityPages - 1 - i;
        _freeCount = capacityPages;
        _views = new NativePage?[capacityPages];
        var bytes = (long)layout.PageBytes * capacityPages;
        if (shared) _segment = SharedSegment.Create(bytes);
        _memory = _segment is null ? (byte*)NativeMemory.AlignedAlloc((nuint)bytes, AlignmentBytes) : _segment.Address;
    }

    /// <param name="layout">Shape of each page.</param>
    /// <param name="capacityPages">Number of pages, at least 1.</param>
    /// <param name="storage">Memory for all of them, one after the other; the pool disposes it.</param>
    public KvPagePool(KvPageLayout layout, int capacityPages, IPoolMemory storage)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(capacityPages);
        Layout = layout;
        CapacityPages = capacityPages;
        (_free, _references, _generations) = (new int[capacityPages], new int[capacityPages], new int[capacityPages]);
        for (var i = 0; i < capacityPages; i++) _free[i] = capacityPages - 1 - i;
        _freeCount = capacityPages;
        _views = new NativePage?[capacityPages];
        _storage = storage;
        _memory = storage.Address;
    }

    ~KvPagePool()
    {
        // A segment's own handles are finalized by themselves; its file goes with the next owner's start.
        if (_segment is null && _storage is null) FreeMemory();
    }

    /// <summary>Tells this pool's pages from those of others.</summary>
    public KvPoolId Id { get; } = KvPoolId.New();

    public KvPageLayout Layout { get; }

    public int CapacityPages { get; }

    public string? SharedPath => _segment?.Path ?? _storage?.SharedName;

    /// <summary>Pages that nobody holds.</summary>
    public int FreePages
    {
        get { lock (_lock) return _freeCount; }
    }

    public int UsedPages => CapacityPages - FreePages;

    /// <summary>Takes <paramref name="pages"/>.Length pages with one reference each, or none at all.</summary>
    /// <param name="pages">Filled with page numbers on success.</param>
    /// <returns>Whether there were enough.</returns>
    public bool TryAllocate(Span<int> pages)
    {
        lock (_lock)
        {
            if (_freeCount < pages.Length) return false;
            for (var i = 0; i < pages.Length; i++)
            {
                var page = _free[--_freeCount];
                _references[page] = 1;
                pages[i] = page;
            }

            return true;
        }
    }

    /// <summary>Tells this use of a page from earlier and later ones; it changes whenever the page becomes free.</summary>
    /// <exception cref="InvalidOperationException">Nobody holds the page.</exception>
    public int Generation(int page)
    {
        lock (_lock)
        {
            ThrowIfFree(page);
            return _generations[page];
        }
    }

    /// <summary>Adds a reference to a page that may have been released meanwhile.</summary>
    /// <param name="generation">The <see cref="Generation"/> under which the caller knows it.</param>
    /// <returns>False if the page is no longer that one; nothing has changed then.</returns>
    public bool TryAddReference(int page, int generation)
    {
        lock (_lock)
        {
            if (_references[page] == 0 || _generations[page] != generation) return false;
            _references[page]++;
            return true;
        }
    }

    /// <summary>Adds a reference to a page that the caller holds.</summary>
    /// <exception cref="InvalidOperationException">Nobody holds the page.</exception>
    public void AddReference(int page)
    {
        lock (_lock)
        {
            ThrowIfFree(page);
            _references[page]++;
        }
    }

    /// <summary>Adds a reference to each of the pages, which the caller holds: to all of them, or to none.</summary>
    /// <exception cref="InvalidOperationException">Nobody holds one of the pages. Nothing has changed.</exception>
    public void AddReferences(ReadOnlySpan<int> pages)
    {
        lock (_lock)
        {
            foreach (var page in pages) ThrowIfFree(page);
            foreach (var page in pages) _references[page]++;
        }
    }

    /// <summary>Gives back one reference of each page; the last one frees it.</summary>
    /// <exception cref="InvalidOperationException">A page is free already: somebody released it twice.</exception>
    public void Release(ReadOnlySpan<int> pages)
    {
        lock (_lock)
        {
            foreach (var page in pages)
            {
                ThrowIfFree(page);
                if (--_references[page] > 0) continue;
                _generations[page]++;
                _free[_freeCount++] = page;
            }
        }
    }

    /// <summary>First byte of a page, for the host or the device that has it; <see cref="KvPageLayout.PageBytes"/> bytes are the page's.</summary>
    public byte* Address(int page) => _memory + (nint)page * Layout.PageBytes;

    /// <inheritdoc/>
    public bool HasBytes => _storage is null;

    /// <inheritdoc/>
    public Memory<byte> Bytes(int page) => HasBytes
        ? (_views[page] ??= new NativePage(this, page)).Memory
        : throw new NotSupportedException("The pool's pages are in a device's memory, which the host reaches by copies alone.");

    /// <inheritdoc/>
    public void Read(int page, Span<byte> target)
    {
        if (_storage is null) Bytes(page).Span.CopyTo(target);
        else _storage.Read(page, target);
    }

    /// <inheritdoc/>
    public void Write(int page, ReadOnlySpan<byte> source)
    {
        if (_storage is null) source[..Layout.PageBytes].CopyTo(Bytes(page).Span);
        else _storage.Write(page, source);
    }

    /// <inheritdoc/>
    public void Sum(ReadOnlySpan<int> pages, Span<uint> checksums)
    {
        if (_storage is not null)
        {
            _storage.Sum(pages, checksums);
            return;
        }

        for (var i = 0; i < pages.Length; i++) checksums[i] = PageChecksum.Compute(Bytes(pages[i]).Span);
    }

    /// <inheritdoc/>
    public string? TryCopy(string sharedPath, ReadOnlySpan<int> theirs, ReadOnlySpan<int> mine) =>
        _storage is null ? "These pages are in the host's memory." : _storage.TryCopy(sharedPath, theirs, mine);

    public void ReleaseAbandoned() => _storage?.ReleaseAbandoned();

    /// <summary>First element of one layer's keys in a page, shape <c>[PageSizeTokens][KvHeads][HeadDim]</c>.</summary>
    public byte* Keys(int page, int layer) => Address(page) + (nint)layer * Layout.LayerBytes;

    /// <summary>First element of one layer's values in a page, same shape as the keys.</summary>
    public byte* Values(int page, int layer) => Keys(page, layer) + Layout.PlaneBytes;

    public void Dispose()
    {
        FreeMemory();
        GC.SuppressFinalize(this);
    }

    private void ThrowIfFree(int page)
    {
        if (_references[page] <= 0) throw new InvalidOperationException($"KV page {page} is free; it was released too often.");
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
