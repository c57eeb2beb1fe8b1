using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace ActorInference.Gpu.Cpu;

/// <summary>Vector width that the CPU backend computes with, in bits.</summary>
public enum SimdLevel
{
    Bits128 = 128,
    Bits256 = 256,
    Bits512 = 512,
}

public static class SimdLevels
{
    /// <summary>The widest that this processor runs at full speed.</summary>
    public static SimdLevel Best =>
        Vector512.IsHardwareAccelerated && Avx512F.IsSupported ? SimdLevel.Bits512
        : Avx2.IsSupported && Fma.IsSupported ? SimdLevel.Bits256
        : SimdLevel.Bits128;

    /// <summary>Name of the instruction set, for people.</summary>
    public static string Name(this SimdLevel level) => level switch
    {
        SimdLevel.Bits512 => "AVX-512",
        SimdLevel.Bits256 => "AVX2",
        _ => AdvSimd.IsSupported ? "NEON" : "128-bit vectors",
    };
}
