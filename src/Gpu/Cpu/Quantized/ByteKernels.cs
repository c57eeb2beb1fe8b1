using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace ActorInference.Gpu.Cpu.Quantized;

/// <summary>What the scales of eight outputs are.</summary>
internal unsafe interface IQuantScales
{
    /// <summary>Of eight.</summary>
    static abstract int Bytes { get; }

    /// <summary>Blocks of 32 inputs in a unit of the layout.</summary>
    static abstract int UnitBlocks { get; }

    static abstract Vector256<float> Load<D>(byte* scales)
        where D : struct, IByteSimd;
}

internal readonly unsafe struct HalfScales : IQuantScales
{
    public static int Bytes => 2 * QuantLayouts.Lanes;

    public static int UnitBlocks => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load<D>(byte* scales)
        where D : struct, IByteSimd => QuantVectors<D>.Halves(scales);
}

internal readonly unsafe struct SingleScales : IQuantScales
{
    public static int Bytes => 4 * QuantLayouts.Lanes;

    public static int UnitBlocks => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load<D>(byte* scales)
        where D : struct, IByteSimd => Vector256.Load((float*)scales);
}

/// <summary>Products with signed bytes: the factors' signs both go to the activation, as one factor has to have none.</summary>
/// <remarks>SAFETY: the tile's pointers cover its rows, units and eight columns.</remarks>
internal static unsafe class ByteKernels<D, S>
    where D : struct, IByteSimd
    where S : struct, IQuantScales
{
    private const int RowBytes = QuantLayouts.BlockInputs;

    private static int BlockBytes => S.Bytes + ByteCodes.Bytes;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void One(QuantTile* tile)
    {
        var x = tile->X;
        var scales = tile->Scales;
        var w = tile->Weights;
        nint stride = tile->Stride;
        var c = QuantVectors<D>.Start(tile, 0);
        for (var blocks = tile->Units * S.UnitBlocks; blocks > 0; blocks--, w += BlockBytes, x += RowBytes * stride, scales += stride)
        {
            QuantVectors<D>.Prefetch(w, BlockBytes);
            var bytes = w + S.Bytes;
            var even = Pair(bytes, x) + Pair(bytes + 64, x + 8);
            var odd = Pair(bytes + 128, x + 16) + Pair(bytes + 192, x + 24);
            c = QuantVectors<D>.Add(even + odd, S.Load<D>(w) * Vector256.Create(*scales), c);
        }

        c.Store(tile->C);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Four(QuantTile* tile)
    {
        var x = tile->X;
        var scales = tile->Scales;
        var w = tile->Weights;
        Vector256<float> c0 = QuantVectors<D>.Start(tile, 0), c1 = QuantVectors<D>.Start(tile, 1), c2 = QuantVectors<D>.Start(tile, 2), c3 = QuantVectors<D>.Start(tile, 3);
        for (var blocks = tile->Units * S.UnitBlocks; blocks > 0; blocks--, w += BlockBytes, x += 4 * RowBytes, scales += 4)
        {
            QuantVectors<D>.Prefetch(w, BlockBytes);
            Vector256<int> y0 = default, y1 = default, y2 = default, y3 = default;
            for (var v = 0; v < 8; v++)
            {
                var signed = Vector256.Load((sbyte*)(w + S.Bytes + 32 * v));
                var magnitude = D.Abs(signed);
                var word = x + 4 * v;
                y0 += D.MultiplyAdd(D.MultiplyAdd(magnitude, D.Sign(D.Word(word), signed)), QuantVectors<D>.Ones);
                y1 += D.MultiplyAdd(D.MultiplyAdd(magnitude, D.Sign(D.Word(word + RowBytes), signed)), QuantVectors<D>.Ones);
                y2 += D.MultiplyAdd(D.MultiplyAdd(magnitude, D.Sign(D.Word(word + 2 * RowBytes), signed)), QuantVectors<D>.Ones);
                y3 += D.MultiplyAdd(D.MultiplyAdd(magnitude, D.Sign(D.Word(word + 3 * RowBytes), signed)), QuantVectors<D>.Ones);
            }

            var scale = S.Load<D>(w);
            c0 = QuantVectors<D>.Add(y0, scale * Vector256.Create(scales[0]), c0);
            c1 = QuantVectors<D>.Add(y1, scale * Vector256.Create(scales[1]), c1);
            c2 = QuantVectors<D>.Add(y2, scale * Vector256.Create(scales[2]), c2);
            c3 = QuantVectors<D>.Add(y3, scale * Vector256.Create(scales[3]), c3);
        }

        c0.Store(tile->C);
        c1.Store(tile->C + tile->Ldc);
        c2.Store(tile->C + 2 * tile->Ldc);
        c3.Store(tile->C + 3 * tile->Ldc);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Pair(byte* weights, sbyte* x) =>
        D.MultiplyAdd(Product(weights, x), QuantVectors<D>.Ones) + D.MultiplyAdd(Product(weights + 32, x + 4), QuantVectors<D>.Ones);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Product(byte* weights, sbyte* x)
    {
        var signed = Vector256.Load((sbyte*)weights);
        return D.MultiplyAdd(D.Abs(signed), D.Sign(D.Word(x), signed));
    }
}
