using System.Runtime.InteropServices;

namespace ActorInference.Gpu.Cpu;

/// <summary>Zeroed native memory for numbers: aligned, outside the garbage collector, on large pages where Linux grants them.</summary>
internal sealed unsafe partial class NativeBuffer : IDisposable
{
    private const nuint LargePageBytes = 2 << 20;
    private const nuint CacheLineBytes = 64;
    private const int AdviseHugePages = 14;

    /// <exception cref="OutOfMemoryException">The memory is not to be had.</exception>
    public NativeBuffer(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        LengthBytes = bytes;
        var large = (nuint)bytes >= LargePageBytes;
        Data = (byte*)NativeMemory.AlignedAlloc(Math.Max((nuint)bytes, CacheLineBytes), large ? LargePageBytes : CacheLineBytes);
        // Advice only: refused, the memory is as good, its translation a little slower.
        if (large && OperatingSystem.IsLinux()) _ = Advise(Data, (nuint)bytes, AdviseHugePages);
        NativeMemory.Clear(Data, (nuint)bytes);
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
        NativeMemory.AlignedFree(Data);
        Data = null;
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(void* address, nuint length, int advice);
}
