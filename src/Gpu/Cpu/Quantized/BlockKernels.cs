using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace ActorInference.Gpu.Cpu.Quantized;

/// <summary>What a block's codes are moved by, before or after they are scaled.</summary>
internal unsafe interface IQuantOffset
{
    /// <summary>Of eight outputs, beside the scales.</summary>
    static abstract int Bytes { get; }

    /// <summary>What each value has beside scale times code.</summary>
    static abstract Vector256<float> Load<D>(byte* offsets, Vector256<float> scales)
        where D : struct, IByteSimd;
}

/// <summary>Codes less 8.</summary>
internal readonly unsafe struct LessEight : IQuantOffset
{
    public static int Bytes => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load<D>(byte* offsets, Vector256<float> scales)
        where D : struct, IByteSimd => scales * Vector256.Create(-8f);
}

/// <summary>Codes less 16.</summary>
internal readonly unsafe struct LessSixteen : IQuantOffset
{
    public static int Bytes => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load<D>(byte* offsets, Vector256<float> scales)
        where D : struct, IByteSimd => scales * Vector256.Create(-16f);
}

/// <summary>F16 numbers.</summary>
internal readonly unsafe struct StoredOffset : IQuantOffset
{
    public static int Bytes => 2 * QuantLayouts.Lanes;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load<D>(byte* offsets, Vector256<float> scales)
        where D : struct, IByteSimd => QuantVectors<D>.Halves(offsets);
}

/// <summary>Products with blocks of 32 inputs: a F16 scale and an offset. The offset's part is it times the sum of the activations.</summary>
/// <remarks>SAFETY: the tile's pointers cover its rows, units and eight columns.</remarks>
internal static unsafe class BlockKernels<D, C, O>
    where D : struct, IByteSimd
    where C : struct, IQuantCodes
    where O : struct, IQuantOffset
{
    private const int RowBytes = QuantLayouts.BlockInputs;
    private const int ScaleBytes = 2 * QuantLayouts.Lanes;

    private static int BlockBytes => ScaleBytes + O.Bytes + C.Bytes;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void One(QuantTile* tile)
    {
        var x = tile->X;
        var scales = tile->Scales;
        var w = tile->Weights;
        nint stride = tile->Stride;
        var sums = (nint)(tile->Sums - scales);
        var c = QuantVectors<D>.Start(tile, 0);
        for (var unit = tile->Units; unit > 0; unit--, w += BlockBytes, x += RowBytes * stride, scales += stride)
        {
            QuantVectors<D>.Prefetch(w, BlockBytes);
            var scale = QuantVectors<D>.Halves(w);
            var y = QuantDot<D, C>.One(w + ScaleBytes + O.Bytes, x, QuantVectors<D>.Ones, QuantVectors<D>.Ones);
            c = QuantVectors<D>.Add(y, scale * Vector256.Create(*scales), c);
            c = Vector256.FusedMultiplyAdd(O.Load<D>(w + ScaleBytes, scale), Vector256.Create(scales[sums]), c);
        }

        c.Store(tile->C);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Four(QuantTile* tile)
    {
        var x = tile->X;
        var scales = tile->Scales;
        var w = tile->Weights;
        var sums = (nint)(tile->Sums - scales);
        Vector256<float> c0 = QuantVectors<D>.Start(tile, 0), c1 = QuantVectors<D>.Start(tile, 1), c2 = QuantVectors<D>.Start(tile, 2), c3 = QuantVectors<D>.Start(tile, 3);
        for (var unit = tile->Units; unit > 0; unit--, w += BlockBytes, x += 4 * RowBytes, scales += 4)
        {
            QuantVectors<D>.Prefetch(w, BlockBytes);
            QuantDot<D, C>.Four(w + ScaleBytes + O.Bytes, x, QuantVectors<D>.Ones, QuantVectors<D>.Ones, out var y0, out var y1, out var y2, out var y3);
            var scale = QuantVectors<D>.Halves(w);
            c0 = QuantVectors<D>.Add(y0, scale * Vector256.Create(scales[0]), c0);
            c1 = QuantVectors<D>.Add(y1, scale * Vector256.Create(scales[1]), c1);
            c2 = QuantVectors<D>.Add(y2, scale * Vector256.Create(scales[2]), c2);
            c3 = QuantVectors<D>.Add(y3, scale * Vector256.Create(scales[3]), c3);
            var offset = O.Load<D>(w + ScaleBytes, scale);
            c0 = Vector256.FusedMultiplyAdd(offset, Vector256.Create(scales[sums]), c0);
            c1 = Vector256.FusedMultiplyAdd(offset, Vector256.Create(scales[sums + 1]), c1);
            c2 = Vector256.FusedMultiplyAdd(offset, Vector256.Create(scales[sums + 2]), c2);
            c3 = Vector256.FusedMultiplyAdd(offset, Vector256.Create(scales[sums + 3]), c3);
        }

        c0.Store(tile->C);
        c1.Store(tile->C + tile->Ldc);
        c2.Store(tile->C + 2 * tile->Ldc);
        c3.Store(tile->C + 3 * tile->Ldc);
    }
}
