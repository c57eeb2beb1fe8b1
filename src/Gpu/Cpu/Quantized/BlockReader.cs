using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using ActorInference.Gpu.Models;

namespace ActorInference.Gpu.Cpu.Quantized;

/// <summary>Reads the blocks of quantized weights as GGUF files hold them; layouts as ggml defines them.</summary>
/// <remarks>SAFETY: a block pointer covers <see cref="WeightDtypes.BlockBytes"/>, a target <see cref="WeightDtypes.BlockElements"/>.</remarks>
internal static unsafe class BlockReader
{
    private const int PartElements = QuantLayouts.BlockInputs;

    /// <summary>The values of so many elements of a row, from a whole block on.</summary>
    /// <param name="target">Shape <c>[elements]</c>.</param>
    public static void Widen(WeightDtype dtype, byte* blocks, int elements, float* target)
    {
        var (blockElements, blockBytes) = (dtype.BlockElements(), dtype.BlockBytes());
        for (var i = 0; i < elements; i += blockElements, blocks += blockBytes)
        {
            for (var part = 0; part < blockElements / PartElements; part++) WidenPart(dtype, blocks, part, target + i + PartElements * part);
        }
    }

    /// <summary>Whether no scale is infinite or NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool AllFinite(WeightDtype dtype, byte* blocks, long elements)
    {
        var count = elements / dtype.BlockElements();
        var bytes = dtype.BlockBytes();
        var (scale, offset) = (ScaleAt(dtype), OffsetAt(dtype) ?? ScaleAt(dtype));
        for (long i = 0; i < count; i++)
        {
            var block = blocks + i * bytes;
            if (!IsFinite(block + scale) || !IsFinite(block + offset)) return false;
        }

        return true;
    }

    /// <summary>Where in a block its F16 scale is.</summary>
    public static int ScaleAt(WeightDtype dtype) => dtype switch
    {
        WeightDtype.Q2_K => 80,
        WeightDtype.Q3_K => 108,
        WeightDtype.Q6_K => 208,
        _ => 0,
    };

    /// <summary>Where in a block its F16 offset is, or the scale of its offsets; null if it has none.</summary>
    public static int? OffsetAt(WeightDtype dtype) => dtype switch
    {
        WeightDtype.Q4_1 or WeightDtype.Q5_1 or WeightDtype.Q4_K or WeightDtype.Q5_K => 2,
        WeightDtype.Q2_K => 82,
        _ => null,
    };

    /// <summary>32 codes of a block, as <see cref="IBlockFormat.Codes"/> gives them.</summary>
    public static Vector256<byte> Codes(WeightDtype dtype, byte* block, int part) => dtype switch
    {
        WeightDtype.Q8_0 => Q8Block.Codes(block, part),
        WeightDtype.Q4_0 => Q4Block.Codes(block, part),
        WeightDtype.Q4_1 => Q4OffsetBlock.Codes(block, part),
        WeightDtype.Q5_0 => Q5Block.Codes(block, part),
        WeightDtype.Q5_1 => Q5OffsetBlock.Codes(block, part),
        WeightDtype.Q2_K => Q2SuperBlock.Codes(block, part),
        WeightDtype.Q3_K => Q3SuperBlock.Codes(block, part),
        WeightDtype.Q4_K => Q4SuperBlock.Codes(block, part),
        WeightDtype.Q5_K => Q5SuperBlock.Codes(block, part),
        WeightDtype.Q6_K => Q6SuperBlock.Codes(block, part),
        WeightDtype.IQ4_NL => TableBlock.Codes(block, part),
        WeightDtype.IQ4_XS => TableSuperBlock.Codes(block, part),
        _ => throw new ArgumentOutOfRangeException(nameof(dtype), dtype, "It has no blocks."),
    };

    /// <summary>A Q4_K or Q5_K block's six-bit scale and offset of one of its eight parts.</summary>
    public static (byte Scale, byte Offset) SixBitPair(byte* block, int part)
    {
        var packed = block + 4;
        return part < 4
            ? ((byte)(packed[part] & 63), (byte)(packed[part + 4] & 63))
            : ((byte)((packed[part + 4] & 15) | packed[part - 4] >> 6 << 4), (byte)(packed[part + 4] >> 4 | packed[part] >> 6 << 4));
    }

