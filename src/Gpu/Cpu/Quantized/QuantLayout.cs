using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using ActorInference.Gpu.Models;

namespace ActorInference.Gpu.Cpu.Quantized;

/// <summary>
/// How quantized weights lie in memory for the kernels: eight outputs (a lane each) by a block of inputs at a time, four
/// successive inputs of each lane in one 32-bit word, so that a vector holds what one broadcast word of activations is
/// multiplied with.
/// </summary>
/// <remarks>
/// A unit is its F16 numbers, eight lanes of each; then the scales of its parts of 32 inputs; then the parts' codes, see
/// <see cref="IQuantCodes"/>. Part scales: <see cref="ISuperScales"/>. Only in Bytes256, which has no F16 numbers, each part's scales stand before its codes.
/// </remarks>
internal enum QuantLayout : byte
{
    /// <summary>Q8_0, IQ4_NL: signed bytes.</summary>
    Bytes32,

    /// <summary>Q4_0: less 8.</summary>
    Nibbles32,

    /// <summary>Q4_1: with offsets.</summary>
    MovedNibbles32,

    /// <summary>Q5_0: less 16.</summary>
    Fives32,

    /// <summary>Q5_1: with offsets.</summary>
    MovedFives32,

    /// <summary>Q2_K.</summary>
    Twos256,

    /// <summary>Q4_K.</summary>
    Nibbles256,

    /// <summary>Q5_K.</summary>
    Fives256,

    /// <summary>Q6_K, Q3_K.</summary>
    Sixes256,

    /// <summary>IQ4_XS: signed bytes, F32 scales.</summary>
    Bytes256,
}

internal static unsafe class QuantLayouts
{
    /// <summary>Outputs side by side.</summary>
    public const int Lanes = 8;

    /// <summary>Inputs whose activations share a scale.</summary>
    public const int BlockInputs = 32;

    /// <summary>Bytes of a part's codes, unpacked.</summary>
    public const int VectorBytes = Lanes * BlockInputs;

    private const int Super = 256;

    public static QuantLayout Of(WeightDtype dtype) => dtype switch
    {
        WeightDtype.Q8_0 or WeightDtype.IQ4_NL => QuantLayout.Bytes32,
        WeightDtype.Q4_0 => QuantLayout.Nibbles32,
        WeightDtype.Q4_1 => QuantLayout.MovedNibbles32,
        WeightDtype.Q5_0 => QuantLayout.Fives32,
        WeightDtype.Q5_1 => QuantLayout.MovedFives32,
        WeightDtype.Q2_K => QuantLayout.Twos256,
        WeightDtype.Q4_K => QuantLayout.Nibbles256,
        WeightDtype.Q5_K => QuantLayout.Fives256,
        WeightDtype.Q6_K or WeightDtype.Q3_K => QuantLayout.Sixes256,
        WeightDtype.IQ4_XS => QuantLayout.Bytes256,
        _ => throw new ArgumentOutOfRangeException(nameof(dtype), dtype, "It is not quantized."),
    };

    /// <summary>Inputs of one unit of the layout.</summary>
    public static int UnitInputs(this QuantLayout layout) => layout <= QuantLayout.MovedFives32 ? BlockInputs : Super;

    /// <summary>Parts of 32 inputs in a unit.</summary>
    public static int Parts(this QuantLayout layout) => layout.UnitInputs() / BlockInputs;

    /// <summary>Bytes of one unit: <see cref="UnitInputs"/> inputs of <see cref="Lanes"/> outputs.</summary>
    public static int UnitBytes(this QuantLayout layout) => layout.HeadBytes() + layout.Parts() * (layout.PartBytes() + layout.CodeBytes());

    /// <summary>Of a unit's F16 numbers.</summary>
    public static int HeadBytes(this QuantLayout layout) => layout switch
    {
        QuantLayout.Bytes256 => 0,
        QuantLayout.Bytes32 or QuantLayout.Nibbles32 or QuantLayout.Fives32 or QuantLayout.Sixes256 => 2 * Lanes,
        _ => 4 * Lanes,
    };

    /// <summary>Of a part's scales.</summary>
    public static int PartBytes(this QuantLayout layout) => layout switch
    {
        QuantLayout.Twos256 or QuantLayout.Bytes256 => 4 * Lanes,
        QuantLayout.Nibbles256 or QuantLayout.Fives256 or QuantLayout.Sixes256 => 2 * Lanes,
        _ => 0,
    };

