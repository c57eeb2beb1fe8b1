using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using ActorInference.Gpu.Cpu.Quantized;
using ActorInference.Gpu.Models;

namespace ActorInference.Gpu.Cpu;

/// <summary>Reads single weights of any type, from data that need not be aligned.</summary>
internal static unsafe class WeightReader
{
    /// <summary>The element at an index, as a float.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Widen(WeightDtype dtype, byte* data, long index) => dtype switch
    {
        WeightDtype.F32 => Unsafe.ReadUnaligned<float>(data + 4 * index),
        WeightDtype.F16 => HalfFormat.FromF16(Unsafe.ReadUnaligned<ushort>(data + 2 * index)),
        _ => HalfFormat.FromBF16(Unsafe.ReadUnaligned<ushort>(data + 2 * index)),
    };

    /// <summary>Widens elements of any type from the first on.</summary>
    /// <param name="target">Shape <c>[count]</c>.</param>
    public static void WidenRow(WeightDtype dtype, byte* data, int count, float* target)
    {
        if (dtype.IsQuantized())
        {
            BlockReader.Widen(dtype, data, count, target);
            return;
        }

        for (var i = 0; i < count; i++) target[i] = Widen(dtype, data, i);
    }

    /// <summary>Writes floats in a type without blocks, rounded to the nearest.</summary>
    /// <param name="target">As long as the values.</param>
    public static void Narrow(ReadOnlySpan<float> values, WeightDtype dtype, Span<byte> target)
    {
        if (dtype == WeightDtype.F32)
        {
            MemoryMarshal.AsBytes(values).CopyTo(target);
            return;
        }

        var halves = MemoryMarshal.Cast<byte, ushort>(target);
        for (var i = 0; i < values.Length; i++)
            halves[i] = dtype == WeightDtype.F16 ? HalfFormat.ToF16(values[i]) : HalfFormat.ToBF16(values[i]);
    }

    /// <summary>Whether no element is infinite or NaN: all bits of its exponent set.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool AllFinite(WeightDtype dtype, byte* data, long count)
    {
        var exponent = dtype switch
        {
            WeightDtype.F32 => 0x7f800000u,
            WeightDtype.F16 => 0x7c007c00u,
            _ => 0x7f807f80u,
        };
        var wholeVectors = count * dtype.SizeBytes() / Vector256<byte>.Count;
        var mask = Vector256.Create(exponent);
        for (long i = 0; i < wholeVectors; i++)
        {
            var bits = Vector256.Load((uint*)(data + i * Vector256<byte>.Count)) & mask;
            var found = dtype == WeightDtype.F32
                ? Vector256.EqualsAny(bits, mask)
                : Vector256.EqualsAny(bits.AsUInt16(), mask.AsUInt16());
            if (found) return false;
        }

        for (var i = wholeVectors * Vector256<byte>.Count / dtype.SizeBytes(); i < count; i++)
        {
            if (!float.IsFinite(Widen(dtype, data, i))) return false;
        }

        return true;
    }
}
