using System.Runtime.CompilerServices;
using ActorInference.Gpu.Models;

namespace ActorInference.Gpu.Cpu.Quantized;

/// <summary>
/// How quantized weights lie in memory for the kernels: eight outputs (a lane each) by a block of inputs at a time, four
/// successive inputs of each lane in one 32-bit word, so that a vector holds what one broadcast word of activations is
/// multiplied with.
/// </summary>
/// <remarks>
/// Bytes32 (Q8_0, Q5_0): [8 F16 scales][8 vectors of signed bytes].
/// Nibbles32 (Q4_0): [8 F16 scales][4 vectors, vector v low and v + 4 high].
/// Nibbles256 (Q4_K): [8 F16 scales of scales][8 F16 scales of offsets], then 8 times [8 scales][8 offsets][4 vectors].
/// Bytes256 (Q6_K): [8 F16 scales of scales], then 8 times [8 scales of the first 16 inputs][8 of the others][8 vectors].
/// </remarks>
internal enum QuantLayout : byte
{
    Bytes32,
    Nibbles32,
    Nibbles256,
    Bytes256,
}

internal static unsafe class QuantLayouts
{
    /// <summary>Outputs side by side.</summary>
    public const int Lanes = 8;

    /// <summary>Inputs whose activations share a scale.</summary>
    public const int BlockInputs = 32;

    private const int ByteBlock = Lanes * BlockInputs;
    private const int NibbleBlock = ByteBlock / 2;

    public static QuantLayout Of(WeightDtype dtype) => dtype switch
    {
        WeightDtype.Q8_0 or WeightDtype.Q5_0 => QuantLayout.Bytes32,
        WeightDtype.Q4_0 => QuantLayout.Nibbles32,
        WeightDtype.Q4_K => QuantLayout.Nibbles256,
        WeightDtype.Q6_K => QuantLayout.Bytes256,
        _ => throw new ArgumentOutOfRangeException(nameof(dtype), dtype, "It is not quantized."),
    };

    /// <summary>Inputs of one unit of the layout.</summary>
    public static int UnitInputs(this QuantLayout layout) => layout is QuantLayout.Bytes32 or QuantLayout.Nibbles32 ? BlockInputs : 256;

    /// <summary>Bytes of one unit: <see cref="UnitInputs"/> inputs of <see cref="Lanes"/> outputs.</summary>
    public static int UnitBytes(this QuantLayout layout) => layout switch
    {
        QuantLayout.Bytes32 => 2 * Lanes + ByteBlock,
        QuantLayout.Nibbles32 => 2 * Lanes + NibbleBlock,
        QuantLayout.Nibbles256 => 4 * Lanes + 8 * (2 * Lanes + NibbleBlock),
        _ => 2 * Lanes + 8 * (2 * Lanes + ByteBlock),
    };

    /// <summary>Writes one block of a file into its lane of a unit.</summary>
    public static void Pack(QuantLayout layout, WeightDtype dtype, byte* block, int lane, byte* unit)
    {
        var integers = stackalloc sbyte[256];
        switch (layout)
        {
            case QuantLayout.Bytes32:
                SetScale(unit, lane, BlockReader.ScaleBits(block));
                BlockReader.Integers32(dtype, block, integers);
                PackBytes(integers, lane, unit + 2 * Lanes);
                break;
            case QuantLayout.Nibbles32:
                SetScale(unit, lane, BlockReader.ScaleBits(block));
                BlockReader.Integers32(dtype, block, integers);
                for (var i = 0; i < BlockInputs; i++) integers[i] += 8;
                PackNibbles((byte*)integers, lane, unit + 2 * Lanes);
                break;
            case QuantLayout.Nibbles256:
                PackNibbles256(block, lane, unit, (byte*)integers);
                break;
            default:
                PackBytes256(block, lane, unit, integers);
                break;
        }
    }