    /// <summary>Of a part's codes.</summary>
    public static int CodeBytes(this QuantLayout layout) => layout switch
    {
        QuantLayout.Bytes32 or QuantLayout.Bytes256 => ByteCodes.Bytes,
        QuantLayout.Nibbles32 or QuantLayout.MovedNibbles32 or QuantLayout.Nibbles256 => NibbleCodes.Bytes,
        QuantLayout.Fives32 or QuantLayout.MovedFives32 or QuantLayout.Fives256 => FiveBitCodes.Bytes,
        QuantLayout.Sixes256 => SixBitCodes.Bytes,
        _ => TwoBitCodes.Bytes,
    };

    /// <summary>Where in a unit a part's scales are.</summary>
    public static int PartAt(this QuantLayout layout, int part) =>
        layout.HeadBytes() + part * (layout.PartBytes() + (layout == QuantLayout.Bytes256 ? layout.CodeBytes() : 0));

    /// <summary>Where in a unit a part's codes are.</summary>
    public static int CodesAt(this QuantLayout layout, int part) => layout == QuantLayout.Bytes256
        ? layout.PartAt(part) + layout.PartBytes()
        : layout.PartAt(layout.Parts()) + part * layout.CodeBytes();

    /// <summary>Reads one lane of a unit as floats.</summary>
    /// <param name="target">Shape <c>[UnitInputs]</c>.</param>
    public static void Widen(QuantLayout layout, byte* unit, int lane, float* target)
    {
        var codes = stackalloc byte[BlockInputs];
        for (var part = 0; part < layout.Parts(); part++, target += BlockInputs)
        {
            Codes(layout, unit + layout.CodesAt(part), lane, codes);
            WidenPart(layout, unit, lane, unit + layout.PartAt(part), codes, target);
        }
    }

    private static void WidenPart(QuantLayout layout, byte* unit, int lane, byte* part, byte* codes, float* target)
    {
        var scale = layout == QuantLayout.Bytes256 ? Unsafe.ReadUnaligned<float>(part + sizeof(float) * lane) : Half(unit, lane);
        var offset = layout.HeadBytes() == 4 * Lanes ? Half(unit + 2 * Lanes, lane) : 0;
        var pair = part + 2 * lane;
        for (var i = 0; i < BlockInputs; i++)
        {
            target[i] = layout switch
            {
                QuantLayout.Bytes32 or QuantLayout.Bytes256 => scale * (sbyte)codes[i],
                QuantLayout.Nibbles32 => scale * (codes[i] - 8),
                QuantLayout.Fives32 => scale * (codes[i] - 16),
                QuantLayout.MovedNibbles32 or QuantLayout.MovedFives32 => scale * codes[i] + offset,
                QuantLayout.Nibbles256 or QuantLayout.Fives256 => scale * pair[0] * codes[i] - offset * pair[1],
                QuantLayout.Sixes256 => scale * (sbyte)pair[i / 16] * (codes[i] - 32),
                _ => scale * pair[i / 16] * codes[i] - offset * pair[2 * Lanes + i / 16],
            };
        }
    }

    private static void Codes(QuantLayout layout, byte* block, int lane, byte* target)
    {
        var vectors = stackalloc byte[VectorBytes];
        switch (layout.CodeBytes())
        {
            case 64: Unpack<TwoBitCodes>(block, vectors); break;
            case 128: Unpack<NibbleCodes>(block, vectors); break;
            case 160: Unpack<FiveBitCodes>(block, vectors); break;
            case 192: Unpack<SixBitCodes>(block, vectors); break;
            default: Unpack<ByteCodes>(block, vectors); break;
        }

        for (var v = 0; v < Lanes; v++) Unsafe.WriteUnaligned(target + 4 * v, Unsafe.ReadUnaligned<uint>(vectors + 32 * v + 4 * lane));
    }

    private static void Unpack<C>(byte* block, byte* vectors)
        where C : struct, IQuantCodes
    {
        for (var v = 0; v < Lanes; v++) C.Load(block, v).Store(vectors + 32 * v);
    }

    private static float Half(byte* halves, int lane) => HalfFormat.FromF16(Unsafe.ReadUnaligned<ushort>(halves + 2 * lane));
}
