using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace ActorInference.Gpu.Cpu.Quantized;

/// <summary>What products of bytes are written in: integers of 32 bytes at a time, exact, so that every processor gives the same.</summary>
/// <remarks>SAFETY: pointers cover what a method says that it reads.</remarks>
internal unsafe interface IByteSimd
{
    /// <summary>Four activations, eight times.</summary>
    static abstract Vector256<sbyte> Word(sbyte* x);

    /// <summary>Lane i: w[2i] x[2i] + w[2i + 1] x[2i + 1], which the caller knows to fit.</summary>
    static abstract Vector256<short> MultiplyAdd(Vector256<byte> w, Vector256<sbyte> x);

    /// <summary>Lane i: a[2i] b[2i] + a[2i + 1] b[2i + 1].</summary>
    static abstract Vector256<int> MultiplyAdd(Vector256<short> a, Vector256<short> b);

    /// <summary>Magnitudes, that of -128 too.</summary>
    static abstract Vector256<byte> Abs(Vector256<sbyte> w);

    /// <summary>x, its sign changed where w is below 0. What it is where w is 0 is open.</summary>
    static abstract Vector256<sbyte> Sign(Vector256<sbyte> x, Vector256<sbyte> w);

    /// <summary>Reads 16 bytes.</summary>
    static abstract Vector256<short> Widen(byte* bytes);

    /// <summary>Reads 16 signed bytes.</summary>
    static abstract Vector256<short> Widen(sbyte* bytes);

    /// <summary>Reads 8.</summary>
    static abstract Vector256<int> Widen(short* shorts);

    /// <summary>The first of every two, twice.</summary>
    static abstract Vector256<short> First(Vector256<short> pairs);

    /// <summary>The second of every two, twice.</summary>
    static abstract Vector256<short> Second(Vector256<short> pairs);

    /// <summary>Asks for a cache line that will be read; any address will do.</summary>
    static abstract void Prefetch(byte* address);
}

/// <summary>An instruction for each.</summary>
internal readonly unsafe struct Avx2Bytes : IByteSimd
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<sbyte> Word(sbyte* x) => Avx2.BroadcastScalarToVector256((int*)x).AsSByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> MultiplyAdd(Vector256<byte> w, Vector256<sbyte> x) => Avx2.MultiplyAddAdjacent(w, x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> MultiplyAdd(Vector256<short> a, Vector256<short> b) => Avx2.MultiplyAddAdjacent(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Abs(Vector256<sbyte> w) => Avx2.Abs(w);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<sbyte> Sign(Vector256<sbyte> x, Vector256<sbyte> w) => Avx2.Sign(x, w);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> Widen(byte* bytes) => Avx2.ConvertToVector256Int16(bytes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> Widen(sbyte* bytes) => Avx2.ConvertToVector256Int16(bytes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Widen(short* shorts) => Avx2.ConvertToVector256Int32(shorts);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> First(Vector256<short> pairs) =>
        Avx2.Shuffle(pairs.AsByte(), Vector256.Create((byte)0, 1, 0, 1, 4, 5, 4, 5, 8, 9, 8, 9, 12, 13, 12, 13, 0, 1, 0, 1, 4, 5, 4, 5, 8, 9, 8, 9, 12, 13, 12, 13)).AsInt16();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> Second(Vector256<short> pairs) =>
        Avx2.Shuffle(pairs.AsByte(), Vector256.Create((byte)2, 3, 2, 3, 6, 7, 6, 7, 10, 11, 10, 11, 14, 15, 14, 15, 2, 3, 2, 3, 6, 7, 6, 7, 10, 11, 10, 11, 14, 15, 14, 15)).AsInt16();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(byte* address) => Sse.Prefetch0(address);
}

/// <summary>The same on any processor.</summary>
internal readonly unsafe struct PlainBytes : IByteSimd
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<sbyte> Word(sbyte* x) => Vector256.Create(Unsafe.ReadUnaligned<int>(x)).AsSByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> MultiplyAdd(Vector256<byte> w, Vector256<sbyte> x)
    {
        var even = (w.AsUInt16() & Vector256.Create((ushort)0xff)).AsInt16() * Vector256.ShiftRightArithmetic(Vector256.ShiftLeft(x.AsInt16(), 8), 8);
        return even + Vector256.ShiftRightLogical(w.AsUInt16(), 8).AsInt16() * Vector256.ShiftRightArithmetic(x.AsInt16(), 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> MultiplyAdd(Vector256<short> a, Vector256<short> b) => Low(a) * Low(b) + High(a) * High(b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Abs(Vector256<sbyte> w) => Sign(w, w).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<sbyte> Sign(Vector256<sbyte> x, Vector256<sbyte> w)
    {
        var below = Vector256.LessThan(w, Vector256<sbyte>.Zero);
        return (x ^ below) - below;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> Widen(byte* bytes) =>
        Vector256.Create(Vector128.WidenLower(Vector128.Load(bytes)), Vector128.WidenUpper(Vector128.Load(bytes))).AsInt16();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> Widen(sbyte* bytes) =>
        Vector256.Create(Vector128.WidenLower(Vector128.Load(bytes)), Vector128.WidenUpper(Vector128.Load(bytes)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Widen(short* shorts) =>
        Vector256.Create(Vector128.WidenLower(Vector128.Load(shorts)), Vector128.WidenUpper(Vector128.Load(shorts)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> First(Vector256<short> pairs) =>
        ((pairs.AsInt32() & Vector256.Create(0xffff)) | Vector256.ShiftLeft(pairs.AsInt32(), 16)).AsInt16();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> Second(Vector256<short> pairs)
    {
        var second = Vector256.ShiftRightLogical(pairs.AsInt32(), 16);
        return (second | Vector256.ShiftLeft(second, 16)).AsInt16();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(byte* address)
    {
        if (Sse.IsSupported) Sse.Prefetch0(address);
    }

    private static Vector256<int> Low(Vector256<short> pairs) => Vector256.ShiftRightArithmetic(Vector256.ShiftLeft(pairs.AsInt32(), 16), 16);

    private static Vector256<int> High(Vector256<short> pairs) => Vector256.ShiftRightArithmetic(pairs.AsInt32(), 16);
}
