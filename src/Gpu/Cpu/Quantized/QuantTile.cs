global using unsafe QuantKernel = delegate*<ActorInference.Gpu.Cpu.Quantized.QuantTile*, void>;

namespace ActorInference.Gpu.Cpu.Quantized;

/// <summary>Some rows times some units of eight outputs.</summary>
internal unsafe struct QuantTile
{
    /// <summary>Bytes of the first row's first block, see <see cref="QuantizedRows"/>; what follows is the same of scales and sums.</summary>
    public sbyte* X;

    public float* Scales;

    public float* Sums;

    public int* Halves;

    /// <summary>Rows that lie side by side there: 1 or 4.</summary>
    public int Stride;

    /// <summary>First unit of the weights.</summary>
    public byte* Weights;

    public int Units;

    /// <summary>Shape <c>[rows, ldc]</c>, of which eight columns are written, in four rows if the kernel is one for four.</summary>
    public float* C;

    public nint Ldc;

    /// <summary>Whether to go on from what is in <see cref="C"/>.</summary>
    public bool Accumulate;
}
