using System.IO.MemoryMappedFiles;
using ActorInference.Actors.Kv;

namespace ActorInference.Cache.Store;

/// <summary>Shared memory of a given name that outlives its process, so that the next one finds what is in it.</summary>
internal sealed unsafe class KeptSegment : IDisposable
{
    /// <summary>As other segments are named, so that readers may map it; but no process number, so that nobody takes it for abandoned.</summary>
    private const string Prefix = "actor-inference-kv-kept-";

    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private byte* _address;

    /// <summary>Makes the segment, or maps the one that is there.</summary>
    /// <param name="name">Letters, digits, dots and dashes.</param>
    /// <exception cref="IOException">There is not that much shared memory.</exception>
    public KeptSegment(string name, long bytes)
    {
        Path = PathOf(name);
        WasThere = File.Exists(Path) && new FileInfo(Path).Length == bytes;
        if (!WasThere) File.Delete(Path);
        var options = new FileStreamOptions
        {
            Mode = WasThere ? FileMode.Open : FileMode.CreateNew, Access = FileAccess.ReadWrite, Share = FileShare.ReadWrite | FileShare.Delete, PreallocationSize = WasThere ? 0 : bytes,
        };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        var stream = new FileStream(Path, options);
        stream.SetLength(bytes);
        _file = MemoryMappedFile.CreateFromFile(stream, mapName: null, 0, MemoryMappedFileAccess.ReadWrite, HandleInheritability.None, leaveOpen: false);
        _view = _file.CreateViewAccessor(0, bytes, MemoryMappedFileAccess.ReadWrite);
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _address);
        _address += _view.PointerOffset;
    }

    public string Path { get; }

    /// <summary>Whether an earlier process left it, with this length.</summary>
    public bool WasThere { get; }

    public byte* Address => _address;

    public void Dispose()
    {
        if (_address == null) return;
        _address = null;
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _file.Dispose();
    }

    private static string PathOf(string name)
    {
        var folder = SharedSegment.Folder ?? throw new IOException("This system has no /dev/shm.");
        if (name.Length == 0 || name.Any(letter => !char.IsAsciiLetterOrDigit(letter) && letter is not ('.' or '-')))
            throw new ArgumentException($"'{name}' does not name shared memory; it must be letters, digits, dots and dashes.", nameof(name));
        return System.IO.Path.Combine(folder, Prefix + name);
    }
}
