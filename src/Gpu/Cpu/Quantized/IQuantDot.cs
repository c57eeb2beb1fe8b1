using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace ActorInference.Gpu.Cpu.Quantized;

/// <summary>Integer products of eight outputs and activations: lane o of the result is the sum over its inputs, exact.</summary>
/// <remarks>Magnitudes: activations up to 127, weights as the methods say; no sum leaves its type.</remarks>
internal unsafe interface IQuantDot
{
    /// <summary>32 inputs, weights -128 to 127.</summary>
    static abstract Vector256<int> Bytes(byte* weights, sbyte* x);

    /// <summary>16 inputs, weights -32 to 31.</summary>
    static abstract Vector256<int> HalfBytes(byte* weights, sbyte* x);

    /// <summary>32 inputs, weights 0 to 15.</summary>
    static abstract Vector256<int> Nibbles(byte* weights, sbyte* x);

    /// <summary>Bytes for four rows at once: the same results.</summary>
    static abstract void Bytes4(byte* weights, sbyte* x0, sbyte* x1, sbyte* x2, sbyte* x3,
        out Vector256<int> y0, out Vector256<int> y1, out Vector256<int> y2, out Vector256<int> y3);

    /// <summary>Nibbles for four rows at once.</summary>
    static abstract void Nibbles4(byte* weights, sbyte* x0, sbyte* x1, sbyte* x2, sbyte* x3,
        out Vector256<int> y0, out Vector256<int> y1, out Vector256<int> y2, out Vector256<int> y3);
}

