using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using ActorInference.Gpu.Models;

namespace ActorInference.Gpu.Cpu.Quantized;

/// <summary>Packs eight rows of a file's blocks as a <see cref="QuantLayout"/> has them.</summary>
/// <remarks>SAFETY: every row has as many blocks as there are units, and the target as many units.</remarks>
internal static unsafe class QuantPacker
{
    private const int Lanes = QuantLayouts.Lanes;

    /// <param name="sources">Eight rows; one that is missing becomes zeros.</param>
    /// <param name="target">Units of eight outputs, overwritten.</param>
    public static void Pack(WeightDtype dtype, ReadOnlySpan<OutputSource> sources, int units, byte* target)
    {
        switch (dtype)
        {
            case WeightDtype.Q8_0: Units<Q8Block, ByteCodes>(dtype, sources, units, target); break;
            case WeightDtype.Q4_0: Units<Q4Block, NibbleCodes>(dtype, sources, units, target); break;
            case WeightDtype.Q4_1: Units<Q4OffsetBlock, NibbleCodes>(dtype, sources, units, target); break;
            case WeightDtype.Q5_0: Units<Q5Block, FiveBitCodes>(dtype, sources, units, target); break;
            case WeightDtype.Q5_1: Units<Q5OffsetBlock, FiveBitCodes>(dtype, sources, units, target); break;
            case WeightDtype.Q2_K: Units<Q2SuperBlock, TwoBitCodes>(dtype, sources, units, target); break;
            case WeightDtype.Q3_K: Units<Q3SuperBlock, SixBitCodes>(dtype, sources, units, target); break;
            case WeightDtype.Q4_K: Units<Q4SuperBlock, NibbleCodes>(dtype, sources, units, target); break;
            case WeightDtype.Q5_K: Units<Q5SuperBlock, FiveBitCodes>(dtype, sources, units, target); break;
            case WeightDtype.Q6_K: Units<Q6SuperBlock, SixBitCodes>(dtype, sources, units, target); break;
            case WeightDtype.IQ4_NL: Units<TableBlock, ByteCodes>(dtype, sources, units, target); break;
            case WeightDtype.IQ4_XS: Units<TableSuperBlock, ByteCodes>(dtype, sources, units, target); break;
            default: throw new ArgumentOutOfRangeException(nameof(dtype), dtype, "It has no blocks.");
        }
    }

    // Loading is over before tiered compilation would have noticed that it is hot.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Units<F, C>(WeightDtype dtype, ReadOnlySpan<OutputSource> sources, int units, byte* target)
        where F : struct, IBlockFormat
        where C : struct, IQuantCodes
    {
        var layout = QuantLayouts.Of(dtype);
        var (blockBytes, unitBytes, parts, codeBytes, codesAt) = (dtype.BlockBytes(), layout.UnitBytes(), layout.Parts(), layout.CodeBytes(), layout.CodesAt(0));
        var stride = layout == QuantLayout.Bytes256 ? layout.PartBytes() + codeBytes : codeBytes;
        var blocks = stackalloc byte*[Lanes];
        var steps = stackalloc int[Lanes];
        var zeros = stackalloc byte[blockBytes];
        new Span<byte>(zeros, blockBytes).Clear();
        for (var lane = 0; lane < Lanes; lane++)
        {
            blocks[lane] = sources[lane].Row == null ? zeros : sources[lane].Row;
            steps[lane] = sources[lane].Row == null ? 0 : blockBytes;
        }

        for (var unit = 0; unit < units; unit++, target += unitBytes)
        {
            for (var lane = 0; lane < Lanes; lane++) Scales(dtype, layout, blocks[lane], lane, target);
            for (var part = 0; part < parts; part++) Codes<F, C>(blocks, part, target + codesAt + part * stride);
            for (var lane = 0; lane < Lanes; lane++) blocks[lane] += steps[lane];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Codes<F, C>(byte** blocks, int part, byte* target)
        where F : struct, IBlockFormat
        where C : struct, IQuantCodes
    {
        var vectors = stackalloc byte[QuantLayouts.VectorBytes];
        // Bytes stay as they are.
        var to = C.Bytes == QuantLayouts.VectorBytes ? target : vectors;
        if (Avx2.IsSupported)
        {
            PanelTranspose.Turn(F.Codes(blocks[0], part).AsInt32(), F.Codes(blocks[1], part).AsInt32(), F.Codes(blocks[2], part).AsInt32(), F.Codes(blocks[3], part).AsInt32(),
                F.Codes(blocks[4], part).AsInt32(), F.Codes(blocks[5], part).AsInt32(), F.Codes(blocks[6], part).AsInt32(), F.Codes(blocks[7], part).AsInt32(), to, 32);
        }
        else
        {
            for (var lane = 0; lane < Lanes; lane++)
            {
                var codes = F.Codes(blocks[lane], part).AsUInt32();
                for (var v = 0; v < Lanes; v++) Unsafe.WriteUnaligned(to + 32 * v + 4 * lane, codes[v]);
            }
        }

        if (to == vectors) C.Store(vectors, target);
    }

    /// <summary>Writes one lane's scales of a unit.</summary>
    private static void Scales(WeightDtype dtype, QuantLayout layout, byte* block, int lane, byte* unit)
    {
        if (layout != QuantLayout.Bytes256) CopyHalf(block + BlockReader.ScaleAt(dtype), unit, lane);
        if (BlockReader.OffsetAt(dtype) is { } offset) CopyHalf(block + offset, unit + 2 * Lanes, lane);
        if (layout.PartBytes() == 0) return;
        for (var part = 0; part < layout.Parts(); part++)
        {
            var to = unit + layout.PartAt(part);
            var pair = to + 2 * lane;
            switch (layout)
            {
                case QuantLayout.Nibbles256 or QuantLayout.Fives256:
                    (pair[0], pair[1]) = BlockReader.SixBitPair(block, part);
                    break;
                case QuantLayout.Sixes256:
                    (pair[0], pair[1]) = ((byte)BlockReader.Scale16(dtype, block, 2 * part), (byte)BlockReader.Scale16(dtype, block, 2 * part + 1));
                    break;
                case QuantLayout.Twos256:
                    (pair[0], pair[2 * Lanes]) = BlockReader.FourBitPair(block, 2 * part);
                    (pair[1], pair[2 * Lanes + 1]) = BlockReader.FourBitPair(block, 2 * part + 1);
                    break;
                default:
                    Unsafe.WriteUnaligned(to + sizeof(float) * lane, BlockReader.PartScale(block, part));
                    break;
            }
        }
    }

    private static void CopyHalf(byte* half, byte* halves, int lane) => Unsafe.WriteUnaligned(halves + 2 * lane, Unsafe.ReadUnaligned<ushort>(half));
}
