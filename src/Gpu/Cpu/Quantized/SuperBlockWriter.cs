using System.Runtime.CompilerServices;
using ActorInference.Gpu.Models;

namespace ActorInference.Gpu.Cpu.Quantized;

/// <summary>Quantizes 256 weights into a block with scales of scales.</summary>
/// <remarks>SAFETY: sources cover 256 elements, targets <see cref="WeightDtypes.BlockBytes"/>.</remarks>
internal static unsafe class SuperBlockWriter
{
    private const int Elements = 256;
    private const int PartElements = 32;
    private const int Parts = Elements / PartElements;
    private const int Sixteens = Elements / 16;

    public static void Quantize(WeightDtype dtype, float* x, byte* block)
    {
        new Span<byte>(block, dtype.BlockBytes()).Clear();
        switch (dtype)
        {
            case WeightDtype.Q2_K: Q2(x, block); break;
            case WeightDtype.Q3_K: Q3(x, block); break;
            case WeightDtype.Q4_K: Q4(x, block); break;
            case WeightDtype.Q5_K: Q5(x, block); break;
            case WeightDtype.Q6_K: Q6(x, block); break;
            case WeightDtype.IQ4_XS: FromTable(x, block); break;
            default: throw new ArgumentOutOfRangeException(nameof(dtype), dtype, "It has no blocks.");
        }
    }

    private static void Q2(float* x, byte* block)
    {
        var codes = stackalloc int[Elements];
        float* scales = stackalloc float[Sixteens], offsets = stackalloc float[Sixteens];
        for (var i = 0; i < Sixteens; i++) (scales[i], offsets[i]) = RangeFit.Find(x + 16 * i, 16, 3);
        var (scale, offset) = (BlockWriter.SetHalf(block + 80, Most(scales, Sixteens) / 15), BlockWriter.SetHalf(block + 82, Most(offsets, Sixteens) / 15));
        for (var i = 0; i < Sixteens; i++)
        {
            int s = BlockWriter.Nearest(scales[i], scale, 0, 15), o = BlockWriter.Nearest(offsets[i], offset, 0, 15);
            block[i] = (byte)(s | o << 4);
            for (var j = 16 * i; j < 16 * (i + 1); j++) codes[j] = BlockWriter.Nearest(x[j] + offset * o, scale * s, 0, 3);
        }

        SetPairs(codes, block + 16);
    }

    private static void Q3(float* x, byte* block)
    {
        var codes = stackalloc int[Elements];
        var scales = stackalloc int[Sixteens];
        Centred(x, 4, 32, block + 108, scales, codes);
        for (var i = 0; i < Sixteens; i++)
        {
            var s = scales[i] + 32;
            block[96 + i % 8] |= (byte)((s & 15) << i / 8 * 4);
            block[104 + i % 4] |= (byte)(s >> 4 << i / 4 * 2);
        }

        SetPairs(codes, block + 32);
        for (var i = 0; i < Elements; i++) block[i % PartElements] |= (byte)(codes[i] >> 2 << i / PartElements);
    }

    private static void Q4(float* x, byte* block)
    {
        var codes = stackalloc int[Elements];
        Moved(x, 15, block, codes);
        SetNibbles(codes, block + 16);
    }

    private static void Q5(float* x, byte* block)
    {
        var codes = stackalloc int[Elements];
        Moved(x, 31, block, codes);
        SetNibbles(codes, block + 48);
        for (var i = 0; i < Elements; i++) block[16 + i % PartElements] |= (byte)(codes[i] >> 4 << i / PartElements);
    }

    private static void Q6(float* x, byte* block)
    {
        var codes = stackalloc int[Elements];
        var scales = stackalloc int[Sixteens];
        Centred(x, 32, 128, block + 208, scales, codes);
        for (var i = 0; i < Sixteens; i++) block[192 + i] = (byte)(sbyte)scales[i];
        byte* low = block, high = block + 128;
        for (var half = 0; half < 2; half++, low += 64, high += 32, codes += 128)
        {
            for (var i = 0; i < 32; i++)
            {
                int a = codes[i], b = codes[i + 32], c = codes[i + 64], d = codes[i + 96];
                low[i] = (byte)(a & 15 | (c & 15) << 4);
                low[i + 32] = (byte)(b & 15 | (d & 15) << 4);
                high[i] = (byte)(a >> 4 | b >> 4 << 2 | c >> 4 << 4 | d >> 4 << 6);
            }
        }
    }

