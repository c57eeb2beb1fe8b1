using System.Runtime.CompilerServices;
using ActorInference.Gpu.Models;

namespace ActorInference.Gpu.Cpu.Quantized;

/// <summary>Quantizes weights into the blocks that GGUF files hold; <see cref="BlockReader"/> reads them.</summary>
/// <remarks>SAFETY: sources cover <see cref="WeightDtypes.BlockElements"/>, targets <see cref="WeightDtypes.BlockBytes"/>.</remarks>
internal static unsafe class BlockWriter
{
    private const int Elements = 32;

    /// <summary>Quantizes so many elements, whole blocks.</summary>
    public static void Quantize(WeightDtype dtype, float* values, int elements, byte* blocks)
    {
        for (var i = 0; i < elements; i += dtype.BlockElements(), blocks += dtype.BlockBytes())
        {
            switch (dtype)
            {
                case WeightDtype.Q8_0: Q8(values + i, blocks); break;
                case WeightDtype.Q4_0: Q4(values + i, blocks); break;
                case WeightDtype.Q4_1: Q4Moved(values + i, blocks); break;
                case WeightDtype.Q5_0: Q5(values + i, blocks); break;
                case WeightDtype.Q5_1: Q5Moved(values + i, blocks); break;
                case WeightDtype.IQ4_NL: FromTable(values + i, SetHalf(blocks, Furthest(values + i, Elements) / BlockBits.Table[0]), blocks + 2); break;
                default: SuperBlockWriter.Quantize(dtype, values + i, blocks); break;
            }
        }
    }

    /// <summary>Writes 32 elements as places in the table of signed bytes.</summary>
    public static void FromTable(float* x, float scale, byte* quants)
    {
        for (var i = 0; i < 16; i++) quants[i] = (byte)(Place(x[i], scale) | Place(x[i + 16], scale) << 4);
    }

    /// <summary>The element of the largest magnitude.</summary>
    public static float Furthest(float* x, int count)
    {
        var furthest = 0f;
        for (var i = 0; i < count; i++)
        {
            if (MathF.Abs(x[i]) > MathF.Abs(furthest)) furthest = x[i];
        }

        return furthest;
    }

    public static int Nearest(float x, float scale, int least, int most) =>
        scale == 0 ? Math.Clamp(0, least, most) : (int)Math.Clamp(MathF.Round(x / scale), least, most);

    /// <returns>What the half is, as what follows has to go by it.</returns>
    public static float SetHalf(byte* target, float value)
    {
        var bits = HalfFormat.ToF16(value);
        Unsafe.WriteUnaligned(target, bits);
        return HalfFormat.FromF16(bits);
    }

    private static void Q8(float* x, byte* block)
    {
        var scale = SetHalf(block, MathF.Abs(Furthest(x, Elements)) / 127);
        for (var i = 0; i < Elements; i++) block[2 + i] = (byte)(sbyte)Nearest(x[i], scale, -127, 127);
    }

    private static void Q4(float* x, byte* block)
    {
        // The end of the range that has one step more is given to the furthest element.
        var scale = SetHalf(block, Furthest(x, Elements) / -8);
        for (var i = 0; i < 16; i++)
            block[2 + i] = (byte)(Nearest(x[i], scale, -8, 7) + 8 | Nearest(x[i + 16], scale, -8, 7) + 8 << 4);
    }

    private static void Q4Moved(float* x, byte* block)
    {
        var (scale, offset) = SetRange(x, 15, block);
        for (var i = 0; i < 16; i++)
            block[4 + i] = (byte)(Nearest(x[i] - offset, scale, 0, 15) | Nearest(x[i + 16] - offset, scale, 0, 15) << 4);
    }

    private static void Q5(float* x, byte* block)
    {
        var scale = SetHalf(block, Furthest(x, Elements) / -16);
        var codes = stackalloc int[Elements];
        for (var i = 0; i < Elements; i++) codes[i] = Nearest(x[i], scale, -16, 15) + 16;
        SetFives(codes, block + 2);
    }

    private static void Q5Moved(float* x, byte* block)
    {
        var (scale, offset) = SetRange(x, 31, block);
        var codes = stackalloc int[Elements];
        for (var i = 0; i < Elements; i++) codes[i] = Nearest(x[i] - offset, scale, 0, 31);
        SetFives(codes, block + 4);
    }

    /// <summary>Writes the scale and the offset by which so many steps reach from the least to the most.</summary>
    private static (float Scale, float Offset) SetRange(float* x, int steps, byte* block)
    {
        float least = x[0], most = x[0];
        for (var i = 1; i < Elements; i++) (least, most) = (MathF.Min(least, x[i]), MathF.Max(most, x[i]));
        return (SetHalf(block, (most - least) / steps), SetHalf(block + 2, least));
    }

    private static void SetFives(int* codes, byte* target)
    {
        var fifth = 0u;
        for (var i = 0; i < 16; i++)
        {
            target[4 + i] = (byte)(codes[i] & 15 | (codes[i + 16] & 15) << 4);
            fifth |= (uint)(codes[i] >> 4) << i | (uint)(codes[i + 16] >> 4) << (i + 16);
        }

        Unsafe.WriteUnaligned(target, fifth);
    }

    /// <summary>Of the table's entry that is nearest.</summary>
    private static int Place(float x, float scale)
    {
        var (best, bestDistance) = (0, float.PositiveInfinity);
        for (var place = 0; place < BlockBits.Table.Length; place++)
        {
            var distance = MathF.Abs(x - scale * BlockBits.Table[place]);
            if (distance < bestDistance) (best, bestDistance) = (place, distance);
        }

        return best;
    }
}
