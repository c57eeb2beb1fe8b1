using System.Runtime.CompilerServices;
using ActorInference.Gpu.Models;

namespace ActorInference.Gpu.Cpu.Quantized;

/// <summary>Quantizes weights into the blocks that GGUF files hold; <see cref="BlockReader"/> reads them.</summary>
/// <remarks>SAFETY: sources cover <see cref="WeightDtypes.BlockElements"/>, targets <see cref="WeightDtypes.BlockBytes"/>.</remarks>
internal static unsafe class BlockWriter
{
    private const int SubElements = 32;
    private const int SubBlocks = 8;
    private const int Refinements = 8;

    /// <summary>Quantizes so many elements, whole blocks.</summary>
    public static void Quantize(WeightDtype dtype, float* values, int elements, byte* blocks)
    {
        for (var i = 0; i < elements; i += dtype.BlockElements(), blocks += dtype.BlockBytes())
        {
            switch (dtype)
            {
                case WeightDtype.Q8_0: Q8(values + i, blocks); break;
                case WeightDtype.Q4_0: Q4(values + i, blocks); break;
                case WeightDtype.Q5_0: Q5(values + i, blocks); break;
                case WeightDtype.Q4_K: Q4K(values + i, blocks); break;
                case WeightDtype.Q6_K: Q6K(values + i, blocks); break;
                default: throw new ArgumentOutOfRangeException(nameof(dtype), dtype, "It has no blocks.");
            }
        }
    }

    private static void Q8(float* x, byte* block)
    {
        var scale = SetHalf(block, MathF.Abs(Furthest(x, 32)) / 127);
        for (var i = 0; i < 32; i++) block[2 + i] = (byte)(sbyte)Nearest(x[i], scale, -127, 127);
    }

    private static void Q4(float* x, byte* block)
    {
        // The end of the range that has one step more is given to the furthest element.
        var scale = SetHalf(block, Furthest(x, 32) / -8);
        for (var i = 0; i < 16; i++)
            block[2 + i] = (byte)(Nearest(x[i], scale, -8, 7) + 8 | Nearest(x[i + 16], scale, -8, 7) + 8 << 4);
    }

    private static void Q5(float* x, byte* block)
    {
        var scale = SetHalf(block, Furthest(x, 32) / -16);
        var fifth = 0u;
        for (var i = 0; i < 16; i++)
        {
            int low = Nearest(x[i], scale, -16, 15) + 16, high = Nearest(x[i + 16], scale, -16, 15) + 16;
            block[6 + i] = (byte)(low & 15 | (high & 15) << 4);
            fifth |= (uint)(low >> 4) << i | (uint)(high >> 4) << (i + 16);
        }

        Unsafe.WriteUnaligned(block + 2, fifth);
    }

    private static void Q4K(float* x, byte* block)
    {
        float* scales = stackalloc float[SubBlocks], offsets = stackalloc float[SubBlocks];
        for (var sub = 0; sub < SubBlocks; sub++) (scales[sub], offsets[sub]) = FitRange(x + sub * SubElements);
        var scale = SetHalf(block, Most(scales) / 63);
        var offset = SetHalf(block + 2, Most(offsets) / 63);
        new Span<byte>(block + 4, 12 + 128).Clear();
        for (var sub = 0; sub < SubBlocks; sub++)
        {
            int s = Nearest(scales[sub], scale, 0, 63), o = Nearest(offsets[sub], offset, 0, 63);
            SetSubScales(block + 4, sub, s, o);
            var quants = block + 16 + sub / 2 * SubElements;
            for (var i = 0; i < SubElements; i++)
                quants[i] |= (byte)(Nearest(x[sub * SubElements + i] + offset * o, scale * s, 0, 15) << sub % 2 * 4);
        }
    }

