using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace ActorInference.Gpu.Cpu.Quantized;

/// <summary>
/// How codes, weights without scale and offset and sign, of eight outputs by 32 inputs lie in memory. Unpacked they are eight
/// vectors: word i of vector v is inputs 4v to 4v + 3 of output i.
/// </summary>
/// <remarks>SAFETY: a block covers <see cref="Bytes"/>, unpacked vectors 256 bytes.</remarks>
internal unsafe interface IQuantCodes
{
    /// <summary>Of a block.</summary>
    static abstract int Bytes { get; }

    /// <summary>Vectors whose products with activations, added in pairs, can be summed up in 16 bits: 2, 4 or 8.</summary>
    static abstract int Summable { get; }

    /// <summary>Unpacks a vector. A constant <paramref name="v"/> is the fast way.</summary>
    static abstract Vector256<byte> Load(byte* block, int v);

    /// <summary>Packs eight vectors.</summary>
    static abstract void Store(byte* vectors, byte* block);
}

/// <summary>A byte each.</summary>
internal readonly unsafe struct ByteCodes : IQuantCodes
{
    public static int Bytes => 256;

    /// <summary>Not at all: they are not multiplied like others, as they have a sign.</summary>
    public static int Summable => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Load(byte* block, int v) => Vector256.Load(block + 32 * v);

    public static void Store(byte* vectors, byte* block) => Buffer.MemoryCopy(vectors, block, Bytes, Bytes);
}

/// <summary>0 to 15: vector v low and vector v + 4 high.</summary>
internal readonly unsafe struct NibbleCodes : IQuantCodes
{
    public static int Bytes => 128;

    /// <summary>2 * 15 * 127 each.</summary>
    public static int Summable => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Load(byte* block, int v)
    {
        var both = Vector256.Load(block + 32 * (v & 3));
        return (v < 4 ? both : Vector256.ShiftRightLogical(both.AsUInt16(), 4).AsByte()) & Vector256.Create((byte)15);
    }

    public static void Store(byte* vectors, byte* block)
    {
        var mask = Vector256.Create((byte)15);
        for (var v = 0; v < 4; v++)
        {
            Vector256<byte> low = Vector256.Load(vectors + 32 * v) & mask, high = Vector256.Load(vectors + 32 * (v + 4)) & mask;
            (low | Vector256.ShiftLeft(high.AsUInt16(), 4).AsByte()).Store(block + 32 * v);
        }
    }
}

/// <summary>0 to 31: nibbles, then a vector whose bits v are the fifth bits of vector v.</summary>
internal readonly unsafe struct FiveBitCodes : IQuantCodes
{
    public static int Bytes => NibbleCodes.Bytes + 32;

    /// <summary>2 * 31 * 127 each.</summary>
    public static int Summable => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Load(byte* block, int v)
    {
        var fifth = Vector256.Load(block + NibbleCodes.Bytes).AsUInt16();
        // Shifts of 16 bits: what comes over from the neighbour is not where the mask looks.
        var moved = v < 4 ? Vector256.ShiftLeft(fifth, 4 - v) : Vector256.ShiftRightLogical(fifth, v - 4);
        return NibbleCodes.Load(block, v) | (moved.AsByte() & Vector256.Create((byte)16));
    }

    public static void Store(byte* vectors, byte* block)
    {
        NibbleCodes.Store(vectors, block);
        var fifth = Vector256<byte>.Zero;
        for (var v = 0; v < 8; v++) fifth |= Vector256.ShiftLeft(Vector256.ShiftRightLogical(Vector256.Load(vectors + 32 * v), 4), v);
        fifth.Store(block + NibbleCodes.Bytes);
    }
}

/// <summary>0 to 63: nibbles, then two vectors of upper bits, those of vector 4u + f at bits 2f and 2f + 1 of the vector u.</summary>
internal readonly unsafe struct SixBitCodes : IQuantCodes
{
    public static int Bytes => NibbleCodes.Bytes + 64;

    /// <summary>2 * 63 * 127 each.</summary>
    public static int Summable => 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Load(byte* block, int v)
    {
        var upper = Vector256.Load(block + NibbleCodes.Bytes + 32 * (v >> 2)).AsUInt16();
        var moved = (v & 3) < 2 ? Vector256.ShiftLeft(upper, 4 - 2 * (v & 3)) : Vector256.ShiftRightLogical(upper, 2 * (v & 3) - 4);
        return NibbleCodes.Load(block, v) | (moved.AsByte() & Vector256.Create((byte)48));
    }

    public static void Store(byte* vectors, byte* block)
    {
        NibbleCodes.Store(vectors, block);
        for (var u = 0; u < 2; u++, vectors += 128)
        {
            var upper = Vector256<byte>.Zero;
            for (var f = 0; f < 4; f++) upper |= Vector256.ShiftLeft(Vector256.ShiftRightLogical(Vector256.Load(vectors + 32 * f), 4), 2 * f);
            upper.Store(block + NibbleCodes.Bytes + 32 * u);
        }
    }
}

/// <summary>0 to 3: vector 4u + f at bits 2f and 2f + 1 of the vector u.</summary>
internal readonly unsafe struct TwoBitCodes : IQuantCodes
{
    public static int Bytes => 64;

    /// <summary>More would fit; its scales are those of four vectors.</summary>
    public static int Summable => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Load(byte* block, int v) =>
        Vector256.ShiftRightLogical(Vector256.Load(block + 32 * (v >> 2)).AsUInt16(), 2 * (v & 3)).AsByte() & Vector256.Create((byte)3);

    public static void Store(byte* vectors, byte* block)
    {
        for (var u = 0; u < 2; u++, vectors += 128)
        {
            var all = Vector256<byte>.Zero;
            for (var f = 0; f < 4; f++) all |= Vector256.ShiftLeft(Vector256.Load(vectors + 32 * f), 2 * f);
            all.Store(block + 32 * u);
        }
    }
}
