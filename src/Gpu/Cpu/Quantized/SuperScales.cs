using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace ActorInference.Gpu.Cpu.Quantized;

/// <summary>How blocks of 256 inputs scale and move the codes of their eight parts of 32: by small integers, which the block's own F16 numbers scale.</summary>
internal unsafe interface ISuperScales
{
    /// <summary>F16 numbers of a block: one for scales, perhaps another for offsets.</summary>
    static abstract int Halves { get; }

    /// <summary>A part's scales and offsets, of eight outputs.</summary>
    static abstract int PartBytes { get; }

    /// <summary>Scales of the first and the last sixteen inputs, each twice.</summary>
    static abstract void Load<D>(byte* part, out Vector256<short> first, out Vector256<short> second)
        where D : struct, IByteSimd;

    /// <summary>Takes what codes are too large by from their product with a row.</summary>
    static abstract Vector256<int> Centre<D>(Vector256<int> y, byte* part, int* halves)
        where D : struct, IByteSimd;

    /// <summary>Adds what offsets take from a row's product, but for the block's own number.</summary>
    /// <param name="scale">Of the activations.</param>
    /// <param name="sum">Of the activations, scaled.</param>
    /// <param name="halves">Sums of the first and the last sixteen, not scaled, as two numbers of 16 bits.</param>
    static abstract Vector256<float> AddOffset<D>(Vector256<float> b, byte* part, float* scale, float* sum, int* halves)
        where D : struct, IByteSimd;
}

/// <summary>Q4_K, Q5_K: [8 times scale, offset].</summary>
internal readonly unsafe struct PairScales : ISuperScales
{
    public static int Halves => 2;

    public static int PartBytes => 2 * QuantLayouts.Lanes;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Load<D>(byte* part, out Vector256<short> first, out Vector256<short> second)
        where D : struct, IByteSimd => first = second = D.First(D.Widen(part));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Centre<D>(Vector256<int> y, byte* part, int* halves)
        where D : struct, IByteSimd => y;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> AddOffset<D>(Vector256<float> b, byte* part, float* scale, float* sum, int* halves)
        where D : struct, IByteSimd => QuantVectors<D>.Add(Vector256.ShiftRightLogical(D.Widen(part).AsInt32(), 16), sum, b);
}

/// <summary>Q6_K, Q3_K: [8 times scale of the first sixteen, scale of the others], signed; codes less 32.</summary>
internal readonly unsafe struct CentredScales : ISuperScales
{
    /// <summary>Of 32: what codes are too large by, as a shift.</summary>
    private const int CentreBits = 5;

    public static int Halves => 1;

    public static int PartBytes => 2 * QuantLayouts.Lanes;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Load<D>(byte* part, out Vector256<short> first, out Vector256<short> second)
        where D : struct, IByteSimd
    {
        var pairs = D.Widen((sbyte*)part);
        (first, second) = (D.First(pairs), D.Second(pairs));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Centre<D>(Vector256<int> y, byte* part, int* halves)
        where D : struct, IByteSimd =>
        y - Vector256.ShiftLeft(D.MultiplyAdd(D.Widen((sbyte*)part), Vector256.Create(*halves).AsInt16()), CentreBits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> AddOffset<D>(Vector256<float> b, byte* part, float* scale, float* sum, int* halves)
        where D : struct, IByteSimd => b;
}

/// <summary>Q2_K: [8 times scale of the first sixteen, scale of the others], and the same of offsets.</summary>
internal readonly unsafe struct QuadScales : ISuperScales
{
    public static int Halves => 2;

    public static int PartBytes => 4 * QuantLayouts.Lanes;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Load<D>(byte* part, out Vector256<short> first, out Vector256<short> second)
        where D : struct, IByteSimd
    {
        var pairs = D.Widen(part);
        (first, second) = (D.First(pairs), D.Second(pairs));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Centre<D>(Vector256<int> y, byte* part, int* halves)
        where D : struct, IByteSimd => y;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> AddOffset<D>(Vector256<float> b, byte* part, float* scale, float* sum, int* halves)
        where D : struct, IByteSimd =>
        QuantVectors<D>.Add(D.MultiplyAdd(D.Widen(part + 2 * QuantLayouts.Lanes), Vector256.Create(*halves).AsInt16()), scale, b);
}
