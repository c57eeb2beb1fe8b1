using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace ActorInference.Gpu.Cpu.Quantized;

/// <summary>
/// Integer products of a block of codes and activations: lane o of the result is the sum over the inputs of output o, the first
/// sixteen times one scale and the others times another. Exact.
/// </summary>
/// <remarks>
/// Activations are at most 127; codes are summed in 16 bits as far as they fit, and scales, at most 128, enter where 16 bits become 32.
/// Steps are written out, so that each is compiled for its own vector.
/// </remarks>
internal static unsafe class QuantDot<D, C>
    where D : struct, IByteSimd
    where C : struct, IQuantCodes
{
    private const int RowBytes = QuantLayouts.BlockInputs;

    /// <param name="codes">A block.</param>
    /// <param name="x">32 activations.</param>
    /// <param name="first">Scales of the first sixteen inputs, each twice.</param>
    /// <param name="second">Those of the others; the same where eight vectors are summed up.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> One(byte* codes, sbyte* x, Vector256<short> first, Vector256<short> second)
    {
        Vector256<short> p0 = Product(codes, 0, x), p1 = Product(codes, 1, x), p2 = Product(codes, 2, x), p3 = Product(codes, 3, x);
        Vector256<short> p4 = Product(codes, 4, x), p5 = Product(codes, 5, x), p6 = Product(codes, 6, x), p7 = Product(codes, 7, x);
        if (C.Summable == 8) return D.MultiplyAdd(p0 + p1 + (p2 + p3) + (p4 + p5 + (p6 + p7)), first);
        if (C.Summable == 4) return D.MultiplyAdd(p0 + p1 + (p2 + p3), first) + D.MultiplyAdd(p4 + p5 + (p6 + p7), second);
        return D.MultiplyAdd(p0 + p1, first) + D.MultiplyAdd(p2 + p3, first) + (D.MultiplyAdd(p4 + p5, second) + D.MultiplyAdd(p6 + p7, second));
    }

    /// <summary>The same for four rows of activations, side by side.</summary>
    /// <param name="x">Shape <c>[4, 32]</c>.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Four(byte* codes, sbyte* x, Vector256<short> first, Vector256<short> second,
        out Vector256<int> y0, out Vector256<int> y1, out Vector256<int> y2, out Vector256<int> y3)
    {
        var sums = default(Sums);
        // Vector v and v + 4 come from the same bytes.
        sums.Set(codes, 0, x);
        if (C.Summable == 8)
        {
            sums.Add(codes, 4, x);
            sums.Add(codes, 1, x);
            sums.Add(codes, 5, x);
            sums.Add(codes, 2, x);
            sums.Add(codes, 6, x);
            sums.Add(codes, 3, x);
            sums.Add(codes, 7, x);
            sums.Scale(first, out y0, out y1, out y2, out y3);
            return;
        }

        sums.Add(codes, 1, x);
        if (C.Summable == 2)
        {
            sums.Scale(first, out y0, out y1, out y2, out y3);
            sums.Set(codes, 2, x);
            sums.Add(codes, 3, x);
            sums.AddScaled(first, ref y0, ref y1, ref y2, ref y3);
        }
        else
        {
            sums.Add(codes, 2, x);
            sums.Add(codes, 3, x);
            sums.Scale(first, out y0, out y1, out y2, out y3);
        }

        sums.Set(codes, 4, x);
        sums.Add(codes, 5, x);
        if (C.Summable == 2)
        {
            sums.AddScaled(second, ref y0, ref y1, ref y2, ref y3);
            sums.Set(codes, 6, x);
            sums.Add(codes, 7, x);
        }
        else
        {
            sums.Add(codes, 6, x);
            sums.Add(codes, 7, x);
        }

        sums.AddScaled(second, ref y0, ref y1, ref y2, ref y3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Product(byte* codes, int v, sbyte* x) => D.MultiplyAdd(C.Load(codes, v), D.Word(x + 4 * v));

    /// <summary>Sums of four rows in 16 bits.</summary>
    private struct Sums
    {
        private Vector256<short> _s0, _s1, _s2, _s3;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Set(byte* codes, int v, sbyte* x)
        {
            var w = C.Load(codes, v);
            _s0 = D.MultiplyAdd(w, D.Word(x + 4 * v));
            _s1 = D.MultiplyAdd(w, D.Word(x + RowBytes + 4 * v));
            _s2 = D.MultiplyAdd(w, D.Word(x + 2 * RowBytes + 4 * v));
            _s3 = D.MultiplyAdd(w, D.Word(x + 3 * RowBytes + 4 * v));
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Add(byte* codes, int v, sbyte* x)
        {
            var w = C.Load(codes, v);
            _s0 += D.MultiplyAdd(w, D.Word(x + 4 * v));
            _s1 += D.MultiplyAdd(w, D.Word(x + RowBytes + 4 * v));
            _s2 += D.MultiplyAdd(w, D.Word(x + 2 * RowBytes + 4 * v));
            _s3 += D.MultiplyAdd(w, D.Word(x + 3 * RowBytes + 4 * v));
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Scale(Vector256<short> scale, out Vector256<int> y0, out Vector256<int> y1, out Vector256<int> y2, out Vector256<int> y3)
        {
            y0 = D.MultiplyAdd(_s0, scale);
            y1 = D.MultiplyAdd(_s1, scale);
            y2 = D.MultiplyAdd(_s2, scale);
            y3 = D.MultiplyAdd(_s3, scale);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void AddScaled(Vector256<short> scale, ref Vector256<int> y0, ref Vector256<int> y1, ref Vector256<int> y2, ref Vector256<int> y3)
        {
            y0 += D.MultiplyAdd(_s0, scale);
            y1 += D.MultiplyAdd(_s1, scale);
            y2 += D.MultiplyAdd(_s2, scale);
            y3 += D.MultiplyAdd(_s3, scale);
        }
    }
}