    /// <summary>Reads one lane of a unit as floats.</summary>
    /// <param name="target">Shape <c>[UnitInputs]</c>.</param>
    public static void Widen(QuantLayout layout, byte* unit, int lane, float* target)
    {
        var scale = Scale(unit, lane);
        switch (layout)
        {
            case QuantLayout.Bytes32:
                for (var i = 0; i < BlockInputs; i++) target[i] = scale * ByteAt(unit + 2 * Lanes, lane, i);
                break;
            case QuantLayout.Nibbles32:
                for (var i = 0; i < BlockInputs; i++) target[i] = scale * (NibbleAt(unit + 2 * Lanes, lane, i) - 8);
                break;
            case QuantLayout.Nibbles256:
                var offset = Scale(unit + 2 * Lanes, lane);
                for (var i = 0; i < 256; i++)
                {
                    var sub = unit + 4 * Lanes + i / BlockInputs * (2 * Lanes + NibbleBlock);
                    target[i] = scale * sub[lane] * NibbleAt(sub + 2 * Lanes, lane, i % BlockInputs) - offset * sub[Lanes + lane];
                }

                break;
            default:
                for (var i = 0; i < 256; i++)
                {
                    var sub = unit + 2 * Lanes + i / BlockInputs * (2 * Lanes + ByteBlock);
                    var sixteen = (sbyte)sub[i % BlockInputs / 16 * Lanes + lane];
                    target[i] = scale * sixteen * ByteAt(sub + 2 * Lanes, lane, i % BlockInputs);
                }

                break;
        }
    }

    private static void PackNibbles256(byte* block, int lane, byte* unit, byte* nibbles)
    {
        SetScale(unit, lane, BlockReader.ScaleBits(block));
        SetScale(unit + 2 * Lanes, lane, BlockReader.ScaleBits(block + 2));
        for (var i = 0; i < 8; i++)
        {
            var sub = unit + 4 * Lanes + i * (2 * Lanes + NibbleBlock);
            (sub[lane], sub[Lanes + lane]) = BlockReader.SubScales(block, i);
            BlockReader.Nibbles(block, i, nibbles);
            PackNibbles(nibbles, lane, sub + 2 * Lanes);
        }
    }

    private static void PackBytes256(byte* block, int lane, byte* unit, sbyte* integers)
    {
        SetScale(unit, lane, BlockReader.LastScaleBits(block));
        BlockReader.Integers256(block, integers);
        for (var i = 0; i < 8; i++)
        {
            var sub = unit + 2 * Lanes + i * (2 * Lanes + ByteBlock);
            sub[lane] = (byte)BlockReader.Scales16(block)[2 * i];
            sub[Lanes + lane] = (byte)BlockReader.Scales16(block)[2 * i + 1];
            PackBytes(integers + i * BlockInputs, lane, sub + 2 * Lanes);
        }
    }

    private static void PackBytes(sbyte* integers, int lane, byte* vectors)
    {
        for (var v = 0; v < 8; v++) Unsafe.WriteUnaligned(vectors + 32 * v + 4 * lane, Unsafe.ReadUnaligned<uint>(integers + 4 * v));
    }

    private static void PackNibbles(byte* nibbles, int lane, byte* vectors)
    {
        for (var v = 0; v < 4; v++)
        {
            var packed = Unsafe.ReadUnaligned<uint>(nibbles + 4 * v) | Unsafe.ReadUnaligned<uint>(nibbles + 16 + 4 * v) << 4;
            Unsafe.WriteUnaligned(vectors + 32 * v + 4 * lane, packed);
        }
    }

    private static sbyte ByteAt(byte* vectors, int lane, int input) => (sbyte)vectors[32 * (input / 4) + 4 * lane + input % 4];

    private static int NibbleAt(byte* vectors, int lane, int input)
    {
        var both = vectors[32 * (input / 4 % 4) + 4 * lane + input % 4];
        return input < 16 ? both & 15 : both >> 4;
    }

    private static void SetScale(byte* scales, int lane, ushort bits) => Unsafe.WriteUnaligned(scales + 2 * lane, bits);

    private static float Scale(byte* scales, int lane) => HalfFormat.FromF16(Unsafe.ReadUnaligned<ushort>(scales + 2 * lane));
}
