using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace ActorInference.Gpu.Cpu.Quantized;

/// <summary>What kernels of all layouts do alike.</summary>
internal static unsafe class QuantVectors<D>
    where D : struct, IByteSimd
{
    /// <summary>How far ahead of the sums weights are asked for: memory answers later than the processor can wait.</summary>
    private const int PrefetchBytes = 2048;

    /// <summary>Each 1: for codes whose scales come later.</summary>
    public static Vector256<short> Ones
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector256.Create((short)1);
    }

    /// <summary>Asks for so many bytes, at most 320, that are read a while after those at <paramref name="weights"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(byte* weights, int bytes)
    {
        D.Prefetch(weights + PrefetchBytes);
        if (bytes > 64) D.Prefetch(weights + PrefetchBytes + 64);
        if (bytes > 128) D.Prefetch(weights + PrefetchBytes + 128);
        if (bytes > 192) D.Prefetch(weights + PrefetchBytes + 192);
        if (bytes > 256) D.Prefetch(weights + PrefetchBytes + 256);
    }

    /// <summary>Eight F16 numbers, none infinite, as floats: by a move of their bits and a factor for the exponent.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Halves(byte* halves) =>
        (Vector256.ShiftLeft(D.Widen((short*)halves), 13) & Vector256.Create(HalfFormat.SingleMask)).AsSingle() * Vector256.Create(HalfFormat.BiasDifference);

    /// <summary>y * scale + c.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Add(Vector256<int> y, Vector256<float> scale, Vector256<float> c) =>
        Vector256.FusedMultiplyAdd(Vector256.ConvertToSingle(y), scale, c);

    /// <summary>y * x + c.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Add(Vector256<int> y, float* x, Vector256<float> c) => Add(y, Vector256.Create(*x), c);

    /// <summary>Where the outputs of one row begin.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Start(QuantTile* tile, int row) =>
        tile->Accumulate ? Vector256.Load(tile->C + row * tile->Ldc) : Vector256<float>.Zero;
}
