using System.Runtime.InteropServices;
using ActorInference.Actors.Kv;

namespace ActorInference.Gpu.Cpu;

/// <summary>Zeroed native memory for numbers: aligned, outside the garbage collector, on large pages where Linux grants them.</summary>
internal sealed unsafe class NativeBuffer : IDisposable
{
    private const nuint CacheLineBytes = 64;

    private void* _allocation;

    /// <exception cref="OutOfMemoryException">The memory is not to be had.</exception>
    public NativeBuffer(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        LengthBytes = bytes;
        var alignment = bytes >= LargePages.Bytes ? LargePages.Bytes : CacheLineBytes;
        // The system's pages are zero already: touched first by whoever fills them, on several threads.
        _allocation = NativeMemory.AllocZeroed((nuint)bytes + alignment);
        Data = (byte*)(((nuint)_allocation + alignment - 1) & ~(alignment - 1));
        LargePages.Advise(Data, bytes);
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
}
