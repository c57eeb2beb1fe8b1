using System.Runtime.CompilerServices;
using ActorInference.Gpu.Models;

namespace ActorInference.Gpu.Cpu.Quantized;

/// <summary>Reads the blocks of quantized weights as GGUF files hold them; layouts as ggml defines them.</summary>
/// <remarks>SAFETY: a block pointer covers <see cref="WeightDtypes.BlockBytes"/>, a target <see cref="WeightDtypes.BlockElements"/>.</remarks>
internal static unsafe class BlockReader
{
    private const int SubBlocks = 8;

    /// <summary>The values of so many elements of a row, from a whole block on.</summary>
    /// <param name="target">Shape <c>[elements]</c>.</param>
    public static void Widen(WeightDtype dtype, byte* blocks, int elements, float* target)
    {
        var (blockElements, blockBytes) = (dtype.BlockElements(), dtype.BlockBytes());
        for (var i = 0; i < elements; i += blockElements, blocks += blockBytes) WidenBlock(dtype, blocks, target + i);
    }

    /// <summary>Whether no scale is infinite or NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool AllFinite(WeightDtype dtype, byte* blocks, long elements)
    {
        var count = elements / dtype.BlockElements();
        var bytes = dtype.BlockBytes();
        var first = dtype == WeightDtype.Q6_K ? bytes - 2 : 0;
        for (long i = 0; i < count; i++)
        {
            var block = blocks + i * bytes;
            if (!IsFinite(block + first) || (dtype == WeightDtype.Q4_K && !IsFinite(block + 2))) return false;
        }

        return true;
    }

    /// <summary>The scale of a block, its 16 bits.</summary>
    public static ushort ScaleBits(byte* block) => Unsafe.ReadUnaligned<ushort>(block);

    /// <summary>Elements of a block of 32 as signed bytes, to be multiplied with the scale.</summary>
    public static void Integers32(WeightDtype dtype, byte* block, sbyte* target)
    {
        var quants = block + 2;
        switch (dtype)
        {
            case WeightDtype.Q8_0:
                Buffer.MemoryCopy(quants, target, 32, 32);
                break;
            case WeightDtype.Q4_0:
                for (var i = 0; i < 16; i++)
                {
                    target[i] = (sbyte)((quants[i] & 15) - 8);
                    target[i + 16] = (sbyte)((quants[i] >> 4) - 8);
                }

                break;
            case WeightDtype.Q5_0:
                var fifth = Unsafe.ReadUnaligned<uint>(quants);
                for (var i = 0; i < 16; i++)
                {
                    target[i] = (sbyte)(((quants[4 + i] & 15) | (int)((fifth >> i) & 1) << 4) - 16);
                    target[i + 16] = (sbyte)(((quants[4 + i] >> 4) | (int)((fifth >> (i + 16)) & 1) << 4) - 16);
                }

                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(dtype), dtype, "It has no blocks of 32.");
        }
    }

    /// <summary>A Q4_K block's six-bit scale and offset of one of its eight sub-blocks.</summary>
    public static (byte Scale, byte Offset) SubScales(byte* block, int sub)
    {
        var packed = block + 4;
        return sub < SubBlocks / 2
            ? ((byte)(packed[sub] & 63), (byte)(packed[sub + 4] & 63))
            : ((byte)((packed[sub + 4] & 15) | packed[sub - 4] >> 6 << 4), (byte)(packed[sub + 4] >> 4 | packed[sub] >> 6 << 4));
    }

    /// <summary>A Q4_K block's 32 nibbles of one sub-block.</summary>
    public static void Nibbles(byte* block, int sub, byte* target)
    {
        var quants = block + 16 + sub / 2 * 32;
        var shift = sub % 2 * 4;
        for (var i = 0; i < 32; i++) target[i] = (byte)(quants[i] >> shift & 15);
    }

    /// <summary>A Q6_K block's 256 elements as signed bytes; every 16 have one of its signed scales.</summary>
    public static void Integers256(byte* block, sbyte* target)
    {
        byte* low = block, high = block + 128;
        for (var half = 0; half < 2; half++, low += 64, high += 32, target += 128)
        {
            for (var i = 0; i < 32; i++)
            {
                target[i] = (sbyte)((low[i] & 15 | (high[i] & 3) << 4) - 32);
                target[i + 32] = (sbyte)((low[i + 32] & 15 | (high[i] >> 2 & 3) << 4) - 32);
                target[i + 64] = (sbyte)((low[i] >> 4 | (high[i] >> 4 & 3) << 4) - 32);
                target[i + 96] = (sbyte)((low[i + 32] >> 4 | (high[i] >> 6 & 3) << 4) - 32);
            }
        }
    }

    /// <summary>A Q6_K block's scales, each of 16 elements.</summary>
    public static sbyte* Scales16(byte* block) => (sbyte*)(block + 192);

    /// <summary>A Q6_K block's scale of scales, its 16 bits.</summary>
    public static ushort LastScaleBits(byte* block) => Unsafe.ReadUnaligned<ushort>(block + 208);

    private static void WidenBlock(WeightDtype dtype, byte* block, float* target)
    {
        if (dtype == WeightDtype.Q4_K) WidenQ4K(block, target);
        else if (dtype == WeightDtype.Q6_K) WidenQ6K(block, target);
        else
        {
            var integers = stackalloc sbyte[32];
            Integers32(dtype, block, integers);
            var scale = HalfFormat.FromF16(ScaleBits(block));
            for (var i = 0; i < 32; i++) target[i] = scale * integers[i];
        }
    }

    private static void WidenQ4K(byte* block, float* target)
    {
        float scales = HalfFormat.FromF16(ScaleBits(block)), offsets = HalfFormat.FromF16(ScaleBits(block + 2));
        var nibbles = stackalloc byte[32];
        for (var sub = 0; sub < SubBlocks; sub++)
        {
            var (scale, offset) = SubScales(block, sub);
            Nibbles(block, sub, nibbles);
            for (var i = 0; i < 32; i++) target[32 * sub + i] = scales * scale * nibbles[i] - offsets * offset;
        }
    }

    private static void WidenQ6K(byte* block, float* target)
    {
        var integers = stackalloc sbyte[256];
        Integers256(block, integers);
        var scale = HalfFormat.FromF16(LastScaleBits(block));
        for (var i = 0; i < 256; i++) target[i] = scale * Scales16(block)[i / 16] * integers[i];
    }

    private static bool IsFinite(byte* half) => (Unsafe.ReadUnaligned<ushort>(half) & 0x7c00) != 0x7c00;
}
