using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace ActorInference.Gpu.Cpu;

/// <summary>Turns eight rows of floats into columns.</summary>
internal static unsafe class Transpose
{
    public const int Rows = 8;

    /// <summary>target[i * stride + r] = rows[r * rowStride + i] for eight r; rows that are missing repeat the last one.</summary>
    /// <param name="present">Rows there are, 1 to 8.</param>
    /// <param name="length">Elements of a row.</param>
    /// <param name="target">Room for <paramref name="length"/> rows of stride; eight columns are written.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void EightRows(float* rows, nint rowStride, int present, int length, float* target, nint stride)
    {
        var last = present - 1;
        float* r0 = rows, r1 = rows + Math.Min(1, last) * rowStride, r2 = rows + Math.Min(2, last) * rowStride, r3 = rows + Math.Min(3, last) * rowStride;
        float* r4 = rows + Math.Min(4, last) * rowStride, r5 = rows + Math.Min(5, last) * rowStride, r6 = rows + Math.Min(6, last) * rowStride, r7 = rows + last * rowStride;
        nint i = 0;
        if (Avx.IsSupported)
        {
            // Four elements of rows 0 to 3 make the lower halves, of rows 4 to 7 the upper: two 4 x 4 blocks at once.
            for (; i <= length - 4; i += 4)
                Block(Halves(r0 + i, r4 + i), Halves(r1 + i, r5 + i), Halves(r2 + i, r6 + i), Halves(r3 + i, r7 + i), target + i * stride, stride);
        }
        else if (AdvSimd.Arm64.IsSupported || Sse.IsSupported)
        {
            for (; i <= length - 4; i += 4)
            {
                Block(Vector128.Load(r0 + i), Vector128.Load(r1 + i), Vector128.Load(r2 + i), Vector128.Load(r3 + i), target + i * stride, stride);
                Block(Vector128.Load(r4 + i), Vector128.Load(r5 + i), Vector128.Load(r6 + i), Vector128.Load(r7 + i), target + i * stride + 4, stride);
            }
        }

        for (; i < length; i++)
        {
            var row = target + i * stride;
            (row[0], row[1], row[2], row[3], row[4], row[5], row[6], row[7]) = (r0[i], r1[i], r2[i], r3[i], r4[i], r5[i], r6[i], r7[i]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Halves(float* lower, float* upper) => Vector256.Create(Vector128.Load(lower), Vector128.Load(upper));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Block(Vector256<float> r0, Vector256<float> r1, Vector256<float> r2, Vector256<float> r3, float* target, nint stride)
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
    private static void Block(Vector128<float> r0, Vector128<float> r1, Vector128<float> r2, Vector128<float> r3, float* target, nint stride)
    {
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
