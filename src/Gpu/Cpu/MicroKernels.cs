using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace ActorInference.Gpu.Cpu;

/// <summary>
/// The innermost loops of every matrix product: a tile of rows times one panel (or a few) of columns.
/// </summary>
/// <remarks>
/// <para>A panel is <c>[k][2 * Count]</c>, see <see cref="PackedMatrix"/>. Accumulators stay in registers for the whole of
/// k; a tile of 6 rows by 2 vectors is the one that Goto and van de Geijn's method gives for 16 registers, 12 by 2
/// for 32.</para>
/// <para>Every output is one chain of fused multiply-adds over k, in order, whatever the tile. So a row's result
/// depends neither on the rows around it, nor on how k is cut into blocks, nor on the vector width.</para>
/// <para>SAFETY: callers give pointers to rows rows of k floats, panels of k rows each, and outputs of
/// 2 * Count columns a panel. Rows beyond rows alias the last one: computed and stored twice, alike.</para>
/// </remarks>
internal static unsafe class MicroKernels<S, V, P>
    where S : struct, ISimd<V>
    where V : struct
    where P : struct, IPanel<V>
{
    private const int PrefetchBytes = 2048;

    /// <summary>One row times many panels, four at a time: fewer would leave the multipliers waiting for each other.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows1(float* a, nint lda, int rows, byte* b, nint panelBytes, int panels, nint k, float* c, nint ldc, bool accumulate)
    {
        for (; panels >= 4; panels -= 4, b += 4 * panelBytes, c += 8 * S.Count)
            FourPanels(a, b, panelBytes, k, c, accumulate);
        for (; panels > 0; panels--, b += panelBytes, c += 2 * S.Count)
            OnePanel(a, b, k, c, accumulate);
    }

    /// <summary>Two rows times many panels, two at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows2(float* a, nint lda, int rows, byte* b, nint panelBytes, int panels, nint k, float* c, nint ldc, bool accumulate)
    {
        for (; panels >= 2; panels -= 2, b += 2 * panelBytes, c += 4 * S.Count)
            TwoRowsTwoPanels(a, a + Last(1, rows) * lda, b, b + panelBytes, k, c, c + Last(1, rows) * ldc, accumulate);
        if (panels > 0) Rows4(a, lda, rows, b, panelBytes, panels, k, c, ldc, accumulate);
    }

    /// <summary>Up to four rows times many panels.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows4(float* a, nint lda, int rows, byte* b, nint panelBytes, int panels, nint k, float* c, nint ldc, bool accumulate)
    {
        float* a1 = a + Last(1, rows) * lda, a2 = a + Last(2, rows) * lda, a3 = a + Last(3, rows) * lda;
        for (; panels > 0; panels--, b += panelBytes, c += 2 * S.Count)
        {
            float* c1 = c + Last(1, rows) * ldc, c2 = c + Last(2, rows) * ldc, c3 = c + Last(3, rows) * ldc;
            V c00 = Start(c, accumulate), c01 = Start(c + S.Count, accumulate);
            V c10 = Start(c1, accumulate), c11 = Start(c1 + S.Count, accumulate);
            V c20 = Start(c2, accumulate), c21 = Start(c2 + S.Count, accumulate);
            V c30 = Start(c3, accumulate), c31 = Start(c3 + S.Count, accumulate);
            var p = b;
            for (nint i = 0; i < k; i++, p += P.RowBytes)
            {
                Prefetch(p);
                V b0 = P.Low(p), b1 = P.High(p);
                var x = S.Broadcast(a[i]);
                c00 = S.Fma(x, b0, c00); c01 = S.Fma(x, b1, c01);
                x = S.Broadcast(a1[i]);
                c10 = S.Fma(x, b0, c10); c11 = S.Fma(x, b1, c11);
                x = S.Broadcast(a2[i]);
                c20 = S.Fma(x, b0, c20); c21 = S.Fma(x, b1, c21);
                x = S.Broadcast(a3[i]);
                c30 = S.Fma(x, b0, c30); c31 = S.Fma(x, b1, c31);
            }

            Finish(c00, c01, c);
            Finish(c10, c11, c1);
            Finish(c20, c21, c2);
            Finish(c30, c31, c3);
        }
    }

    /// <summary>Up to six rows times many panels.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows6(float* a, nint lda, int rows, byte* b, nint panelBytes, int panels, nint k, float* c, nint ldc, bool accumulate)
    {
        float* a1 = a + Last(1, rows) * lda, a2 = a + Last(2, rows) * lda, a3 = a + Last(3, rows) * lda;
        float* a4 = a + Last(4, rows) * lda, a5 = a + Last(5, rows) * lda;
        for (; panels > 0; panels--, b += panelBytes, c += 2 * S.Count)
        {
            float* c1 = c + Last(1, rows) * ldc, c2 = c + Last(2, rows) * ldc, c3 = c + Last(3, rows) * ldc;
            float* c4 = c + Last(4, rows) * ldc, c5 = c + Last(5, rows) * ldc;
            V c00 = Start(c, accumulate), c01 = Start(c + S.Count, accumulate);
            V c10 = Start(c1, accumulate), c11 = Start(c1 + S.Count, accumulate);
            V c20 = Start(c2, accumulate), c21 = Start(c2 + S.Count, accumulate);
            V c30 = Start(c3, accumulate), c31 = Start(c3 + S.Count, accumulate);
            V c40 = Start(c4, accumulate), c41 = Start(c4 + S.Count, accumulate);
            V c50 = Start(c5, accumulate), c51 = Start(c5 + S.Count, accumulate);
            var p = b;
            for (nint i = 0; i < k; i++, p += P.RowBytes)
            {
                V b0 = P.Low(p), b1 = P.High(p);
                var x = S.Broadcast(a[i]);
                c00 = S.Fma(x, b0, c00); c01 = S.Fma(x, b1, c01);
                x = S.Broadcast(a1[i]);
                c10 = S.Fma(x, b0, c10); c11 = S.Fma(x, b1, c11);
                x = S.Broadcast(a2[i]);
                c20 = S.Fma(x, b0, c20); c21 = S.Fma(x, b1, c21);
                x = S.Broadcast(a3[i]);
                c30 = S.Fma(x, b0, c30); c31 = S.Fma(x, b1, c31);
                x = S.Broadcast(a4[i]);
                c40 = S.Fma(x, b0, c40); c41 = S.Fma(x, b1, c41);
                x = S.Broadcast(a5[i]);
                c50 = S.Fma(x, b0, c50); c51 = S.Fma(x, b1, c51);
            }

            Finish(c00, c01, c);
            Finish(c10, c11, c1);
            Finish(c20, c21, c2);
            Finish(c30, c31, c3);
            Finish(c40, c41, c4);
            Finish(c50, c51, c5);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void OnePanel(float* a, byte* b, nint k, float* c, bool accumulate)
    {
        V c0 = Start(c, accumulate), c1 = Start(c + S.Count, accumulate);
        for (nint i = 0; i < k; i++, b += P.RowBytes)
        {
            var x = S.Broadcast(a[i]);
            c0 = S.Fma(x, P.Low(b), c0);
            c1 = S.Fma(x, P.High(b), c1);
        }

        Finish(c0, c1, c);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FourPanels(float* a, byte* b, nint panelBytes, nint k, float* c, bool accumulate)
    {
        byte* b1 = b + panelBytes, b2 = b1 + panelBytes, b3 = b2 + panelBytes;
        V c0 = Start(c, accumulate), c1 = Start(c + S.Count, accumulate);
        V c2 = Start(c + 2 * S.Count, accumulate), c3 = Start(c + 3 * S.Count, accumulate);
        V c4 = Start(c + 4 * S.Count, accumulate), c5 = Start(c + 5 * S.Count, accumulate);
        V c6 = Start(c + 6 * S.Count, accumulate), c7 = Start(c + 7 * S.Count, accumulate);
        for (nint i = 0, offset = 0; i < k; i++, offset += P.RowBytes)
        {
            var x = S.Broadcast(a[i]);
            c0 = S.Fma(x, P.Low(b + offset), c0); c1 = S.Fma(x, P.High(b + offset), c1);
            c2 = S.Fma(x, P.Low(b1 + offset), c2); c3 = S.Fma(x, P.High(b1 + offset), c3);
            c4 = S.Fma(x, P.Low(b2 + offset), c4); c5 = S.Fma(x, P.High(b2 + offset), c5);
            c6 = S.Fma(x, P.Low(b3 + offset), c6); c7 = S.Fma(x, P.High(b3 + offset), c7);
        }

        Finish(c0, c1, c);
        Finish(c2, c3, c + 2 * S.Count);
        Finish(c4, c5, c + 4 * S.Count);
        Finish(c6, c7, c + 6 * S.Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void TwoRowsTwoPanels(float* a0, float* a1, byte* b0, byte* b1, nint k, float* c0, float* c1, bool accumulate)
    {
        V c00 = Start(c0, accumulate), c01 = Start(c0 + S.Count, accumulate);
        V c02 = Start(c0 + 2 * S.Count, accumulate), c03 = Start(c0 + 3 * S.Count, accumulate);
        V c10 = Start(c1, accumulate), c11 = Start(c1 + S.Count, accumulate);
        V c12 = Start(c1 + 2 * S.Count, accumulate), c13 = Start(c1 + 3 * S.Count, accumulate);
        for (nint i = 0, offset = 0; i < k; i++, offset += P.RowBytes)
        {
            Prefetch(b0 + offset);
            Prefetch(b1 + offset);
            V x0 = S.Broadcast(a0[i]), x1 = S.Broadcast(a1[i]);
            var w = P.Low(b0 + offset);
            c00 = S.Fma(x0, w, c00); c10 = S.Fma(x1, w, c10);
            w = P.High(b0 + offset);
            c01 = S.Fma(x0, w, c01); c11 = S.Fma(x1, w, c11);
            w = P.Low(b1 + offset);
            c02 = S.Fma(x0, w, c02); c12 = S.Fma(x1, w, c12);
            w = P.High(b1 + offset);
            c03 = S.Fma(x0, w, c03); c13 = S.Fma(x1, w, c13);
        }

        Finish(c00, c01, c0);
        Finish(c02, c03, c0 + 2 * S.Count);
        Finish(c10, c11, c1);
        Finish(c12, c13, c1 + 2 * S.Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Prefetch(byte* panel)
    {
        if (Sse.IsSupported) Sse.Prefetch0(panel + PrefetchBytes);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Last(int row, int rows) => Math.Min(row, rows - 1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Start(float* c, bool accumulate) => accumulate ? S.Load(c) : S.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish(V low, V high, float* c)
    {
        S.Store(low, c);
        S.Store(high, c + S.Count);
    }
}
