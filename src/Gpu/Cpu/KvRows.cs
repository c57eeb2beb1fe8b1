using System.Runtime.CompilerServices;
using ActorInference.Actors.Kv;

namespace ActorInference.Gpu.Cpu;

/// <summary>How elements of a head lie in pages. They come in blocks of <see cref="KvDtypeSizes.BlockElements"/>, the last one of a head maybe shorter.</summary>
internal unsafe interface IKvElement<V>
    where V : struct
{
    /// <summary>Bytes from one block to the next.</summary>
    static abstract int BlockBytes { get; }

    /// <summary>What the block's elements are multiplied with.</summary>
    static abstract float Scale(byte* block);

    /// <summary>Widens a vector of elements.</summary>
    static abstract V Load(byte* block, int index, V scale);

    static abstract float Element(byte* block, int index, float scale);
}

/// <summary>Brings rows of keys and values out of pages.</summary>
/// <remarks>
/// SAFETY: rows cover what the layout of pages says, targets as many floats. A number becomes the same float wherever it stands.
/// </remarks>
internal static unsafe class KvRows<S, V, E>
    where S : struct, ISimd<V>
    where V : struct
    where E : struct, IKvElement<V>
{
    private const int Block = KvDtypeSizes.BlockElements;

    /// <summary>Widens rows. Length free.</summary>
    /// <param name="rows">The first row's first byte.</param>
    /// <param name="rowBytes">From a row to the next.</param>
    /// <param name="stride">Floats from a row of the target to the next.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Widen(byte* rows, nint rowBytes, int count, int length, float* target, nint stride)
    {
        for (; count > 0; count--, rows += rowBytes, target += stride)
        {
            var block = rows;
            for (var first = 0; first < length; first += Block, block += E.BlockBytes)
            {
                var elements = Math.Min(Block, length - first);
                var scale = E.Scale(block);
                var scales = S.Broadcast(scale);
                var i = 0;
                for (; i <= elements - S.Count; i += S.Count) S.Store(E.Load(block, i, scales), target + first + i);
                for (; i < elements; i++) target[first + i] = E.Element(block, i, scale);
            }
        }
    }

    /// <summary>Widens rows and spreads them over panels: column j of a row goes to panel j / (2 Count). Length free.</summary>
    /// <param name="target">Where the first row begins in the first panel.</param>
    /// <param name="panelFloats">From a panel to the next.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Spread(byte* rows, nint rowBytes, int count, int length, float* target, nint panelFloats)
    {
        var panel = 2 * S.Count;
        for (; count > 0; count--, rows += rowBytes, target += panel)
        {
            var block = rows;
            var to = target;
            for (var first = 0; first < length; first += Block, block += E.BlockBytes)
            {
                var elements = Math.Min(Block, length - first);
                var scale = E.Scale(block);
                var scales = S.Broadcast(scale);
                var i = 0;
                for (; i <= elements - panel; i += panel, to += panelFloats)
                {
                    S.Store(E.Load(block, i, scales), to);
                    S.Store(E.Load(block, i + S.Count, scales), to + S.Count);
                }

                var column = 0;
                if (i <= elements - S.Count)
                {
                    S.Store(E.Load(block, i, scales), to);
                    (i, column) = (i + S.Count, S.Count);
                }

                for (; i < elements; i++, column++) to[column] = E.Element(block, i, scale);
            }
        }
    }
}

internal readonly unsafe struct KvF32<S, V> : IKvElement<V>
    where S : struct, ISimd<V>
    where V : struct
{
    public static int BlockBytes => KvDtypeSizes.BlockElements * sizeof(float);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Scale(byte* block) => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Load(byte* block, int index, V scale) => S.Load((float*)block + index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Element(byte* block, int index, float scale) => ((float*)block)[index];
}

internal readonly unsafe struct KvF16<S, V> : IKvElement<V>
    where S : struct, ISimd<V>
    where V : struct
{
    public static int BlockBytes => KvDtypeSizes.BlockElements * sizeof(ushort);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Scale(byte* block) => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Load(byte* block, int index, V scale) => S.LoadF16((ushort*)block + index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Element(byte* block, int index, float scale) => HalfFormat.FromF16(((ushort*)block)[index]);
}

internal readonly unsafe struct KvBF16<S, V> : IKvElement<V>
    where S : struct, ISimd<V>
    where V : struct
{
    public static int BlockBytes => KvDtypeSizes.BlockElements * sizeof(ushort);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Scale(byte* block) => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Load(byte* block, int index, V scale) => S.LoadBF16((ushort*)block + index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Element(byte* block, int index, float scale) => HalfFormat.FromBF16(((ushort*)block)[index]);
}

internal readonly unsafe struct KvQ8<S, V> : IKvElement<V>
    where S : struct, ISimd<V>
    where V : struct
{
    public static int BlockBytes => KvDtypeSizes.BlockElements + sizeof(ushort);

    /// <summary>A scale has no sign, so that its exponent and fraction move over together; see <see cref="HalfFormat"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Scale(byte* block) => BitConverter.Int32BitsToSingle(Unsafe.ReadUnaligned<ushort>(block) << 13) * HalfFormat.BiasDifference;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Load(byte* block, int index, V scale) => S.Mul(S.LoadI8((sbyte*)block + sizeof(ushort) + index), scale);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Element(byte* block, int index, float scale) => scale * ((sbyte*)block)[sizeof(ushort) + index];
}
