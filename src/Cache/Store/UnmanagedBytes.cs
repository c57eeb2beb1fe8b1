using System.Buffers;

namespace ActorInference.Cache.Store;

/// <summary>A part of memory that the collector does not own, as a <see cref="Memory{T}"/>. The memory's owner outlives it.</summary>
internal sealed unsafe class UnmanagedBytes(byte* address, int length) : MemoryManager<byte>
{
    public override Span<byte> GetSpan() => new(address, length);

    public override MemoryHandle Pin(int elementIndex = 0) => new(address + elementIndex);

    public override void Unpin()
    {
    }

    protected override void Dispose(bool disposing)
    {
    }
}
