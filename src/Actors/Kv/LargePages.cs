using System.Runtime.InteropServices;

namespace ActorInference.Actors.Kv;

/// <summary>Memory on large pages where Linux grants them: taken faster at the first touch, and translated faster afterwards.</summary>
public static unsafe partial class LargePages
{
    /// <summary>Bytes of one, and the alignment that memory must have to be on them.</summary>
    public const int Bytes = 2 << 20;

    private const int HugePageAdvice = 14;

    /// <summary>Asks for large pages. Advice only: refused, the memory is as good, a little slower.</summary>
    /// <param name="address">A multiple of <see cref="Bytes"/>.</param>
    /// <param name="length">In bytes; memory of less than one large page is left as it is.</param>
    public static void Advise(void* address, long length)
    {
        if (length >= Bytes && OperatingSystem.IsLinux()) _ = AdviseMemory(address, (nuint)length, HugePageAdvice);
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int AdviseMemory(void* address, nuint length, int advice);
}
