using System.IO.MemoryMappedFiles;

namespace ActorInference.Actors.Kv;

/// <summary>
/// Memory that other processes of this host can map: a file in /dev/shm, removed when its owner disposes it. What owners
/// left behind that died is removed by the next owner on this host, and by receivers that had mapped it.
/// </summary>
public sealed unsafe class SharedSegment : IDisposable
{
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly bool _owns;
    private byte* _address;

    private SharedSegment(FileStream stream, long bytes, bool owns)
    {
        (Path, Bytes, _owns) = (stream.Name, bytes, owns);
        var access = stream.CanWrite ? MemoryMappedFileAccess.ReadWrite : MemoryMappedFileAccess.Read;
        // The file stays open, and locked against removal, for as long as it is mapped.
        _file = MemoryMappedFile.CreateFromFile(stream, mapName: null, 0, access, HandleInheritability.None, leaveOpen: false);
        _view = _file.CreateViewAccessor(0, bytes, access);
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _address);
        _address += _view.PointerOffset;
    }

    /// <summary>Where segments lie on this host; null where it has no shared memory.</summary>
    public static string? Folder { get; } = Directory.Exists("/dev/shm") ? "/dev/shm" : null;

    public string Path { get; }

    public long Bytes { get; }

    public byte* Address => _address;

    /// <summary>Whether its owner has died.</summary>
    public bool IsAbandoned => SegmentName.IsOwnerDead(System.IO.Path.GetFileName(Path));

    /// <summary>Makes a segment. Its memory is taken at once: running out of it later would end the process.</summary>
    /// <exception cref="SharedMemoryException">There is not that much shared memory; none is taken.</exception>
    public static SharedSegment Create(long bytes)
    {
        var folder = Folder ?? throw new SharedMemoryException("This system has no /dev/shm.");
        RemoveAbandoned();
        return Create(folder, bytes);
    }

    /// <summary>The same in any folder, for tests of a full one.</summary>
    internal static SharedSegment Create(string folder, long bytes)
    {
        var free = new DriveInfo(folder).AvailableFreeSpace;
        if (bytes > free) throw new SharedMemoryException($"{folder} has {free} bytes free; {bytes} are needed.");
        var path = System.IO.Path.Combine(folder, SegmentName.New());
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, Share = FileShare.ReadWrite | FileShare.Delete, PreallocationSize = bytes,
        };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        FileStream? stream = null;
        try
        {
            stream = new FileStream(path, options);
            stream.SetLength(bytes);
            return new SharedSegment(stream, bytes, owns: true);
        }
        catch (IOException cause)
        {
            // Somebody else took it meanwhile.
            stream?.Dispose();
            File.Delete(path);
            throw new SharedMemoryException($"{folder} had {free} bytes free, and {bytes} could not be taken: {cause.Message}", cause);
        }
    }

    /// <summary>Maps another process's segment for reading.</summary>
    /// <param name="path">As the owner told it; must be a segment in this host's folder of them.</param>
    /// <param name="bytes">Its expected length.</param>
    /// <exception cref="IOException">It is not there, or not of that length.</exception>
    public static SharedSegment Open(string path, long bytes) => Open(path, bytes, FileAccess.Read);

    /// <summary>Maps a segment that processes write together.</summary>
    /// <param name="path">As above.</param>
    /// <param name="bytes">As above.</param>
    /// <exception cref="IOException">As above.</exception>
    public static SharedSegment OpenForWriting(string path, long bytes) => Open(path, bytes, FileAccess.ReadWrite);

    private static SharedSegment Open(string path, long bytes, FileAccess access)
    {
        if (System.IO.Path.GetDirectoryName(path) != Folder || !SegmentName.IsOne(System.IO.Path.GetFileName(path)))
            throw new IOException($"'{path}' is not a segment of KV pages.");
        var stream = new FileStream(path, FileMode.Open, access, FileShare.ReadWrite | FileShare.Delete);
        if (stream.Length == bytes && bytes > 0) return new SharedSegment(stream, bytes, owns: false);
        var length = stream.Length;
        stream.Dispose();
        throw new IOException($"{path} has {length} bytes; expected {bytes}.");
    }

    /// <summary>Removes what owners left behind that died and nobody has mapped.</summary>
    public static void RemoveAbandoned()
    {
        if (Folder is null) return;
        foreach (var path in Directory.EnumerateFiles(Folder, SegmentName.Pattern))
        {
            if (!SegmentName.IsOwnerDead(System.IO.Path.GetFileName(path))) continue;
            try
            {
                // Nobody has it open: neither an owner that this process cannot see, in another container, nor a receiver.
                using var alone = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.None);
                File.Delete(path);
            }
            catch (Exception notOurs) when (notOurs is UnauthorizedAccessException or IOException)
            {
                // Another user's, theirs to remove; or in use; or another process was faster.
            }
        }
    }

    /// <summary>Removes a segment's name if its owner has died; for a process that belongs to the owner, and was to end with it.</summary>
    /// <returns>Whether the owner has died.</returns>
    public static bool RemoveIfAbandoned(string path)
    {
        if (!SegmentName.IsOwnerDead(System.IO.Path.GetFileName(path))) return false;
        File.Delete(path);
        return true;
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
}
