using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace ActorInference.Gpu.Cpu.Quantized;

/// <summary>How a file's block holds its codes. Layouts as ggml defines them.</summary>
/// <remarks>SAFETY: a block pointer covers a block of the type.</remarks>
internal unsafe interface IBlockFormat
{
    /// <summary>The codes of 32 elements, from 0 up; signed bytes where the type has no centre to take them from.</summary>
    /// <param name="part">Which 32.</param>
    static abstract Vector256<byte> Codes(byte* block, int part);
}

/// <summary>F16 scale, then signed bytes.</summary>
internal readonly unsafe struct Q8Block : IBlockFormat
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Codes(byte* block, int part) => Vector256.Load(block + 2);
}

/// <summary>F16 scale, then element i low and i + 16 high.</summary>
internal readonly unsafe struct Q4Block : IBlockFormat
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Codes(byte* block, int part) => BlockBits.Nibbles(block + 2);
}

/// <summary>F16 scale and offset, then element i low and i + 16 high.</summary>
internal readonly unsafe struct Q4OffsetBlock : IBlockFormat
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Codes(byte* block, int part) => BlockBits.Nibbles(block + 4);
}

/// <summary>F16 scale, fifth bits, nibbles.</summary>
internal readonly unsafe struct Q5Block : IBlockFormat
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Codes(byte* block, int part) => BlockBits.Nibbles(block + 6) | BlockBits.FifthBits(block + 2);
}

/// <summary>F16 scale and offset, fifth bits, nibbles.</summary>
internal readonly unsafe struct Q5OffsetBlock : IBlockFormat
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Codes(byte* block, int part) => BlockBits.Nibbles(block + 8) | BlockBits.FifthBits(block + 4);
}

/// <summary>F16 scale, then places in a table of signed bytes.</summary>
internal readonly unsafe struct TableBlock : IBlockFormat
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Codes(byte* block, int part) => BlockBits.FromTable(BlockBits.Nibbles(block + 2));
}

/// <summary>F16 scale, upper bits of scales (2), lower ones (4), then places in a table of signed bytes.</summary>
internal readonly unsafe struct TableSuperBlock : IBlockFormat
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Codes(byte* block, int part) => BlockBits.FromTable(BlockBits.Nibbles(block + 8 + 16 * part));
}

/// <summary>16 scales and offsets, 64 bytes of four elements each, F16 scale and offset.</summary>
internal readonly unsafe struct Q2SuperBlock : IBlockFormat
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Codes(byte* block, int part) => BlockBits.Pairs(block + 16, part);
}

/// <summary>Third bits (32), 64 bytes of four elements each, 12 bytes of scales, F16 scale. Less 4, which becomes less 32 as for <see cref="Q6SuperBlock"/>.</summary>
internal readonly unsafe struct Q3SuperBlock : IBlockFormat
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Codes(byte* block, int part)
    {
        var third = Vector256.ShiftRightLogical(Vector256.Load(block).AsUInt16(), part).AsByte() & Vector256.Create((byte)1);
        return BlockBits.Pairs(block + 32, part) + Vector256.ShiftLeft(third.AsUInt16(), 2).AsByte() + Vector256.Create((byte)28);
    }
}

/// <summary>F16 scale and offset, 12 bytes of scales and offsets, nibbles.</summary>
internal readonly unsafe struct Q4SuperBlock : IBlockFormat
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Codes(byte* block, int part) => BlockBits.PartNibbles(block + 16, part);
}

/// <summary>F16 scale and offset, 12 bytes of scales and offsets, fifth bits (32), nibbles.</summary>
internal readonly unsafe struct Q5SuperBlock : IBlockFormat
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Codes(byte* block, int part)
    {
        var fifth = Vector256.ShiftRightLogical(Vector256.Load(block + 16).AsUInt16(), part).AsByte() & Vector256.Create((byte)1);
        return BlockBits.PartNibbles(block + 48, part) | Vector256.ShiftLeft(fifth.AsUInt16(), 4).AsByte();
    }
}

/// <summary>128 bytes of nibbles, 64 of upper bits, 16 signed scales, F16 scale. Less 32.</summary>
internal readonly unsafe struct Q6SuperBlock : IBlockFormat
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Codes(byte* block, int part)
    {
        var (half, quarter) = (part / 4, part % 4);
        var low = Vector256.Load(block + 64 * half + quarter % 2 * 32).AsUInt16();
        var high = Vector256.Load(block + 128 + 32 * half).AsUInt16();
        var nibbles = Vector256.ShiftRightLogical(low, quarter / 2 * 4).AsByte() & Vector256.Create((byte)15);
        var upper = Vector256.ShiftRightLogical(high, 2 * quarter).AsByte() & Vector256.Create((byte)3);
        return nibbles | Vector256.ShiftLeft(upper.AsUInt16(), 4).AsByte();
    }
}

/// <summary>Bits of blocks, a byte for each element.</summary>
internal static unsafe class BlockBits
{
    /// <summary>What the sixteen codes of IQ4_NL and IQ4_XS stand for.</summary>
    public static ReadOnlySpan<sbyte> Table => [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];

    /// <summary>Of 16 bytes: element i low, i + 16 high.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Nibbles(byte* quants)
    {
        var (both, mask) = (Vector128.Load(quants), Vector128.Create((byte)15));
        return Vector256.Create(both & mask, Vector128.ShiftRightLogical(both.AsUInt16(), 4).AsByte() & mask);
    }

    /// <summary>Of blocks of 256: 32 bytes have a part low and the next one high.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> PartNibbles(byte* quants, int part) =>
        Vector256.ShiftRightLogical(Vector256.Load(quants + part / 2 * 32).AsUInt16(), part % 2 * 4).AsByte() & Vector256.Create((byte)15);

    /// <summary>Of blocks of 256: 32 bytes have four parts, two bits each.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Pairs(byte* quants, int part) =>
        Vector256.ShiftRightLogical(Vector256.Load(quants + part / 4 * 32).AsUInt16(), part % 4 * 2).AsByte() & Vector256.Create((byte)3);

    /// <summary>16 for each element whose bit of 32 is set, else 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> FifthBits(byte* bits)
    {
        // Byte i of the mask words is bit i of the four bytes.
        var spread = Vector256.Create(Eight(bits[0]), Eight(bits[1]), Eight(bits[2]), Eight(bits[3])).AsByte();
        var each = Vector256.Create(0x8040201008040201ul).AsByte();
        return Vector256.Equals(spread & each, each) & Vector256.Create((byte)16);

        static ulong Eight(byte value) => value * 0x0101010101010101ul;
    }

    /// <summary>Signed bytes for places in the table.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> FromTable(Vector256<byte> places)
    {
        var table = Vector128.Create(Table).AsByte();
        return Vector256.Create(Vector128.Shuffle(table, places.GetLower()), Vector128.Shuffle(table, places.GetUpper()));
    }
}