/// <summary>By vpmaddubsw: its first factor is unsigned, so the weight's sign goes to the activation.</summary>
internal readonly unsafe struct Avx2Dot : IQuantDot
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Bytes(byte* weights, sbyte* x)
    {
        var ones = Vector256.Create((short)1);
        var even = Pair(weights, x, ones) + Pair(weights + 64, x + 8, ones);
        var odd = Pair(weights + 128, x + 16, ones) + Pair(weights + 192, x + 24, ones);
        return even + odd;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> HalfBytes(byte* weights, sbyte* x)
    {
        // 2 * 32 * 127 a product: four of them fit into 16 bits.
        var sum = Products(weights, x) + Products(weights + 32, x + 4) + (Products(weights + 64, x + 8) + Products(weights + 96, x + 12));
        return Avx2.MultiplyAddAdjacent(sum, Vector256.Create((short)1));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Nibbles(byte* weights, sbyte* x)
    {
        var mask = Vector256.Create((byte)15);
        Vector256<byte> w0 = Vector256.Load(weights), w1 = Vector256.Load(weights + 32), w2 = Vector256.Load(weights + 64), w3 = Vector256.Load(weights + 96);
        // 2 * 15 * 127 a product: eight of them fit into 16 bits.
        var low = Avx2.MultiplyAddAdjacent(w0 & mask, Word(x)) + Avx2.MultiplyAddAdjacent(w1 & mask, Word(x + 4))
            + (Avx2.MultiplyAddAdjacent(w2 & mask, Word(x + 8)) + Avx2.MultiplyAddAdjacent(w3 & mask, Word(x + 12)));
        var high = Avx2.MultiplyAddAdjacent(High(w0, mask), Word(x + 16)) + Avx2.MultiplyAddAdjacent(High(w1, mask), Word(x + 20))
            + (Avx2.MultiplyAddAdjacent(High(w2, mask), Word(x + 24)) + Avx2.MultiplyAddAdjacent(High(w3, mask), Word(x + 28)));
        return Avx2.MultiplyAddAdjacent(low + high, Vector256.Create((short)1));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Bytes4(byte* weights, sbyte* x0, sbyte* x1, sbyte* x2, sbyte* x3,
        out Vector256<int> y0, out Vector256<int> y1, out Vector256<int> y2, out Vector256<int> y3)
    {
        var ones = Vector256.Create((short)1);
        y0 = y1 = y2 = y3 = Vector256<int>.Zero;
        for (var v = 0; v < 8; v++, weights += 32)
        {
            var w = Vector256.Load((sbyte*)weights);
            var magnitude = Avx2.Abs(w);
            y0 += Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(magnitude, Avx2.Sign(Word(x0 + 4 * v), w)), ones);
            y1 += Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(magnitude, Avx2.Sign(Word(x1 + 4 * v), w)), ones);
            y2 += Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(magnitude, Avx2.Sign(Word(x2 + 4 * v), w)), ones);
            y3 += Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(magnitude, Avx2.Sign(Word(x3 + 4 * v), w)), ones);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Nibbles4(byte* weights, sbyte* x0, sbyte* x1, sbyte* x2, sbyte* x3,
        out Vector256<int> y0, out Vector256<int> y1, out Vector256<int> y2, out Vector256<int> y3)
    {
        var mask = Vector256.Create((byte)15);
        Vector256<short> s0 = default, s1 = default, s2 = default, s3 = default;
        for (var v = 0; v < 4; v++, weights += 32)
        {
            var both = Vector256.Load(weights);
            var low = both & mask;
            var high = High(both, mask);
            s0 += Avx2.MultiplyAddAdjacent(low, Word(x0 + 4 * v)) + Avx2.MultiplyAddAdjacent(high, Word(x0 + 16 + 4 * v));
            s1 += Avx2.MultiplyAddAdjacent(low, Word(x1 + 4 * v)) + Avx2.MultiplyAddAdjacent(high, Word(x1 + 16 + 4 * v));
            s2 += Avx2.MultiplyAddAdjacent(low, Word(x2 + 4 * v)) + Avx2.MultiplyAddAdjacent(high, Word(x2 + 16 + 4 * v));
            s3 += Avx2.MultiplyAddAdjacent(low, Word(x3 + 4 * v)) + Avx2.MultiplyAddAdjacent(high, Word(x3 + 16 + 4 * v));
        }

        var ones = Vector256.Create((short)1);
        y0 = Avx2.MultiplyAddAdjacent(s0, ones);
        y1 = Avx2.MultiplyAddAdjacent(s1, ones);
        y2 = Avx2.MultiplyAddAdjacent(s2, ones);
        y3 = Avx2.MultiplyAddAdjacent(s3, ones);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Pair(byte* weights, sbyte* x, Vector256<short> ones) =>
        Avx2.MultiplyAddAdjacent(Products(weights, x), ones) + Avx2.MultiplyAddAdjacent(Products(weights + 32, x + 4), ones);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Products(byte* weights, sbyte* x)
    {
        var w = Vector256.Load((sbyte*)weights);
        return Avx2.MultiplyAddAdjacent(Avx2.Abs(w), Avx2.Sign(Word(x), w));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> High(Vector256<byte> both, Vector256<byte> mask) => Vector256.ShiftRightLogical(both.AsUInt16(), 4).AsByte() & mask;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<sbyte> Word(sbyte* x) => Vector256.Create(Unsafe.ReadUnaligned<int>(x)).AsSByte();
}

/// <summary>The same on any processor, a byte of each word at a time.</summary>
internal readonly unsafe struct PlainDot : IQuantDot
{
    public static Vector256<int> Bytes(byte* weights, sbyte* x) => Sum(weights, x, vectors: 8);

    public static Vector256<int> HalfBytes(byte* weights, sbyte* x) => Sum(weights, x, vectors: 4);

    public static Vector256<int> Nibbles(byte* weights, sbyte* x)
    {
        var sum = Vector256<int>.Zero;
        for (var v = 0; v < 4; v++)
        {
            var both = Vector256.Load((int*)(weights + 32 * v));
            for (var j = 0; j < 4; j++)
            {
                var low = Vector256.ShiftRightLogical(both, 8 * j) & Vector256.Create(15);
                var high = Vector256.ShiftRightLogical(both, 8 * j + 4) & Vector256.Create(15);
                sum += low * Vector256.Create((int)x[4 * v + j]) + high * Vector256.Create((int)x[16 + 4 * v + j]);
            }
        }

        return sum;
    }

    public static void Bytes4(byte* weights, sbyte* x0, sbyte* x1, sbyte* x2, sbyte* x3,
        out Vector256<int> y0, out Vector256<int> y1, out Vector256<int> y2, out Vector256<int> y3) =>
        (y0, y1, y2, y3) = (Bytes(weights, x0), Bytes(weights, x1), Bytes(weights, x2), Bytes(weights, x3));

    public static void Nibbles4(byte* weights, sbyte* x0, sbyte* x1, sbyte* x2, sbyte* x3,
        out Vector256<int> y0, out Vector256<int> y1, out Vector256<int> y2, out Vector256<int> y3) =>
        (y0, y1, y2, y3) = (Nibbles(weights, x0), Nibbles(weights, x1), Nibbles(weights, x2), Nibbles(weights, x3));

    private static Vector256<int> Sum(byte* weights, sbyte* x, int vectors)
    {
        var sum = Vector256<int>.Zero;
        for (var v = 0; v < vectors; v++)
        {
            var words = Vector256.Load((int*)(weights + 32 * v));
            for (var j = 0; j < 4; j++)
                sum += Vector256.ShiftRightArithmetic(Vector256.ShiftLeft(words, 24 - 8 * j), 24) * Vector256.Create((int)x[4 * v + j]);
        }

        return sum;
    }
}
