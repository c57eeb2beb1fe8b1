using System.Globalization;
using System.IO.MemoryMappedFiles;

namespace ActorInference.Actors.Kv;

/// <summary>
/// Memory that other processes of this host can map: a file in /dev/shm, removed when its owner disposes it. What owners
/// left behind that died is removed by the next owner on this host.
/// </summary>
public sealed unsafe class SharedSegment : IDisposable
{
    private const string Prefix = "actor-inference-kv-";

    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly bool _owns;
    private byte* _address;

    private SharedSegment(MemoryMappedFile file, string path, long bytes, bool owns)
    {
        (_file, Path, Bytes, _owns) = (file, path, bytes, owns);
        _view = file.CreateViewAccessor(0, bytes, owns ? MemoryMappedFileAccess.ReadWrite : MemoryMappedFileAccess.Read);
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _address);
        _address += _view.PointerOffset;
    }

    /// <summary>Where segments lie on this host; null where it has no shared memory.</summary>
    public static string? Folder { get; } = Directory.Exists("/dev/shm") ? "/dev/shm" : null;

    public string Path { get; }

    public long Bytes { get; }

    public byte* Address => _address;

    /// <summary>Makes a segment. Its memory is taken at once: running out of it later would end the process.</summary>
    /// <exception cref="IOException">There is not that much shared memory.</exception>
    public static SharedSegment Create(long bytes)
    {
        var folder = Folder ?? throw new IOException("This system has no /dev/shm.");
        RemoveStale(folder);
        var path = System.IO.Path.Combine(folder, $"{Prefix}{Environment.ProcessId}-{Guid.NewGuid():n}");
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, Share = FileShare.ReadWrite | FileShare.Delete, PreallocationSize = bytes,
        };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        var stream = new FileStream(path, options);
        try
        {
            stream.SetLength(bytes);
            return new SharedSegment(Map(stream, MemoryMappedFileAccess.ReadWrite), path, bytes, owns: true);
        }
        catch
        {
            stream.Dispose();
            File.Delete(path);
            throw;
        }
    }

    /// <summary>Maps another process's segment for reading.</summary>
    /// <param name="path">As the owner told it; must be a segment in this host's folder of them.</param>
    /// <param name="bytes">Its expected length.</param>
    /// <exception cref="IOException">It is not there, or not of that length.</exception>
    public static SharedSegment Open(string path, long bytes)
    {
        if (System.IO.Path.GetDirectoryName(path) != Folder || !System.IO.Path.GetFileName(path).StartsWith(Prefix, StringComparison.Ordinal))
            throw new IOException($"'{path}' is not a segment of KV pages.");
        var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        if (stream.Length != bytes)
        {
            stream.Dispose();
            throw new IOException($"{path} has {stream.Length} bytes; expected {bytes}.");
        }

        return new SharedSegment(Map(stream, MemoryMappedFileAccess.Read), path, bytes, owns: false);
    }

    public void Dispose()
    {
        if (_address == null) return;
        _address = null;
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _file.Dispose();
        if (_owns) File.Delete(Path);
    }

    private static MemoryMappedFile Map(FileStream stream, MemoryMappedFileAccess access) =>
        MemoryMappedFile.CreateFromFile(stream, mapName: null, 0, access, HandleInheritability.None, leaveOpen: false);

    private static void RemoveStale(string folder)
    {
        foreach (var path in Directory.EnumerateFiles(folder, Prefix + "*"))
        {
            var owner = System.IO.Path.GetFileName(path)[Prefix.Length..].Split('-')[0];
            if (!int.TryParse(owner, CultureInfo.InvariantCulture, out var process) || Directory.Exists($"/proc/{process}")) continue;
            try
            {
                File.Delete(path);
            }
            catch (Exception notOurs) when (notOurs is UnauthorizedAccessException or IOException)
            {
                // Another user's: theirs to remove.
            }
        }
    }
}
