using ActorInference.Gpu.Cpu.Quantized;
using ActorInference.Gpu.Models;

namespace ActorInference.Gpu.Cpu;

/// <summary>A matrix whose rows are read one at a time: an embedding table of its own. Shape <c>[rows, columns]</c>.</summary>
internal sealed unsafe class RowTable(int rows, int columns, WeightDtype dtype) : IDisposable
{
    private readonly NativeBuffer _buffer = new(rows * dtype.RowBytes(columns));

    public byte* Data => _buffer.Data;

    public long LengthBytes => _buffer.LengthBytes;

    /// <summary>Reads a row as floats.</summary>
    public void CopyRow(int row, float* target)
    {
        var source = Data + row * dtype.RowBytes(columns);
        if (dtype.IsQuantized()) BlockReader.Widen(dtype, source, columns, target);
        else
        {
            for (var i = 0; i < columns; i++) target[i] = WeightReader.Widen(dtype, source, i);
        }
    }

    public void Dispose() => _buffer.Dispose();
}
