namespace ActorInference.Gpu.Cpu.Quantized;

/// <summary>
/// The innermost loops of products with quantized weights, for a row and for four rows. Integers are summed exactly within a
/// block; a block's sum is scaled and added to the output, block after block. So a row's result depends neither on the rows
/// around it nor on how the inputs are cut.
/// </summary>
internal readonly unsafe struct QuantKernels
{
    private readonly QuantKernel _one;
    private readonly QuantKernel _four;

    private QuantKernels(QuantKernel one, QuantKernel four)
    {
        _one = one;
        _four = four;
    }

    public static QuantKernels For<D>(QuantLayout layout)
        where D : struct, IByteSimd => layout switch
    {
        QuantLayout.Bytes32 => new(&ByteKernels<D, HalfScales>.One, &ByteKernels<D, HalfScales>.Four),
        QuantLayout.Bytes256 => new(&ByteKernels<D, SingleScales>.One, &ByteKernels<D, SingleScales>.Four),
        QuantLayout.Nibbles32 => new(&BlockKernels<D, NibbleCodes, LessEight>.One, &BlockKernels<D, NibbleCodes, LessEight>.Four),
        QuantLayout.MovedNibbles32 => new(&BlockKernels<D, NibbleCodes, StoredOffset>.One, &BlockKernels<D, NibbleCodes, StoredOffset>.Four),
        QuantLayout.Fives32 => new(&BlockKernels<D, FiveBitCodes, LessSixteen>.One, &BlockKernels<D, FiveBitCodes, LessSixteen>.Four),
        QuantLayout.MovedFives32 => new(&BlockKernels<D, FiveBitCodes, StoredOffset>.One, &BlockKernels<D, FiveBitCodes, StoredOffset>.Four),
        QuantLayout.Twos256 => new(&SuperKernels<D, TwoBitCodes, QuadScales>.One, &SuperKernels<D, TwoBitCodes, QuadScales>.Four),
        QuantLayout.Nibbles256 => new(&SuperKernels<D, NibbleCodes, PairScales>.One, &SuperKernels<D, NibbleCodes, PairScales>.Four),
        QuantLayout.Fives256 => new(&SuperKernels<D, FiveBitCodes, PairScales>.One, &SuperKernels<D, FiveBitCodes, PairScales>.Four),
        QuantLayout.Sixes256 => new(&SuperKernels<D, SixBitCodes, CentredScales>.One, &SuperKernels<D, SixBitCodes, CentredScales>.Four),
        _ => throw new ArgumentOutOfRangeException(nameof(layout), layout, "It has no kernels."),
    };

    /// <summary>Writes one row of eight outputs.</summary>
    public void One(QuantTile* tile) => _one(tile);

    /// <summary>Writes four rows of eight outputs, whose activations are side by side.</summary>
    public void Four(QuantTile* tile) => _four(tile);
}
