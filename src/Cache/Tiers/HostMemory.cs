using System.Buffers;
using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;
using ActorInference.Actors.Kv;

namespace ActorInference.Cache.Tiers;

/// <summary>
/// The pages of the host tier: one block of native memory, or a file in shared memory that outlives the process and has
/// a record for each page (docs/formats/host-pool.md). Reference counts are the owner's; this is thread-safe.
/// </summary>
public sealed unsafe class HostMemory : IPageMemory, IDisposable
{
    private const int AlignmentBytes = 4096;

    private readonly Lock _lock = new();
    private readonly int[] _free;
    private readonly int[] _references;
    private readonly int[] _generations;
    private readonly Page?[] _views;
    private readonly MemoryMappedFile? _file;
    private readonly MemoryMappedViewAccessor? _view;
    private byte* _base;
    private byte* _pages;
    private int _freeCount;

    /// <param name="layout">Shape of each page.</param>
    /// <param name="capacityPages">Number of pages, at least 1.</param>
    /// <param name="path">A file to keep them in; null for memory of this process alone.</param>
    /// <exception cref="IOException">The file cannot be made, or another process has it.</exception>
    public HostMemory(KvPageLayout layout, int capacityPages, string? path = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(capacityPages);
        (Layout, CapacityPages) = (layout, capacityPages);
        _references = new int[capacityPages];
        _generations = new int[capacityPages];
        _views = new Page?[capacityPages];
        _free = new int[capacityPages];
        for (var i = 0; i < capacityPages; i++) _free[i] = capacityPages - 1 - i;
        _freeCount = capacityPages;
        var pageBytes = (long)layout.PageBytes * capacityPages;
        if (path is null)
        {
            _base = _pages = (byte*)NativeMemory.AlignedAlloc((nuint)pageBytes, AlignmentBytes);
            return;
        }

        var head = HostRecords.HeadBytes(capacityPages);
        _file = Map(path, head + pageBytes);
        _view = _file.CreateViewAccessor();
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _base);
        _pages = _base + head;
        Records = new HostRecords(_base, layout, capacityPages);
    }

    public KvPoolId Id { get; } = KvPoolId.New();

    public KvPageLayout Layout { get; }

    public int CapacityPages { get; }

    /// <summary>Not for other processes to map while this one lives.</summary>
    public string? SharedPath => null;

    /// <summary>The records of the pages, if they outlive the process.</summary>
    internal HostRecords? Records { get; }

    public int FreePages
    {
        get { lock (_lock) return _freeCount; }
    }

    public bool TryAllocate(Span<int> pages)
    {
        lock (_lock)
        {
            if (_freeCount < pages.Length) return false;
            for (var i = 0; i < pages.Length; i++)
            {
                pages[i] = _free[--_freeCount];
                _references[pages[i]] = 1;
            }

            return true;
        }
    }

    /// <summary>Takes the page of that number, which was in use when an earlier process ended.</summary>
    /// <param name="taken">Whether each page is wanted. Shape <c>[CapacityPages]</c>.</param>
    internal void Adopt(ReadOnlySpan<bool> taken)
    {
        lock (_lock)
        {
            _freeCount = 0;
            for (var page = CapacityPages - 1; page >= 0; page--)
            {
                if (taken[page]) _references[page] = 1;
                else _free[_freeCount++] = page;
            }
        }
    }

    public bool TryAddReference(int page, int generation)
    {
        lock (_lock)
        {
            if (_references[page] == 0 || _generations[page] != generation) return false;
            _references[page]++;
            return true;
        }
    }

    public int Generation(int page)
    {
        lock (_lock)
        {
            ThrowIfFree(page);
            return _generations[page];
        }
    }

    public void AddReferences(ReadOnlySpan<int> pages)
    {
        lock (_lock)
        {
            foreach (var page in pages) ThrowIfFree(page);
            foreach (var page in pages) _references[page]++;
        }
    }

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

    public Memory<byte> Bytes(int page) => (_views[page] ??= new Page(this, page)).Memory;

    /// <summary>The bytes of a page without an object for it.</summary>
    public Span<byte> Span(int page) => new(_pages + (nint)page * Layout.PageBytes, Layout.PageBytes);

    public void Dispose()
    {
        if (_base == null) return;
        if (_view is null)
        {
            NativeMemory.AlignedFree(_base);
        }
        else
        {
            _view.SafeMemoryMappedViewHandle.ReleasePointer();
            _view.Dispose();
            _file!.Dispose();
        }

        _base = _pages = null;
    }

    private static MemoryMappedFile Map(string path, long bytes)
    {
        // No sharing: two processes would overwrite each other's pages.
        var stream = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        try
        {
            if (stream.Length != bytes)
            {
                // Of another size, so of another layout: nothing in it is ours. Reserved whole, or running out of memory later would end the process.
                stream.SetLength(0);
                stream.SetLength(bytes);
            }

            return MemoryMappedFile.CreateFromFile(stream, mapName: null, 0, MemoryMappedFileAccess.ReadWrite, HandleInheritability.None, leaveOpen: false);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    private void ThrowIfFree(int page)
    {
        if (_references[page] <= 0) throw new InvalidOperationException($"Host page {page} is free; it was released too often.");
    }

    /// <summary>A page's bytes for interfaces that want managed memory.</summary>
    private sealed class Page(HostMemory memory, int page) : MemoryManager<byte>
    {
        public override Span<byte> GetSpan() => memory.Span(page);

        public override MemoryHandle Pin(int elementIndex = 0) => new(memory._pages + (nint)page * memory.Layout.PageBytes + elementIndex);

        public override void Unpin()
        {
        }

        protected override void Dispose(bool disposing)
        {
        }
    }
}
