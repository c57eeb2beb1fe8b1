using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace ActorInference.Gpu.Cpu.Quantized;

/// <summary>Products with blocks of 256 inputs: a unit is its F16 numbers, the scales of its eight parts, and their codes.</summary>
/// <remarks>SAFETY: the tile's pointers cover its rows, units and eight columns.</remarks>
internal static unsafe class SuperKernels<D, C, S>
    where D : struct, IByteSimd
    where C : struct, IQuantCodes
    where S : struct, ISuperScales
{
    private const int RowBytes = QuantLayouts.BlockInputs;
    private const int Parts = 8;

    private static int HeadBytes => S.Halves * 2 * QuantLayouts.Lanes;

    private static int UnitBytes => HeadBytes + Parts * (S.PartBytes + C.Bytes);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void One(QuantTile* tile)
    {
        var x = tile->X;
        var scales = tile->Scales;
        var w = tile->Weights;
        nint stride = tile->Stride;
        var (sums, halves) = ((nint)(tile->Sums - scales), (nint)(tile->Halves - (int*)scales));
        var c = QuantVectors<D>.Start(tile, 0);
        for (var unit = tile->Units; unit > 0; unit--, w += UnitBytes)
        {
            QuantVectors<D>.Prefetch(w, HeadBytes + Parts * S.PartBytes);
            byte* part = w + HeadBytes, codes = part + Parts * S.PartBytes;
            Vector256<float> a = default, b = default;
            for (var i = 0; i < Parts; i++, part += S.PartBytes, codes += C.Bytes, x += RowBytes * stride, scales += stride)
            {
                QuantVectors<D>.Prefetch(codes, C.Bytes);
                S.Load<D>(part, out var first, out var second);
                var y = S.Centre<D>(QuantDot<D, C>.One(codes, x, first, second), part, (int*)scales + halves);
                a = QuantVectors<D>.Add(y, scales, a);
                b = S.AddOffset<D>(b, part, scales, scales + sums, (int*)scales + halves);
            }

            if (S.Halves == 2) c = Vector256.FusedMultiplyAdd(-QuantVectors<D>.Halves(w + 2 * QuantLayouts.Lanes), b, c);
            c = Vector256.FusedMultiplyAdd(QuantVectors<D>.Halves(w), a, c);
        }

        c.Store(tile->C);
    }

    /// <summary>Outputs stay in memory, so that registers are free for the parts' sums.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Four(QuantTile* tile)
    {
        for (var row = 0; row < 4; row++) QuantVectors<D>.Start(tile, row).Store(tile->C + row * tile->Ldc);
        var x = tile->X;
        var scales = tile->Scales;
        var w = tile->Weights;
        var (sums, halves) = ((nint)(tile->Sums - scales), (nint)(tile->Halves - (int*)scales));
        for (var unit = tile->Units; unit > 0; unit--, w += UnitBytes)
        {
            if (S.Halves == 2) Offsets(tile, w, scales, sums, halves);
            QuantVectors<D>.Prefetch(w, HeadBytes + Parts * S.PartBytes);
            byte* part = w + HeadBytes, codes = part + Parts * S.PartBytes;
            Vector256<float> a0 = default, a1 = default, a2 = default, a3 = default;
            for (var i = 0; i < Parts; i++, part += S.PartBytes, codes += C.Bytes, x += 4 * RowBytes, scales += 4)
            {
                QuantVectors<D>.Prefetch(codes, C.Bytes);
                S.Load<D>(part, out var first, out var second);
                QuantDot<D, C>.Four(codes, x, first, second, out var y0, out var y1, out var y2, out var y3);
                a0 = QuantVectors<D>.Add(S.Centre<D>(y0, part, (int*)scales + halves), scales, a0);
                a1 = QuantVectors<D>.Add(S.Centre<D>(y1, part, (int*)scales + halves + 1), scales + 1, a1);
                a2 = QuantVectors<D>.Add(S.Centre<D>(y2, part, (int*)scales + halves + 2), scales + 2, a2);
                a3 = QuantVectors<D>.Add(S.Centre<D>(y3, part, (int*)scales + halves + 3), scales + 3, a3);
            }

            AddTo(tile, QuantVectors<D>.Halves(w), a0, a1, a2, a3);
        }
    }

    /// <summary>Takes from the outputs what offsets of a unit are, for four rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Offsets(QuantTile* tile, byte* w, float* scales, nint sums, nint halves)
    {
        var part = w + HeadBytes;
        Vector256<float> b0 = default, b1 = default, b2 = default, b3 = default;
        for (var i = 0; i < Parts; i++, part += S.PartBytes, scales += 4)
        {
            b0 = S.AddOffset<D>(b0, part, scales, scales + sums, (int*)scales + halves);
            b1 = S.AddOffset<D>(b1, part, scales + 1, scales + sums + 1, (int*)scales + halves + 1);
            b2 = S.AddOffset<D>(b2, part, scales + 2, scales + sums + 2, (int*)scales + halves + 2);
            b3 = S.AddOffset<D>(b3, part, scales + 3, scales + sums + 3, (int*)scales + halves + 3);
        }

        AddTo(tile, -QuantVectors<D>.Halves(w + 2 * QuantLayouts.Lanes), b0, b1, b2, b3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddTo(QuantTile* tile, Vector256<float> scale, Vector256<float> a0, Vector256<float> a1, Vector256<float> a2, Vector256<float> a3)
    {
        var c = tile->C;
        Vector256.FusedMultiplyAdd(scale, a0, Vector256.Load(c)).Store(c);
        c += tile->Ldc;
        Vector256.FusedMultiplyAdd(scale, a1, Vector256.Load(c)).Store(c);
        c += tile->Ldc;
        Vector256.FusedMultiplyAdd(scale, a2, Vector256.Load(c)).Store(c);
        c += tile->Ldc;
        Vector256.FusedMultiplyAdd(scale, a3, Vector256.Load(c)).Store(c);
    }
}
