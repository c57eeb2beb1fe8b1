using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ActorInference.Cache.Store;

/// <summary>
/// Reading of large successive parts of a file past the system's cache, straight into the memory they are for: the disk's controller copies, no
/// processor does, and nothing that the system caches has to go. Where the system cannot, the caller reads as usual.
/// </summary>
/// <remarks>What the system has in its cache is faster read from there: <see cref="CachedFile"/> tells.</remarks>
internal static partial class DirectRead
{
    /// <summary>Offsets and lengths in the file are multiples of this; no disk in use has larger blocks.</summary>
    public const int FileUnit = 4096;

    /// <summary>Addresses are multiples of this.</summary>
    public const int MemoryUnit = 512;

    private const int ReadOnly = 0;
    private const int CloseOnExec = 0x80000;

    /// <summary>O_DIRECT; 0 on systems of which it is not known.</summary>
    private static readonly int Direct = !OperatingSystem.IsLinux() ? 0 : RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.X64 => 0x4000,
        Architecture.Arm64 => 0x10000,
        _ => 0,
    };

    /// <summary>Whether parts that lie so can be read this way at all.</summary>
    public static bool IsAligned(long offset, IReadOnlyList<Memory<byte>> targets)
    {
        if (Direct == 0 || offset % FileUnit != 0) return false;
        foreach (var target in targets)
        {
            if (target.Length % FileUnit != 0 || AddressOf(target) % MemoryUnit != 0) return false;
        }

        return true;
    }

    /// <returns>False if the system does not read this file so, or has not brought all: what is in the targets then is nobody's.</returns>
    public static bool TryRead(string path, long offset, IReadOnlyList<Memory<byte>> targets)
    {
        if (!IsAligned(offset, targets)) return false;
        var descriptor = Open(path, ReadOnly | CloseOnExec | Direct);
        if (descriptor < 0) return false;
        using var file = new SafeFileHandle(descriptor, ownsHandle: true);
        try
        {
            return RandomAccess.Read(file, targets, offset) == targets.Sum(static target => (long)target.Length);
        }
        catch (IOException)
        {
            return false;   // The usual way says which page it was.
        }
    }

    private static unsafe nint AddressOf(Memory<byte> memory)
    {
        using var pin = memory.Pin();
        return (nint)pin.Pointer;
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);
}
