using System.ComponentModel;
using System.Runtime.InteropServices;

namespace ActorInference.Bench.Store;

/// <summary>What the system keeps in memory of files.</summary>
internal static class PageCache
{
    private const int DontNeed = 4;   // POSIX_FADV_DONTNEED on Linux.

    /// <summary>Has the system forget a folder's files, so that the next reader reads the disk.</summary>
    /// <exception cref="Win32Exception">It does not.</exception>
    public static void Forget(string folder)
    {
        foreach (var path in Directory.EnumerateFiles(folder))
        {
            using var file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
            RandomAccess.FlushToDisk(file);
            if (Advise((int)file.DangerousGetHandle(), 0, 0, DontNeed) is not 0 and var error) throw new Win32Exception(error);
        }
    }

    [DllImport("libc", EntryPoint = "posix_fadvise")]
    private static extern int Advise(int file, long offset, long length, int advice);
}