    private static void Q6K(float* x, byte* block)
    {
        const int sixteens = 16;
        var scales = stackalloc float[sixteens];
        var furthest = 0f;
        for (var i = 0; i < sixteens; i++)
        {
            scales[i] = Furthest(x + 16 * i, 16) / -32;
            if (MathF.Abs(scales[i]) > MathF.Abs(furthest)) furthest = scales[i];
        }

        var scale = SetHalf(block + 208, furthest / -128);
        var integers = stackalloc int[256];
        for (var i = 0; i < sixteens; i++)
        {
            var s = Nearest(scales[i], scale, -128, 127);
            block[192 + i] = (byte)(sbyte)s;
            for (var j = 16 * i; j < 16 * (i + 1); j++) integers[j] = Nearest(x[j], scale * s, -32, 31) + 32;
        }

        byte* low = block, high = block + 128;
        for (var half = 0; half < 2; half++, low += 64, high += 32, integers += 128)
        {
            for (var i = 0; i < 32; i++)
            {
                int a = integers[i], b = integers[i + 32], c = integers[i + 64], d = integers[i + 96];
                low[i] = (byte)(a & 15 | (c & 15) << 4);
                low[i + 32] = (byte)(b & 15 | (d & 15) << 4);
                high[i] = (byte)(a >> 4 | b >> 4 << 2 | c >> 4 << 4 | d >> 4 << 6);
            }
        }
    }

    /// <summary>
    /// A scale and an offset with which 32 elements are about scale * (0 to 15) - offset: from their range, then by least
    /// squares for the integers found, a few times.
    /// </summary>
    private static (float Scale, float Offset) FitRange(float* x)
    {
        float least = 0, most = 0;
        for (var i = 0; i < SubElements; i++) (least, most) = (MathF.Min(least, x[i]), MathF.Max(most, x[i]));
        if (most == least) return (0, -least);
        var best = ((most - least) / 15, -least);
        var bestError = RangeError(x, best);
        var fit = best;
        for (var round = 0; round < Refinements; round++)
        {
            fit = Refit(x, fit);
            var error = RangeError(x, fit);
            if (!(error < bestError)) break;
            (best, bestError) = (fit, error);
        }

        return best;
    }

    private static (float Scale, float Offset) Refit(float* x, (float Scale, float Offset) fit)
    {
        double sumQ = 0, sumQQ = 0, sumX = 0, sumQX = 0;
        for (var i = 0; i < SubElements; i++)
        {
            double q = Nearest(x[i] + fit.Offset, fit.Scale, 0, 15);
            (sumQ, sumQQ, sumX, sumQX) = (sumQ + q, sumQQ + q * q, sumX + x[i], sumQX + q * x[i]);
        }

        var determinant = SubElements * sumQQ - sumQ * sumQ;
        if (determinant <= 0) return fit;
        var scale = (SubElements * sumQX - sumQ * sumX) / determinant;
        var offset = (sumQ * sumQX - sumQQ * sumX) / determinant;
        // Offsets are stored without a sign.
        if (offset < 0) (scale, offset) = (sumQQ > 0 ? sumQX / sumQQ : 0, 0);
        return scale > 0 ? ((float)scale, (float)offset) : fit;
    }

    private static double RangeError(float* x, (float Scale, float Offset) fit)
    {
        var error = 0.0;
        for (var i = 0; i < SubElements; i++)
        {
            double difference = fit.Scale * Nearest(x[i] + fit.Offset, fit.Scale, 0, 15) - fit.Offset - x[i];
            error += difference * difference;
        }

        return error;
    }

    private static void SetSubScales(byte* packed, int sub, int scale, int offset)
    {
        if (sub < 4)
        {
            packed[sub] |= (byte)scale;
            packed[sub + 4] |= (byte)offset;
            return;
        }

        packed[sub + 4] = (byte)(scale & 15 | (offset & 15) << 4);
        packed[sub - 4] |= (byte)(scale >> 4 << 6);
        packed[sub] |= (byte)(offset >> 4 << 6);
    }

    /// <summary>The element of the largest magnitude.</summary>
    private static float Furthest(float* x, int count)
    {
        var furthest = 0f;
        for (var i = 0; i < count; i++)
        {
            if (MathF.Abs(x[i]) > MathF.Abs(furthest)) furthest = x[i];
        }

        return furthest;
    }

    private static float Most(float* values)
    {
        var most = 0f;
        for (var i = 0; i < SubBlocks; i++) most = MathF.Max(most, values[i]);
        return most;
    }

    private static int Nearest(float x, float scale, int least, int most) =>
        scale == 0 ? Math.Clamp(0, least, most) : (int)Math.Clamp(MathF.Round(x / scale), least, most);

    /// <returns>What the half is, as what follows has to go by it.</returns>
    private static float SetHalf(byte* target, float value)
    {
        var bits = HalfFormat.ToF16(value);
        Unsafe.WriteUnaligned(target, bits);
        return HalfFormat.FromF16(bits);
    }
}
