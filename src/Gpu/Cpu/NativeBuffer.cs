using System.Runtime.InteropServices;

namespace ActorInference.Gpu.Cpu;

/// <summary>Zeroed native memory for numbers: aligned, outside the garbage collector, on large pages where Linux grants them.</summary>
internal sealed unsafe partial class NativeBuffer : IDisposable
{
    private const nuint LargePageBytes = 2 << 20;
    private const nuint CacheLineBytes = 64;
    private const int AdviseHugePages = 14;

    private void* _allocation;

    /// <exception cref="OutOfMemoryException">The memory is not to be had.</exception>
    public NativeBuffer(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        LengthBytes = bytes;
        var large = (nuint)bytes >= LargePageBytes;
        var alignment = large ? LargePageBytes : CacheLineBytes;
        // The system's pages are zero already: touched first by whoever fills them, on several threads.
        _allocation = NativeMemory.AllocZeroed((nuint)bytes + alignment);
        Data = (byte*)(((nuint)_allocation + alignment - 1) & ~(alignment - 1));
        // Advice only: refused, the memory is as good, its translation a little slower.
        if (large && OperatingSystem.IsLinux()) _ = Advise(Data, (nuint)bytes, AdviseHugePages);
    }

    ~NativeBuffer() => Free();

    public static NativeBuffer OfFloats(long count) => new(count * sizeof(float));

    public byte* Data { get; private set; }

    public float* Floats => (float*)Data;

    public long LengthBytes { get; }

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        NativeMemory.Free(_allocation);
        _allocation = Data = null;
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(void* address, nuint length, int advice);
}
