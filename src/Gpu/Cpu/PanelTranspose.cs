using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using ActorInference.Gpu.Models;

namespace ActorInference.Gpu.Cpu;

/// <summary>Packs whole panels of a <see cref="PackedMatrix"/> eight columns by eight inputs at a time.</summary>
internal static unsafe class PanelTranspose
{
    private const int Side = 8;

    /// <summary>Packs a strip of a panel as far as it goes by eights.</summary>
    /// <param name="sources">One for each column, of the target's type, none missing.</param>
    /// <param name="strip">The row of the panel that the first input becomes.</param>
    /// <returns>Inputs packed; the caller packs the rest.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int Strip(PackedMatrix target, ReadOnlySpan<OutputSource> sources, int first, int count, byte* strip)
    {
        var words = target.RowBytes / sizeof(int);
        if (!Avx2.IsSupported || words % Side != 0) return 0;
        var whole = count / Side * Side;
        var isWide = target.Dtype == WeightDtype.F32;
        var rows = stackalloc byte*[2 * Side];
        for (var word = 0; word < words; word += Side)
        {
            for (var i = 0; i < Side; i++)
            {
                rows[i] = sources[word + i].Row + (long)first * target.Dtype.SizeBytes();
                rows[Side + i] = isWide ? null : sources[words + word + i].Row + (long)first * target.Dtype.SizeBytes();
            }

            for (var input = 0; input < whole; input += Side)
            {
                var to = strip + (long)input * target.RowBytes + word * sizeof(int);
                if (isWide) Wide(rows, input, to, target.RowBytes);
                else Pairs(rows, input, to, target.RowBytes);
            }
        }

        return whole;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Wide(byte** rows, int input, byte* target, int stride)
    {
        var offset = input * sizeof(int);
        Turn(Load(rows[0] + offset), Load(rows[1] + offset), Load(rows[2] + offset), Load(rows[3] + offset),
            Load(rows[4] + offset), Load(rows[5] + offset), Load(rows[6] + offset), Load(rows[7] + offset), target, stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Pairs(byte** rows, int input, byte* target, int stride)
    {
        var offset = input * sizeof(ushort);
        Turn(Zip(rows, 0, offset), Zip(rows, 1, offset), Zip(rows, 2, offset), Zip(rows, 3, offset),
            Zip(rows, 4, offset), Zip(rows, 5, offset), Zip(rows, 6, offset), Zip(rows, 7, offset), target, stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Load(byte* source) => Vector256.Load((int*)source);

    /// <summary>Eight inputs of two columns, paired as words.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Zip(byte** rows, int column, int offset)
    {
        Vector128<ushort> low = Vector128.Load((ushort*)(rows[column] + offset)), high = Vector128.Load((ushort*)(rows[Side + column] + offset));
        return Vector256.Create(Sse2.UnpackLow(low, high), Sse2.UnpackHigh(low, high)).AsInt32();
    }

    /// <summary>Writes word i of each of eight rows as the row i of the target.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Turn(
        Vector256<int> r0, Vector256<int> r1, Vector256<int> r2, Vector256<int> r3,
        Vector256<int> r4, Vector256<int> r5, Vector256<int> r6, Vector256<int> r7, byte* target, nint stride)
    {
        Quads(r0, r1, r2, r3, out var a0, out var a1, out var a2, out var a3);
        Quads(r4, r5, r6, r7, out var b0, out var b1, out var b2, out var b3);
        const byte lower = 0x20, upper = 0x31;
        Avx2.Permute2x128(a0, b0, lower).Store((int*)target);
        Avx2.Permute2x128(a1, b1, lower).Store((int*)(target + stride));
        Avx2.Permute2x128(a2, b2, lower).Store((int*)(target + 2 * stride));
        Avx2.Permute2x128(a3, b3, lower).Store((int*)(target + 3 * stride));
        Avx2.Permute2x128(a0, b0, upper).Store((int*)(target + 4 * stride));
        Avx2.Permute2x128(a1, b1, upper).Store((int*)(target + 5 * stride));
        Avx2.Permute2x128(a2, b2, upper).Store((int*)(target + 6 * stride));
        Avx2.Permute2x128(a3, b3, upper).Store((int*)(target + 7 * stride));
    }

    /// <summary>Turns four rows of four words, in both halves.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Quads(Vector256<int> r0, Vector256<int> r1, Vector256<int> r2, Vector256<int> r3,
        out Vector256<int> c0, out Vector256<int> c1, out Vector256<int> c2, out Vector256<int> c3)
    {
        Vector256<long> low01 = Avx2.UnpackLow(r0, r1).AsInt64(), high01 = Avx2.UnpackHigh(r0, r1).AsInt64();
        Vector256<long> low23 = Avx2.UnpackLow(r2, r3).AsInt64(), high23 = Avx2.UnpackHigh(r2, r3).AsInt64();
        c0 = Avx2.UnpackLow(low01, low23).AsInt32();
        c1 = Avx2.UnpackHigh(low01, low23).AsInt32();
        c2 = Avx2.UnpackLow(high01, high23).AsInt32();
        c3 = Avx2.UnpackHigh(high01, high23).AsInt32();
    }
}
