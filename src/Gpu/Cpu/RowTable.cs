using ActorInference.Gpu.Models;

namespace ActorInference.Gpu.Cpu;

/// <summary>A matrix whose rows are read one at a time: an embedding table of its own. Shape <c>[rows, columns]</c>.</summary>
/// <param name="source">Its first row in a mapped file, from which it is read until it has been copied.</param>
/// <param name="drop">Says that the file's pages are not needed.</param>
internal sealed unsafe class RowTable(int rows, int columns, WeightDtype dtype, nint source, Action drop) : IPackable
{
    private readonly nint _source = source;
    private nint _rows = source;

    public int PackedParts => rows;

    public long PackedPartBytes { get; } = dtype.RowBytes(columns);

    public long LengthBytes => rows * PackedPartBytes;

    /// <summary>Reads a row as floats.</summary>
    public void CopyRow(int row, float* target) => WeightReader.WidenRow(dtype, (byte*)Volatile.Read(ref _rows) + row * PackedPartBytes, columns, target);

    public void PackPart(int part, byte* target) => Buffer.MemoryCopy((byte*)_source + part * PackedPartBytes, target, PackedPartBytes, PackedPartBytes);

    public void Settle(byte* memory)
    {
        Volatile.Write(ref _rows, (nint)memory);
        drop();
    }
}
