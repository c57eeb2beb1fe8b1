using System.Buffers;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ActorInference.Cache.Store;

/// <summary>Reading of successive parts of a file in so far as the system has them in its cache, and waits for no disk.</summary>
internal static unsafe partial class CachedRead
{
    /// <summary>Parts that one system call takes.</summary>
    private const int MaxTargets = 1024;

    /// <summary>RWF_NOWAIT.</summary>
    private const int NoWait = 8;

    /// <summary>Older C libraries lack it.</summary>
    private static readonly bool IsThere =
        OperatingSystem.IsLinux() && NativeLibrary.TryLoad("libc.so.6", out var library) && NativeLibrary.TryGetExport(library, "preadv2", out _);

    /// <returns>False if it does not have all of it, or cannot tell: what is in the targets then is nobody's.</returns>
    public static bool TryRead(SafeFileHandle file, long offset, IReadOnlyList<Memory<byte>> targets)
    {
        if (!IsThere || targets.Count > MaxTargets) return false;
        var (parts, pins) = (new Part[targets.Count], new MemoryHandle[targets.Count]);
        try
        {
            var wanted = 0L;
            for (var i = 0; i < parts.Length; i++)
            {
                pins[i] = targets[i].Pin();
                parts[i] = new Part((nint)pins[i].Pointer, targets[i].Length);
                wanted += targets[i].Length;
            }

            fixed (Part* first = parts) return Read(file, first, parts.Length, offset, NoWait) == wanted;
        }
        finally
        {
            foreach (var pin in pins) pin.Dispose();
        }
    }

    /// <summary>struct iovec.</summary>
    private readonly record struct Part(nint Address, nint Length);

    [LibraryImport("libc.so.6", EntryPoint = "preadv2")]
    private static partial nint Read(SafeFileHandle file, Part* parts, int count, long offset, int flags);
}
