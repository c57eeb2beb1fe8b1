using System.Runtime.InteropServices;

namespace ActorInference.Gpu.Cpu.Quantized.Emitted;

/// <summary>Memory with instructions in it, for the life of the process: never writable and executable at once.</summary>
/// <remarks>SAFETY: what is written is what <see cref="WideAssembler"/> gave, and it is written before anybody may run it.</remarks>
internal static unsafe partial class MachineCode
{
    private const int Read = 1, Write = 2, Execute = 4;
    private const int Private = 2, Anonymous = 0x20;

    /// <summary>Where the instructions begin, or null where the system grants no such memory.</summary>
    public static byte* Place(ReadOnlySpan<byte> code)
    {
        var bytes = (nuint)((code.Length + Environment.SystemPageSize - 1) / Environment.SystemPageSize * Environment.SystemPageSize);
        var memory = Map(null, bytes, Read | Write, Private | Anonymous, -1, 0);
        if ((nint)memory is 0 or -1) return null;
        code.CopyTo(new Span<byte>(memory, code.Length));
        if (Protect(memory, bytes, Read | Execute) == 0) return memory;
        _ = Unmap(memory, bytes);
        return null;
    }

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial byte* Map(byte* address, nuint bytes, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect")]
    private static partial int Protect(byte* address, nuint bytes, int protection);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(byte* address, nuint bytes);
}
