using System.Runtime.CompilerServices;

namespace ActorInference.Gpu.Cpu;

/// <summary>Conversions between float and the two 16-bit formats, and the constants that vector code shares.</summary>
internal static class HalfFormat
{
    /// <summary>Sign, and the exponent and fraction of a half after a move by three bits.</summary>
    public const int SingleMask = unchecked((int)0x8fffe000);

    /// <summary>2 to the power 112: a float's exponent bias is 127, a half's 15.</summary>
    public const float BiasDifference = 5.192296858534828e33f;

    /// <summary>Rounds to the nearest BF16, ties to even. NaN stays NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ushort ToBF16(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        if (float.IsNaN(value)) return (ushort)((bits >> 16) | 0x40);
        return (ushort)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float FromBF16(ushort value) => BitConverter.UInt32BitsToSingle((uint)value << 16);

    /// <summary>Rounds to the nearest F16, ties to even; what exceeds the format becomes its largest value, as keys and values must stay finite.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ushort ToF16(float value)
    {
        const float largest = 65504;
        return BitConverter.HalfToUInt16Bits((Half)Math.Clamp(value, -largest, largest));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float FromF16(ushort value) => (float)BitConverter.UInt16BitsToHalf(value);
}
