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

    private readonly PageCounts _counts;
    private readonly Page?[] _views;
    private readonly MemoryMappedFile? _file;
    private readonly MemoryMappedViewAccessor? _view;
    private byte* _base;
    private byte* _pages;

    /// <param name="layout">Shape of each page.</param>
    /// <param name="capacityPages">Number of pages, at least 1.</param>
    /// <param name="path">A file to keep them in; null for memory of this process alone.</param>
    /// <exception cref="IOException">The file cannot be made, or another process has it.</exception>
    public HostMemory(KvPageLayout layout, int capacityPages, string? path = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(capacityPages);
        (Layout, CapacityPages) = (layout, capacityPages);
        _counts = new PageCounts(capacityPages, "Host page");
        _views = new Page?[capacityPages];
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

    public int FreePages => _counts.FreePages;

    public bool TryAllocate(Span<int> pages) => _counts.TryAllocate(pages);

    /// <inheritdoc cref="PageCounts.Adopt"/>
    internal void Adopt(ReadOnlySpan<bool> taken) => _counts.Adopt(taken);

    public bool TryAddReference(int page, int generation) => _counts.TryAddReference(page, generation);

    public int Generation(int page) => _counts.Generation(page);

    public void AddReferences(ReadOnlySpan<int> pages) => _counts.AddReferences(pages);

    public void Release(ReadOnlySpan<int> pages) => _counts.Release(pages);

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
