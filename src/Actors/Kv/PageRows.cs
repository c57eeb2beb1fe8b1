using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace ActorInference.Actors.Kv;

/// <summary>The inner loops of <see cref="PageSums"/>: one for AVX2, and one for every machine.</summary>
internal static unsafe class PageRows
{
    private const int WordsOfRow = PageSums.RowBytes / sizeof(ulong);
    private const int KeyCount = 4;

    /// <summary>Bytes that the machine's plain way copies before it sums them: they are in the nearest cache then.</summary>
    private const int PlainStretch = 4096;

    /// <summary>What a row's keys are further than those of the row before. Odd in both halves.</summary>
    private const ulong KeyStep = 0xD6E8FEB96659FD93;

    private static ReadOnlySpan<ulong> FirstKeys => [0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x85EBCA77C2B2AE63];

    /// <param name="source">Whole rows.</param>
    /// <param name="bytes">Their length.</param>
    /// <param name="row">Number of the first within the page.</param>
    /// <param name="lanes">Shape <c>[16]</c>; added to.</param>
    public static void Add(byte* source, int bytes, int row, ulong* lanes)
    {
        if (Avx2.IsSupported) AddWide(source, bytes, row, lanes);
        else AddPlainly(source, bytes, row, lanes);
    }

    /// <param name="source">Whole rows.</param>
    /// <param name="target">Gets them.</param>
    /// <param name="bytes">Their length.</param>
    /// <param name="row">Number of the first within the page.</param>
    /// <param name="lanes">Shape <c>[16]</c>; added to.</param>
    public static void AddCopying(byte* source, byte* target, int bytes, int row, ulong* lanes)
    {
        if (Avx2.IsSupported && (nuint)target % (nuint)Vector256<byte>.Count == 0)
        {
            // Past the caches: the target is not read for it, and what others work on stays where it is.
            StreamWide(source, target, bytes, row, lanes);
            return;
        }

        for (var done = 0; done < bytes; done += PlainStretch)
        {
            var length = Math.Min(PlainStretch, bytes - done);
            Buffer.MemoryCopy(source + done, target + done, length, length);
            Add(target + done, length, row + done / PageSums.RowBytes, lanes);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddWide(byte* source, int bytes, int row, ulong* lanes)
    {
        var (a, b, c, d) = (Vector256.Load(lanes), Vector256.Load(lanes + 4), Vector256.Load(lanes + 8), Vector256.Load(lanes + 12));
        var step = Vector256.Create(KeyStep);
        var key = Keys(row);
        for (var end = source + bytes; source < end; source += PageSums.RowBytes)
        {
            a = Next(a, Vector256.Load((ulong*)source), key);
            b = Next(b, Vector256.Load((ulong*)(source + 32)), key);
            c = Next(c, Vector256.Load((ulong*)(source + 64)), key);
            d = Next(d, Vector256.Load((ulong*)(source + 96)), key);
            key += step;
        }

        a.Store(lanes);
        b.Store(lanes + 4);
        c.Store(lanes + 8);
        d.Store(lanes + 12);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void StreamWide(byte* source, byte* target, int bytes, int row, ulong* lanes)
    {
        var (a, b, c, d) = (Vector256.Load(lanes), Vector256.Load(lanes + 4), Vector256.Load(lanes + 8), Vector256.Load(lanes + 12));
        var step = Vector256.Create(KeyStep);
        var key = Keys(row);
        for (var end = source + bytes; source < end; source += PageSums.RowBytes, target += PageSums.RowBytes)
        {
            var v = Vector256.Load((ulong*)source);
            var w = Vector256.Load((ulong*)(source + 32));
            var x = Vector256.Load((ulong*)(source + 64));
            var y = Vector256.Load((ulong*)(source + 96));
            v.StoreAlignedNonTemporal((ulong*)target);
            w.StoreAlignedNonTemporal((ulong*)(target + 32));
            x.StoreAlignedNonTemporal((ulong*)(target + 64));
            y.StoreAlignedNonTemporal((ulong*)(target + 96));
            a = Next(a, v, key);
            b = Next(b, w, key);
            c = Next(c, x, key);
            d = Next(d, y, key);
            key += step;
        }

        Sse.StoreFence();
        a.Store(lanes);
        b.Store(lanes + 4);
        c.Store(lanes + 8);
        d.Store(lanes + 12);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ulong> Next(Vector256<ulong> sums, Vector256<ulong> words, Vector256<ulong> key)
    {
        var keyed = (words ^ key).AsUInt32();
        var product = Avx2.Multiply(keyed, Avx2.Shuffle(keyed, 0b_00_11_00_01));   // Of the low half and, moved there, the high one.
        return sums + Avx2.Shuffle(words.AsUInt32(), 0b_01_00_11_10).AsUInt64() + product;
    }

    private static Vector256<ulong> Keys(int row) => Vector256.Create(FirstKeys) + Vector256.Create(unchecked((ulong)row * KeyStep));

    /// <summary>The definition. Inside for tests: it must not differ from the other.</summary>
    internal static void AddPlainly(byte* source, int bytes, int row, ulong* lanes)
    {
        var keys = stackalloc ulong[KeyCount];
        for (var i = 0; i < KeyCount; i++) keys[i] = FirstKeys[i] + unchecked((ulong)row * KeyStep);
        for (var end = source + bytes; source < end; source += PageSums.RowBytes)
        {
            for (var i = 0; i < WordsOfRow; i++)
            {
                var word = Word(source + i * sizeof(ulong));
                var keyed = word ^ keys[i % KeyCount];
                lanes[i ^ 1] += word;
                lanes[i] += (keyed & uint.MaxValue) * (keyed >> 32);
            }

            for (var i = 0; i < KeyCount; i++) keys[i] += KeyStep;
        }
    }

    // Pages are little-endian wherever they are made.
    private static ulong Word(byte* at) => BinaryPrimitives.ReadUInt64LittleEndian(new ReadOnlySpan<byte>(at, sizeof(ulong)));
}