    private static void FromTable(float* x, byte* block)
    {
        var scales = stackalloc float[Parts];
        for (var part = 0; part < Parts; part++) scales[part] = BlockWriter.Furthest(x + PartElements * part, PartElements) / BlockBits.Table[0];
        var scale = BlockWriter.SetHalf(block, BlockWriter.Furthest(scales, Parts) / -32);
        ushort high = 0;
        for (var part = 0; part < Parts; part++)
        {
            var s = BlockWriter.Nearest(scales[part], scale, -32, 31);
            block[4 + part / 2] |= (byte)((s + 32 & 15) << part % 2 * 4);
            high |= (ushort)(s + 32 >> 4 << 2 * part);
            BlockWriter.FromTable(x + PartElements * part, scale * s, block + 8 + 16 * part);
        }

        Unsafe.WriteUnaligned(block + 2, high);
    }

    /// <summary>Codes of parts of 32 with six-bit scales and offsets, written at the beginning of the block.</summary>
    private static void Moved(float* x, int steps, byte* block, int* codes)
    {
        float* scales = stackalloc float[Parts], offsets = stackalloc float[Parts];
        for (var part = 0; part < Parts; part++) (scales[part], offsets[part]) = RangeFit.Find(x + part * PartElements, PartElements, steps);
        var scale = BlockWriter.SetHalf(block, Most(scales, Parts) / 63);
        var offset = BlockWriter.SetHalf(block + 2, Most(offsets, Parts) / 63);
        for (var part = 0; part < Parts; part++)
        {
            int s = BlockWriter.Nearest(scales[part], scale, 0, 63), o = BlockWriter.Nearest(offsets[part], offset, 0, 63);
            SetSixBitPair(block + 4, part, s, o);
            for (var i = part * PartElements; i < (part + 1) * PartElements; i++) codes[i] = BlockWriter.Nearest(x[i] + offset * o, scale * s, 0, steps);
        }
    }

    /// <summary>Codes of sixteens around a centre, with signed scales.</summary>
    /// <param name="mostScale">Scales are from less this to this less one.</param>
    private static void Centred(float* x, int centre, int mostScale, byte* half, int* scales, int* codes)
    {
        var exact = stackalloc float[Sixteens];
        for (var i = 0; i < Sixteens; i++) exact[i] = BlockWriter.Furthest(x + 16 * i, 16) / -centre;
        var scale = BlockWriter.SetHalf(half, BlockWriter.Furthest(exact, Sixteens) / -mostScale);
        for (var i = 0; i < Sixteens; i++)
        {
            scales[i] = BlockWriter.Nearest(exact[i], scale, -mostScale, mostScale - 1);
            for (var j = 16 * i; j < 16 * (i + 1); j++) codes[j] = BlockWriter.Nearest(x[j], scale * scales[i], -centre, centre - 1) + centre;
        }
    }

    private static void SetNibbles(int* codes, byte* quants)
    {
        for (var i = 0; i < Elements; i++) quants[i / 64 * 32 + i % 32] |= (byte)((codes[i] & 15) << i / 32 % 2 * 4);
    }

    /// <summary>The two lowest bits of each.</summary>
    private static void SetPairs(int* codes, byte* quants)
    {
        for (var i = 0; i < Elements; i++) quants[i / 128 * 32 + i % 32] |= (byte)((codes[i] & 3) << i / 32 % 4 * 2);
    }

    private static void SetSixBitPair(byte* packed, int part, int scale, int offset)
    {
        if (part < 4)
        {
            packed[part] |= (byte)scale;
            packed[part + 4] |= (byte)offset;
            return;
        }

        packed[part + 4] = (byte)(scale & 15 | (offset & 15) << 4);
        packed[part - 4] |= (byte)(scale >> 4 << 6);
        packed[part] |= (byte)(offset >> 4 << 6);
    }

    private static float Most(float* values, int count)
    {
        var most = 0f;
        for (var i = 0; i < count; i++) most = MathF.Max(most, values[i]);
        return most;
    }
}
