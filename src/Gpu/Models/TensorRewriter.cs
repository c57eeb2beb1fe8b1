using ActorInference.Gpu.Cpu;
using ActorInference.Gpu.Cpu.Quantized;
using ActorInference.Gpu.Models.Gguf;

namespace ActorInference.Gpu.Models;

/// <summary>Rewrites a model's tensors in other types, and in the order and with the offset that the target's form has.</summary>
/// <param name="tensors">The source.</param>
/// <param name="config">Of the model.</param>
/// <param name="forGguf">Whether the target is a GGUF file; else it is a Hugging Face folder.</param>
internal sealed unsafe class TensorRewriter(ITensorSource tensors, ModelConfig config, bool forGguf)
{
    private const int ChunkElements = 1 << 22;
    private const float LargestF16 = 65504;

    /// <summary>Rewrites one tensor, some rows at a time.</summary>
    /// <param name="dtype">Of the target; its blocks divide the tensor's rows.</param>
    /// <param name="write">Takes the data from front to back.</param>
    /// <exception cref="ModelFormatException">The tensor's type is none of weights, or its numbers don't fit into the target's.</exception>
    public void Write(TensorSpec spec, WeightDtype dtype, Action<ReadOnlySpan<byte>> write)
    {
        using var view = tensors.Map(spec.Name);
        if (!WeightDtypes.TryParse(view.Entry.Dtype, out var from)) throw new ModelFormatException(tensors.Find(spec.Name).Path, $"{spec.Name}.dtype", view.Entry.Dtype, "F32, F16 or BF16");
        // A vector is a column, so that its elements can change their places too.
        var (rows, columns) = spec.Role == TensorRole.Bias ? (spec.Shape[0], 1) : spec.Shape.Length == 1 ? (1, spec.Shape[0]) : (spec.Shape[0], spec.Shape[1]);
        var (order, targetOrder) = (tensors.Order(spec.Name), forGguf ? GgufTensors.OrderOf(config, spec.Name) : default);
        var offset = spec.Role == TensorRole.Norm ? NormOffset : 0;
        var chunkRows = Math.Clamp(ChunkElements / columns, 1, rows);
        var rowBytes = dtype.RowBytes(columns);
        var chunk = new byte[chunkRows * rowBytes];
        for (var first = 0; first < rows; first += chunkRows)
        {
            var count = Math.Min(chunkRows, rows - first);
            var start = first;
            var overflow = 0;
            fixed (byte* target = chunk)
            {
                var (pinned, data) = ((nint)target, (nint)view.Data);
                Parallel.For(0, count, row =>
                {
                    var source = (byte*)data + order.InFile(targetOrder.FromFile(start + row)) * from.RowBytes(columns);
                    if (!ConvertRow(from, source, columns, offset, dtype, (byte*)pinned + row * rowBytes)) Interlocked.Exchange(ref overflow, 1);
                });
            }

            if (overflow != 0) throw new ModelFormatException(tensors.Find(spec.Name).Path, spec.Name, $"beyond what {dtype} can hold somewhere", "numbers that fit, or another type such as bf16");
            write(chunk.AsSpan(0, (int)(count * rowBytes)));
        }
    }

    /// <summary>What a Gemma's norms gain on their way.</summary>
    private float NormOffset => config.IsGemma ? (forGguf ? 1 : 0) - (tensors.HasWholeNorms ? 1 : 0) : 0;

    /// <returns>False if a number does not fit.</returns>
    private static bool ConvertRow(WeightDtype from, byte* source, int columns, float offset, WeightDtype dtype, byte* target)
    {
        if (from == dtype && offset == 0)
        {
            Buffer.MemoryCopy(source, target, dtype.RowBytes(columns), dtype.RowBytes(columns));
            return true;
        }

        using var widened = NativeBuffer.OfFloats(columns);
        var values = widened.Floats;
        if (from.IsQuantized()) BlockReader.Widen(from, source, columns, values);
        else
        {
            for (var i = 0; i < columns; i++) values[i] = WeightReader.Widen(from, source, i);
        }

        for (var i = 0; offset != 0 && i < columns; i++) values[i] += offset;
        // Keys and values are cut to what fits; a weight that is cut is another model.
        for (var i = 0; dtype == WeightDtype.F16 && i < columns; i++)
        {
            if (!(Math.Abs(values[i]) <= LargestF16)) return false;
        }

        if (dtype.IsQuantized())
        {
            BlockWriter.Quantize(dtype, values, columns, target);
            return BlockReader.AllFinite(dtype, target, columns);
        }

        WeightReader.Narrow(new ReadOnlySpan<float>(values, columns), dtype, new Span<byte>(target, columns * dtype.SizeBytes()));
        return WeightReader.AllFinite(dtype, target, columns);
    }
}
