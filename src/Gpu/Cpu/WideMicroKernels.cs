using System.Runtime.CompilerServices;

namespace ActorInference.Gpu.Cpu;

/// <summary>Taller tiles of <see cref="MicroKernels{S,V,P}"/>, for processors with 32 vector registers.</summary>
/// <remarks>SAFETY and order of summation: as there.</remarks>
internal static unsafe class WideMicroKernels<S, V, P>
    where S : struct, ISimd<V>
    where V : struct
    where P : struct, IPanel<V>
{
    /// <summary>Up to eight rows times many panels.</summary>
    public static void Rows8(float* a, nint lda, int rows, byte* b, nint panelBytes, int panels, nint k, float* c, nint ldc, bool accumulate)
    {
        for (; panels > 0; panels--, b += panelBytes, c += 2 * S.Count) Eight(a, lda, rows, b, k, c, ldc, accumulate);
    }

    /// <summary>Up to twelve rows times many panels.</summary>
    public static void Rows12(float* a, nint lda, int rows, byte* b, nint panelBytes, int panels, nint k, float* c, nint ldc, bool accumulate)
    {
        for (; panels > 0; panels--, b += panelBytes, c += 2 * S.Count) Twelve(a, lda, rows, b, k, c, ldc, accumulate);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Eight(float* a, nint lda, int rows, byte* b, nint k, float* c, nint ldc, bool accumulate)
    {
        int r1 = Last(1, rows), r2 = Last(2, rows), r3 = Last(3, rows), r4 = Last(4, rows), r5 = Last(5, rows), r6 = Last(6, rows), r7 = Last(7, rows);
        float* a1 = a + r1 * lda, a2 = a + r2 * lda, a3 = a + r3 * lda, a4 = a + r4 * lda, a5 = a + r5 * lda, a6 = a + r6 * lda, a7 = a + r7 * lda;
        Start(c, accumulate, out var c00, out var c01);
        Start(c + r1 * ldc, accumulate, out var c10, out var c11);
        Start(c + r2 * ldc, accumulate, out var c20, out var c21);
        Start(c + r3 * ldc, accumulate, out var c30, out var c31);
        Start(c + r4 * ldc, accumulate, out var c40, out var c41);
        Start(c + r5 * ldc, accumulate, out var c50, out var c51);
        Start(c + r6 * ldc, accumulate, out var c60, out var c61);
        Start(c + r7 * ldc, accumulate, out var c70, out var c71);
        for (nint i = 0; i < k; i++, b += P.RowBytes)
        {
            V b0 = P.Low(b), b1 = P.High(b);
            V x = S.Broadcast(a[i]), y = S.Broadcast(a1[i]);
            c00 = S.Fma(x, b0, c00); c01 = S.Fma(x, b1, c01); c10 = S.Fma(y, b0, c10); c11 = S.Fma(y, b1, c11);
            (x, y) = (S.Broadcast(a2[i]), S.Broadcast(a3[i]));
            c20 = S.Fma(x, b0, c20); c21 = S.Fma(x, b1, c21); c30 = S.Fma(y, b0, c30); c31 = S.Fma(y, b1, c31);
            (x, y) = (S.Broadcast(a4[i]), S.Broadcast(a5[i]));
            c40 = S.Fma(x, b0, c40); c41 = S.Fma(x, b1, c41); c50 = S.Fma(y, b0, c50); c51 = S.Fma(y, b1, c51);
            (x, y) = (S.Broadcast(a6[i]), S.Broadcast(a7[i]));
            c60 = S.Fma(x, b0, c60); c61 = S.Fma(x, b1, c61); c70 = S.Fma(y, b0, c70); c71 = S.Fma(y, b1, c71);
        }

        Finish(c00, c01, c);
        Finish(c10, c11, c + r1 * ldc);
        Finish(c20, c21, c + r2 * ldc);
        Finish(c30, c31, c + r3 * ldc);
        Finish(c40, c41, c + r4 * ldc);
        Finish(c50, c51, c + r5 * ldc);
        Finish(c60, c61, c + r6 * ldc);
        Finish(c70, c71, c + r7 * ldc);
    }

    // Twelve rows and their accumulators are one tile; splitting the method would spill them.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Twelve(float* a, nint lda, int rows, byte* b, nint k, float* c, nint ldc, bool accumulate)
    {
        int r1 = Last(1, rows), r2 = Last(2, rows), r3 = Last(3, rows), r4 = Last(4, rows), r5 = Last(5, rows), r6 = Last(6, rows);
        int r7 = Last(7, rows), r8 = Last(8, rows), r9 = Last(9, rows), r10 = Last(10, rows), r11 = Last(11, rows);
        float* a1 = a + r1 * lda, a2 = a + r2 * lda, a3 = a + r3 * lda, a4 = a + r4 * lda, a5 = a + r5 * lda, a6 = a + r6 * lda;
        float* a7 = a + r7 * lda, a8 = a + r8 * lda, a9 = a + r9 * lda, a10 = a + r10 * lda, a11 = a + r11 * lda;
        Start(c, accumulate, out var c00, out var c01);
        Start(c + r1 * ldc, accumulate, out var c10, out var c11);
        Start(c + r2 * ldc, accumulate, out var c20, out var c21);
        Start(c + r3 * ldc, accumulate, out var c30, out var c31);
        Start(c + r4 * ldc, accumulate, out var c40, out var c41);
        Start(c + r5 * ldc, accumulate, out var c50, out var c51);
        Start(c + r6 * ldc, accumulate, out var c60, out var c61);
        Start(c + r7 * ldc, accumulate, out var c70, out var c71);
        Start(c + r8 * ldc, accumulate, out var c80, out var c81);
        Start(c + r9 * ldc, accumulate, out var c90, out var c91);
        Start(c + r10 * ldc, accumulate, out var cA0, out var cA1);
        Start(c + r11 * ldc, accumulate, out var cB0, out var cB1);
        for (nint i = 0; i < k; i++, b += P.RowBytes)
        {
            V b0 = P.Low(b), b1 = P.High(b);
            V x = S.Broadcast(a[i]), y = S.Broadcast(a1[i]);
            c00 = S.Fma(x, b0, c00); c01 = S.Fma(x, b1, c01); c10 = S.Fma(y, b0, c10); c11 = S.Fma(y, b1, c11);
            (x, y) = (S.Broadcast(a2[i]), S.Broadcast(a3[i]));
            c20 = S.Fma(x, b0, c20); c21 = S.Fma(x, b1, c21); c30 = S.Fma(y, b0, c30); c31 = S.Fma(y, b1, c31);
            (x, y) = (S.Broadcast(a4[i]), S.Broadcast(a5[i]));
            c40 = S.Fma(x, b0, c40); c41 = S.Fma(x, b1, c41); c50 = S.Fma(y, b0, c50); c51 = S.Fma(y, b1, c51);
            (x, y) = (S.Broadcast(a6[i]), S.Broadcast(a7[i]));
            c60 = S.Fma(x, b0, c60); c61 = S.Fma(x, b1, c61); c70 = S.Fma(y, b0, c70); c71 = S.Fma(y, b1, c71);
            (x, y) = (S.Broadcast(a8[i]), S.Broadcast(a9[i]));
            c80 = S.Fma(x, b0, c80); c81 = S.Fma(x, b1, c81); c90 = S.Fma(y, b0, c90); c91 = S.Fma(y, b1, c91);
            (x, y) = (S.Broadcast(a10[i]), S.Broadcast(a11[i]));
            cA0 = S.Fma(x, b0, cA0); cA1 = S.Fma(x, b1, cA1); cB0 = S.Fma(y, b0, cB0); cB1 = S.Fma(y, b1, cB1);
        }

        Finish(c00, c01, c);
        Finish(c10, c11, c + r1 * ldc);
        Finish(c20, c21, c + r2 * ldc);
        Finish(c30, c31, c + r3 * ldc);
        Finish(c40, c41, c + r4 * ldc);
        Finish(c50, c51, c + r5 * ldc);
        Finish(c60, c61, c + r6 * ldc);
        Finish(c70, c71, c + r7 * ldc);
        Finish(c80, c81, c + r8 * ldc);
        Finish(c90, c91, c + r9 * ldc);
        Finish(cA0, cA1, c + r10 * ldc);
        Finish(cB0, cB1, c + r11 * ldc);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Last(int row, int rows) => Math.Min(row, rows - 1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Start(float* c, bool accumulate, out V low, out V high)
    {
        low = accumulate ? S.Load(c) : S.Zero;
        high = accumulate ? S.Load(c + S.Count) : S.Zero;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish(V low, V high, float* c)
    {
        S.Store(low, c);
        S.Store(high, c + S.Count);
    }
}
