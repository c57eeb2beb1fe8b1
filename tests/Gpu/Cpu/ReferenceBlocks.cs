using ActorInference.Gpu.Models;

namespace ActorInference.Gpu.Tests.Cpu;

/// <summary>What blocks of GGUF files mean, element by element and in double precision, from the format's description.</summary>
internal static class ReferenceBlocks
{
    private static readonly int[] Table = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];

    /// <summary>Where in a block its F16 numbers are.</summary>
    public static int[] HalvesOf(WeightDtype dtype) => dtype switch
    {
        WeightDtype.Q4_1 or WeightDtype.Q5_1 or WeightDtype.Q4_K or WeightDtype.Q5_K => [0, 2],
        WeightDtype.Q2_K => [80, 82],
        WeightDtype.Q3_K => [108],
        WeightDtype.Q6_K => [208],
        _ => [0],
    };

    /// <summary>Blocks of random bits, but for F16 numbers, which are small ones.</summary>
    public static byte[] Arbitrary(WeightDtype dtype, int count, Random random)
    {
        var blocks = new byte[count * dtype.BlockBytes()];
        random.NextBytes(blocks);
        for (var block = 0; block < count; block++) SetHalves(dtype, blocks.AsSpan(block * dtype.BlockBytes()), () => (random.NextSingle() - 0.3f) / 8);
        return blocks;
    }

    public static void SetHalves(WeightDtype dtype, Span<byte> block, Func<float> next)
    {
        foreach (var at in HalvesOf(dtype)) BitConverter.TryWriteBytes(block[at..], (Half)next());
    }

    public static double[] Widen(WeightDtype dtype, ReadOnlySpan<byte> blocks)
    {
        var values = new List<double>();
        for (var first = 0; first < blocks.Length; first += dtype.BlockBytes())
        {
            var block = blocks.Slice(first, dtype.BlockBytes());
            for (var i = 0; i < dtype.BlockElements(); i++) values.Add(Element(dtype, block, i));
        }

        return [.. values];
    }

    private static double Element(WeightDtype dtype, ReadOnlySpan<byte> block, int i) => dtype switch
    {
        WeightDtype.Q8_0 => Half(block, 0) * (sbyte)block[2 + i],
        WeightDtype.Q4_0 => Half(block, 0) * (Nibble(block[2..], i) - 8),
        WeightDtype.Q4_1 => Half(block, 0) * Nibble(block[4..], i) + Half(block, 2),
        WeightDtype.Q5_0 => Half(block, 0) * (Nibble(block[6..], i) + 16 * Bit(block[2..], i) - 16),
        WeightDtype.Q5_1 => Half(block, 0) * (Nibble(block[8..], i) + 16 * Bit(block[4..], i)) + Half(block, 2),
        WeightDtype.IQ4_NL => Half(block, 0) * Table[Nibble(block[2..], i)],
        WeightDtype.IQ4_XS => Half(block, 0) * TableScale(block, i / 32) * Table[Nibble(block[(8 + i / 32 * 16)..], i % 32)],
        WeightDtype.Q2_K => Half(block, 80) * (block[i / 16] & 15) * TwoBits(block[16..], i) - Half(block, 82) * (block[i / 16] >> 4),
        WeightDtype.Q3_K => Half(block, 108) * (ThirdScale(block[96..], i / 16) - 32) * (TwoBits(block[32..], i) - ((block[i % 32] >> i / 32 & 1) == 1 ? 0 : 4)),
        WeightDtype.Q4_K => FourBits(block, block[16..], i, fifth: 0),
        WeightDtype.Q5_K => FourBits(block, block[48..], i, fifth: block[16 + i % 32] >> i / 32 & 1),
        WeightDtype.Q6_K => Half(block, 208) * (sbyte)block[192 + i / 16] * (SixBits(block, i) - 32),
        _ => throw new ArgumentOutOfRangeException(nameof(dtype), dtype, "It has no blocks."),
    };

    private static double FourBits(ReadOnlySpan<byte> block, ReadOnlySpan<byte> quants, int i, int fifth)
    {
        var (scale, offset) = SixBitPair(block[4..], i / 32);
        var code = (quants[i / 64 * 32 + i % 32] >> i / 32 % 2 * 4 & 15) + 16 * fifth;
        return Half(block, 0) * scale * code - Half(block, 2) * offset;
    }

    private static (int Scale, int Offset) SixBitPair(ReadOnlySpan<byte> packed, int part) => part < 4
        ? (packed[part] & 63, packed[part + 4] & 63)
        : (packed[part + 4] & 15 | packed[part - 4] >> 6 << 4, packed[part + 4] >> 4 | packed[part] >> 6 << 4);

    private static int SixBits(ReadOnlySpan<byte> block, int i)
    {
        var (half, quarter, l) = (i / 128, i % 128 / 32, i % 32);
        var low = block[64 * half + quarter % 2 * 32 + l] >> quarter / 2 * 4 & 15;
        return low | (block[128 + 32 * half + l] >> 2 * quarter & 3) << 4;
    }

    private static int ThirdScale(ReadOnlySpan<byte> packed, int sixteen) =>
        (sixteen < 8 ? packed[sixteen] & 15 : packed[sixteen - 8] >> 4) | (packed[8 + sixteen % 4] >> 2 * (sixteen / 4) & 3) << 4;

    private static int TableScale(ReadOnlySpan<byte> block, int part) =>
        (block[4 + part / 2] >> 4 * (part % 2) & 15 | (BitConverter.ToUInt16(block[2..]) >> 2 * part & 3) << 4) - 32;

    private static int TwoBits(ReadOnlySpan<byte> quants, int i) => quants[i / 128 * 32 + i % 32] >> i % 128 / 32 * 2 & 3;

    private static int Nibble(ReadOnlySpan<byte> quants, int i) => i < 16 ? quants[i] & 15 : quants[i - 16] >> 4;

    private static int Bit(ReadOnlySpan<byte> bits, int i) => bits[i / 8] >> i % 8 & 1;

    private static double Half(ReadOnlySpan<byte> block, int at) => (double)BitConverter.ToHalf(block[at..]);
}
