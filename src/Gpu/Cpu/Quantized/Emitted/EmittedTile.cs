namespace ActorInference.Gpu.Cpu.Quantized.Emitted;

/// <summary>What an emitted kernel is given: eight rows, two fours of them, times sixteen outputs, two groups of eight.</summary>
/// <remarks>Eight bytes a field, in this order: <see cref="ByteProducts"/> reads them by their places.</remarks>
internal unsafe struct EmittedTile
{
    public const int OutputsField = 7, SignBitsField = 9;

    public sbyte* X;

    public float* Scales;

    /// <summary>Where sums begin, see <see cref="QuantizedRows.Starts"/>.</summary>
    public int* Starts;

    /// <summary>Bytes from scales of the first four rows to those of the second.</summary>
    public nint NextRowsBytes;

    public byte* Weights;

    /// <summary>Bytes from one group of eight outputs to the next.</summary>
    public nint NextGroupBytes;

    public nint Blocks;

    /// <summary>Added to. Shape <c>[8, 16]</c>, rows apart.</summary>
    public float* C;

    /// <summary>Bytes from a row of C to the next.</summary>
    public nint RowBytes;

    /// <summary>What turns signed bytes into unsigned ones that are larger by 128.</summary>
    public ulong SignBits;
}