    /// <summary>A Q6_K or Q3_K block's signed scale of one of its sixteens.</summary>
    public static sbyte Scale16(WeightDtype dtype, byte* block, int sixteen)
    {
        if (dtype == WeightDtype.Q6_K) return (sbyte)block[192 + sixteen];
        var packed = block + 96;
        var low = sixteen < 8 ? packed[sixteen] & 15 : packed[sixteen - 8] >> 4;
        return (sbyte)((low | (packed[8 + sixteen % 4] >> 2 * (sixteen / 4) & 3) << 4) - 32);
    }

    /// <summary>A Q2_K block's scale and offset of one of its sixteens.</summary>
    public static (byte Scale, byte Offset) FourBitPair(byte* block, int sixteen) => ((byte)(block[sixteen] & 15), (byte)(block[sixteen] >> 4));

    /// <summary>An IQ4_XS block's scale of one of its eight parts.</summary>
    public static float PartScale(byte* block, int part)
    {
        var low = block[4 + part / 2] >> 4 * (part % 2) & 15;
        var high = Unsafe.ReadUnaligned<ushort>(block + 2) >> 2 * part & 3;
        return Half(block) * ((low | high << 4) - 32);
    }

    private static void WidenPart(WeightDtype dtype, byte* block, int part, float* target)
    {
        var codes = stackalloc byte[PartElements];
        Codes(dtype, block, part).Store(codes);
        var scale = Half(block + ScaleAt(dtype));
        var offset = OffsetAt(dtype) is { } at ? Half(block + at) : 0;
        switch (dtype)
        {
            case WeightDtype.Q8_0 or WeightDtype.IQ4_NL: Signed(codes, scale, target); break;
            case WeightDtype.IQ4_XS: Signed(codes, PartScale(block, part), target); break;
            case WeightDtype.Q4_0: Less(codes, 8, PartElements, scale, target); break;
            case WeightDtype.Q5_0: Less(codes, 16, PartElements, scale, target); break;
            case WeightDtype.Q4_1 or WeightDtype.Q5_1: Moved(codes, PartElements, scale, -offset, target); break;
            case WeightDtype.Q4_K or WeightDtype.Q5_K:
                var pair = SixBitPair(block, part);
                Moved(codes, PartElements, scale * pair.Scale, offset * pair.Offset, target);
                break;
            default: WidenSixteens(dtype, block, part, codes, scale, offset, target); break;
        }
    }

    private static void WidenSixteens(WeightDtype dtype, byte* block, int part, byte* codes, float scale, float offset, float* target)
    {
        for (var sixteen = 2 * part; sixteen < 2 * part + 2; sixteen++, codes += 16, target += 16)
        {
            if (dtype == WeightDtype.Q2_K)
            {
                var pair = FourBitPair(block, sixteen);
                Moved(codes, 16, scale * pair.Scale, offset * pair.Offset, target);
            }
            else
            {
                Less(codes, 32, 16, scale * Scale16(dtype, block, sixteen), target);
            }
        }
    }

    private static void Signed(byte* codes, float scale, float* target)
    {
        for (var i = 0; i < PartElements; i++) target[i] = scale * (sbyte)codes[i];
    }

    private static void Less(byte* codes, int centre, int count, float scale, float* target)
    {
        for (var i = 0; i < count; i++) target[i] = scale * (codes[i] - centre);
    }

    private static void Moved(byte* codes, int count, float scale, float less, float* target)
    {
        for (var i = 0; i < count; i++) target[i] = scale * codes[i] - less;
    }

    private static float Half(byte* half) => HalfFormat.FromF16(Unsafe.ReadUnaligned<ushort>(half));

    private static bool IsFinite(byte* half) => (Unsafe.ReadUnaligned<ushort>(half) & 0x7c00) != 0x7c00;
}
