using System.Runtime.CompilerServices;
using ActorInference.Gpu.Cpu;
using ActorInference.Gpu.Cpu.Quantized;
using ActorInference.Gpu.Models;

namespace ActorInference.Gpu.Cuda.Weights;

/// <summary>Brings a row of a weight matrix from its file's form into the device's.</summary>
internal sealed unsafe class RowPacker(MatrixForm form, WeightDtype activations, int inputs)
{
    private const int BlockInputs = 32;

    public int Inputs => inputs;

    /// <summary>Bytes of a packed row's elements.</summary>
    public int DataBytes { get; } = form switch
    {
        MatrixForm.Bytes => inputs,
        MatrixForm.Nibbles => inputs / 2,
        _ => inputs * activations.SizeBytes(),
    };

    /// <summary>Bytes of a packed row's scales.</summary>
    public int ScaleBytes { get; } = form == MatrixForm.Plain ? 0 : inputs / BlockInputs * 2;

    /// <param name="dtype">Of the file.</param>
    /// <param name="row">In the file; need not be aligned.</param>
    /// <param name="data">Shape <c>[DataBytes]</c>.</param>
    /// <param name="scales">Shape <c>[ScaleBytes]</c>.</param>
    public void Pack(WeightDtype dtype, byte* row, byte* data, byte* scales)
    {
        if (form != MatrixForm.Plain)
        {
            Split(row, dtype.BlockBytes(), data, scales);
            return;
        }

        if (dtype == activations)
        {
            Buffer.MemoryCopy(row, data, DataBytes, DataBytes);
            return;
        }

        Convert(dtype, row, data);
    }

    /// <summary>A block is a scale, then its integers, in the order that the device wants too.</summary>
    private void Split(byte* row, int blockBytes, byte* data, byte* scales)
    {
        var integers = blockBytes - 2;
        for (var block = 0; block < inputs / BlockInputs; block++, row += blockBytes)
        {
            Unsafe.WriteUnaligned(scales + 2 * block, Unsafe.ReadUnaligned<ushort>(row));
            Buffer.MemoryCopy(row + 2, data + block * integers, integers, integers);
        }
    }

    private void Convert(WeightDtype dtype, byte* row, byte* data)
    {
        const int stretch = 256;
        var values = stackalloc float[stretch];
        for (var first = 0; first < inputs; first += stretch)
        {
            var count = Math.Min(stretch, inputs - first);
            if (dtype.IsQuantized()) BlockReader.Widen(dtype, row + dtype.RowBytes(first), count, values);
            else for (var i = 0; i < count; i++) values[i] = WeightReader.Widen(dtype, row, first + i);
            WeightReader.Narrow(new ReadOnlySpan<float>(values, count), activations, new Span<byte>(data + first * activations.SizeBytes(), count * activations.SizeBytes()));
        }
    }
}
