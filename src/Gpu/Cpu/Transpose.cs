using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace ActorInference.Gpu.Cpu;

/// <summary>Turns eight rows of floats into columns.</summary>
internal static unsafe class Transpose
{
    public const int Rows = 8;

    /// <summary>target[i * stride + r] = rows[r][i].</summary>
    /// <param name="rows">Eight pointers to <paramref name="length"/> floats each.</param>
    /// <param name="target">Room for <paramref name="length"/> rows of stride; eight columns are written.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void EightRows(float** rows, int length, float* target, nint stride)
    {
        var i = 0;
        if (Avx.IsSupported)
        {
            for (; i <= length - 8; i += 8) Block8(rows, i, target + i * stride, stride);
        }
        else if (AdvSimd.Arm64.IsSupported || Sse.IsSupported)
        {
            for (; i <= length - 4; i += 4)
            {
                Block4(rows, i, target + i * stride, stride);
                Block4(rows + 4, i, target + i * stride + 4, stride);
            }
        }

        for (; i < length; i++)
        {
            for (var row = 0; row < Rows; row++) target[i * stride + row] = rows[row][i];
        }
    }

    /// <summary>Pairs, then fours, within each half of a vector; the halves are chosen when loading.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Block8(float** rows, int i, float* target, nint stride)
    {
        // r0..r3: elements i..i+3 of rows 0..3 below, of rows 4..7 above; r4..r7: elements i+4..i+7.
        Vector256<float> r0 = Halves(rows[0] + i, rows[4] + i), r1 = Halves(rows[1] + i, rows[5] + i);
        Vector256<float> r2 = Halves(rows[2] + i, rows[6] + i), r3 = Halves(rows[3] + i, rows[7] + i);
        Four(r0, r1, r2, r3, target, stride);
        r0 = Halves(rows[0] + i + 4, rows[4] + i + 4);
        r1 = Halves(rows[1] + i + 4, rows[5] + i + 4);
        r2 = Halves(rows[2] + i + 4, rows[6] + i + 4);
        r3 = Halves(rows[3] + i + 4, rows[7] + i + 4);
        Four(r0, r1, r2, r3, target + 4 * stride, stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Halves(float* lower, float* upper) => Vector256.Create(Vector128.Load(lower), Vector128.Load(upper));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Four(Vector256<float> r0, Vector256<float> r1, Vector256<float> r2, Vector256<float> r3, float* target, nint stride)
    {
        Vector256<float> low01 = Avx.UnpackLow(r0, r1), high01 = Avx.UnpackHigh(r0, r1);
        Vector256<float> low23 = Avx.UnpackLow(r2, r3), high23 = Avx.UnpackHigh(r2, r3);
        const byte lowPairs = 0b01_00_01_00, highPairs = 0b11_10_11_10;
        Avx.Shuffle(low01, low23, lowPairs).Store(target);
        Avx.Shuffle(low01, low23, highPairs).Store(target + stride);
        Avx.Shuffle(high01, high23, lowPairs).Store(target + 2 * stride);
        Avx.Shuffle(high01, high23, highPairs).Store(target + 3 * stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Block4(float** rows, int i, float* target, nint stride)
    {
        Vector128<float> r0 = Vector128.Load(rows[0] + i), r1 = Vector128.Load(rows[1] + i);
        Vector128<float> r2 = Vector128.Load(rows[2] + i), r3 = Vector128.Load(rows[3] + i);
        Vector128<double> low01 = ZipLow(r0, r1).AsDouble(), high01 = ZipHigh(r0, r1).AsDouble();
        Vector128<double> low23 = ZipLow(r2, r3).AsDouble(), high23 = ZipHigh(r2, r3).AsDouble();
        Vector128.Create(low01.GetLower(), low23.GetLower()).AsSingle().Store(target);
        Vector128.Create(low01.GetUpper(), low23.GetUpper()).AsSingle().Store(target + stride);
        Vector128.Create(high01.GetLower(), high23.GetLower()).AsSingle().Store(target + 2 * stride);
        Vector128.Create(high01.GetUpper(), high23.GetUpper()).AsSingle().Store(target + 3 * stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> ZipLow(Vector128<float> a, Vector128<float> b) =>
        AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.ZipLow(a, b) : Sse.UnpackLow(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> ZipHigh(Vector128<float> a, Vector128<float> b) =>
        AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.ZipHigh(a, b) : Sse.UnpackHigh(a, b);
}
