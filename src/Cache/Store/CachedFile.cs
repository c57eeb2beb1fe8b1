using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ActorInference.Cache.Store;

/// <summary>What of a file the system has in its cache, found out without reading it: a read that does not wait has the disk begin.</summary>
internal static partial class CachedFile
{
    /// <summary>Number of cachestat on all architectures.</summary>
    private const nint CacheStat = 451;

    private const int ProtectRead = 1;
    private const int MapShared = 1;

    /// <summary>Part of a range that it has, 0 to 1; 1 where nobody can tell.</summary>
    public static double Share(SafeFileHandle file, long offset, long length)
    {
        if (!OperatingSystem.IsLinux() || length <= 0) return 1;
        return Counted(file, offset, length) ?? Mapped(file, offset, length);
    }

    /// <summary>By the count that Linux has since 6.5.</summary>
    /// <returns>Null where it has none.</returns>
    internal static unsafe double? Counted(SafeFileHandle file, long offset, long length)
    {
        var range = stackalloc ulong[2] { (ulong)offset, (ulong)length };
        // Pages that are cached, dirty, written back, evicted, and evicted lately.
        var counts = stackalloc ulong[5];
        if (Call(CacheStat, file, range, counts, 0) != 0) return null;
        var pages = (offset + length - 1) / Environment.SystemPageSize - offset / Environment.SystemPageSize + 1;
        return Math.Min(1, (double)counts[0] / pages);
    }

    /// <summary>By a map of the range, which takes longer: the whole process waits for it.</summary>
    internal static double Mapped(SafeFileHandle file, long offset, long length)
    {
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

    [LibraryImport("libc", EntryPoint = "syscall")]
    private static unsafe partial nint Call(nint number, SafeFileHandle file, ulong* range, ulong* counts, uint flags);

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial nint Map(nint address, nuint length, int protection, int flags, SafeFileHandle file, long offset);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(nint address, nuint length);

    [LibraryImport("libc", EntryPoint = "mincore")]
    private static partial int InCore(nint address, nuint length, [Out] byte[] pages);
}
