using System.Runtime.InteropServices;

namespace ActorInference.Gpu.Cpu;

/// <summary>A counter with a pair of cache lines to itself, so that threads at it don't slow threads at its neighbours.</summary>
[StructLayout(LayoutKind.Explicit, Size = 256)]
internal struct PaddedInt
{
    [FieldOffset(128)]
    public int Value;
}
