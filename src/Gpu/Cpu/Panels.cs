using System.Runtime.CompilerServices;

namespace ActorInference.Gpu.Cpu;

/// <summary>How one row of a panel, two vectors wide, becomes floats.</summary>
internal unsafe interface IPanel<V>
    where V : struct
{
    /// <summary>Bytes of one row.</summary>
    static abstract int RowBytes { get; }

    /// <summary>The row's first vector.</summary>
    static abstract V Low(byte* row);

    /// <summary>The row's second vector.</summary>
    static abstract V High(byte* row);
}

internal readonly unsafe struct PanelF32<S, V> : IPanel<V>
    where S : struct, ISimd<V>
    where V : struct
{
    public static int RowBytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 2 * sizeof(float) * S.Count;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Low(byte* row) => S.Load((float*)row);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V High(byte* row) => S.Load((float*)row + S.Count);
}

internal readonly unsafe struct PanelBF16<S, V> : IPanel<V>
    where S : struct, ISimd<V>
    where V : struct
{
    public static int RowBytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => sizeof(float) * S.Count;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Low(byte* row) => S.LowBF16(row);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V High(byte* row) => S.HighBF16(row);
}

internal readonly unsafe struct PanelF16<S, V> : IPanel<V>
    where S : struct, ISimd<V>
    where V : struct
{
    public static int RowBytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => sizeof(float) * S.Count;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Low(byte* row) => S.LowF16(row);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V High(byte* row) => S.HighF16(row);
}
