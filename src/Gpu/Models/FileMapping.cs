using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;

namespace ActorInference.Gpu.Models;

/// <summary>All of a file in the address space, from the first view on; views that were taken keep it there. Thread-safe.</summary>
internal sealed class FileMapping : IDisposable
{
    private readonly MemoryMappedFile _file;
    private readonly Lazy<MemoryMappedViewAccessor> _all;

    /// <param name="stream">Taken over.</param>
    /// <exception cref="IOException">The system maps no such file.</exception>
    public FileMapping(FileStream stream)
    {
        _file = MemoryMappedFile.CreateFromFile(stream, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
        _all = new(() => _file.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read));
    }

    /// <summary>Another mapping, of the file's beginning.</summary>
    public MemoryMappedViewAccessor Head(long bytes) => _file.CreateViewAccessor(0, bytes, MemoryMappedFileAccess.Read);

    public TensorView View(TensorEntry tensor) => new(_all.Value, tensor);

    public void Dispose()
    {
        if (_all.IsValueCreated) _all.Value.Dispose();
        _file.Dispose();
    }
}

/// <summary>The mapped bytes of one tensor. Its owner disposes it; the data may be unaligned.</summary>
public sealed unsafe partial class TensorView : IDisposable
{
    private const int DropPagesAdvice = 4;

    private readonly MemoryMappedViewAccessor _all;

    internal TensorView(MemoryMappedViewAccessor all, TensorEntry tensor)
    {
        Entry = tensor;
        _all = all;
        byte* start = null;
        all.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        // SAFETY: the mapping lives until Dispose releases the pointer; the file's header has been checked, so that the tensor lies within it.
        Data = start + all.PointerOffset + tensor.OffsetBytes;
    }

    public TensorEntry Entry { get; }

    /// <summary>First byte; <see cref="TensorEntry.LengthBytes"/> of the entry are readable. Null once disposed.</summary>
    public byte* Data { get; private set; }

    /// <summary>Has the system count the data's pages no more as this process's. They can be read as before, and then count again.</summary>
    public void DropPages()
    {
        if (!OperatingSystem.IsLinux()) return;
        var page = (nuint)Environment.SystemPageSize;
        // What shares a page with another tensor stays.
        var (first, end) = (((nuint)Data + page - 1) / page * page, ((nuint)Data + (nuint)Entry.LengthBytes) / page * page);
        if (end > first) _ = AdviseMemory((void*)first, end - first, DropPagesAdvice);
    }

    public void Dispose()
    {
        if (Data == null) return;
        DropPages();
        Data = null;
        _all.SafeMemoryMappedViewHandle.ReleasePointer();
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int AdviseMemory(void* address, nuint length, int advice);
}
