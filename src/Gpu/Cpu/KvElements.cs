using System.Runtime.CompilerServices;
using ActorInference.Actors.Kv;

namespace ActorInference.Gpu.Cpu;

/// <summary>Takes keys and values to pages.</summary>
/// <remarks>SAFETY: planes cover the layout's bytes, float rows the layout's head dimension. What a row becomes depends on nothing but the row.</remarks>
internal static unsafe class KvElements
{
    private const int Block = KvDtypeSizes.BlockElements;

    /// <summary>Narrows rows of heads into a plane of a page.</summary>
    /// <param name="source">Shape <c>[rows, headDim]</c>.</param>
    /// <param name="plane">Keys or values of one layer.</param>
    /// <param name="firstRow">Token of the page times heads, plus head.</param>
    public static void Store(KvPageLayout layout, float* source, byte* plane, int firstRow, int rows)
    {
        var target = plane + (nint)firstRow * layout.HeadBytes;
        var count = rows * layout.HeadDim;
        switch (layout.Dtype)
        {
            case KvDtype.F32:
                Buffer.MemoryCopy(source, target, (long)count * sizeof(float), (long)count * sizeof(float));
                break;
            case KvDtype.F16:
                for (var i = 0; i < count; i++) ((ushort*)target)[i] = HalfFormat.ToF16(source[i]);
                break;
            case KvDtype.BF16:
                for (var i = 0; i < count; i++) ((ushort*)target)[i] = HalfFormat.ToBF16(source[i]);
                break;
            default:
                for (var row = 0; row < rows; row++) Quantize(source + (nint)row * layout.HeadDim, layout.HeadDim, target + (nint)row * layout.HeadBytes);
                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Quantize(float* source, int headDim, byte* target)
    {
        for (var first = 0; first < headDim; first += Block)
        {
            var count = Math.Min(Block, headDim - first);
            var largest = 0f;
            for (var i = 0; i < count; i++) largest = MathF.Max(largest, MathF.Abs(source[first + i]));
            var bits = HalfFormat.ToF16(largest / 127);
            Unsafe.WriteUnaligned(target, bits);
            // The scale as it will be read; rounded down, it may leave the largest element a step beyond the last.
            var scale = HalfFormat.FromF16(bits);
            var bytes = (sbyte*)target + sizeof(ushort);
            for (var i = 0; i < count; i++) bytes[i] = scale == 0 ? (sbyte)0 : (sbyte)Math.Clamp(MathF.Round(source[first + i] / scale), -127, 127);
            target += sizeof(ushort) + count;
        }
    }
}
