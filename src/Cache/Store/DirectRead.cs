using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ActorInference.Cache.Store;

/// <summary>
/// Reading of large successive parts of a file past the system's cache, straight into the memory they are for: the disk's controller copies, no
/// processor does, and nothing that the system caches has to go. Where the system cannot, the caller reads as usual.
/// </summary>
/// <remarks>What the system has in its cache is faster read from there: <see cref="CachedShare"/> tells.</remarks>
internal static partial class DirectRead
{
    /// <summary>Offsets and lengths in the file are multiples of this; no disk in use has larger blocks.</summary>
    public const int FileUnit = 4096;

    /// <summary>Addresses are multiples of this.</summary>
    public const int MemoryUnit = 512;

    private const int ReadOnly = 0;
    private const int CloseOnExec = 0x80000;
    private const int ProtectRead = 1;
    private const int MapShared = 1;

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

    /// <summary>Part of a range of a file that the system has in its cache, 0 to 1; 1 where nobody can tell.</summary>
    public static double CachedShare(SafeFileHandle file, long offset, long length)
    {
        if (Direct == 0 || length <= 0) return 1;
        var begin = offset / Environment.SystemPageSize * Environment.SystemPageSize;
        var bytes = (nuint)(offset + length - begin);
        var address = Map(0, bytes, ProtectRead, MapShared, file, begin);
        if (address == -1) return 1;
        try
        {
            var pages = new byte[((long)bytes + Environment.SystemPageSize - 1) / Environment.SystemPageSize];
            return InCore(address, bytes, pages) != 0 ? 1 : (double)pages.Count(static page => (page & 1) != 0) / pages.Length;
        }
        finally
        {
            _ = Unmap(address, bytes);
        }
    }

    private static unsafe nint AddressOf(Memory<byte> memory)
    {
        using var pin = memory.Pin();
        return (nint)pin.Pointer;
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial nint Map(nint address, nuint length, int protection, int flags, SafeFileHandle file, long offset);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(nint address, nuint length);

    [LibraryImport("libc", EntryPoint = "mincore")]
    private static partial int InCore(nint address, nuint length, [Out] byte[] pages);
}
