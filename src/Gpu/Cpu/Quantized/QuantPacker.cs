using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using ActorInference.Gpu.Models;

namespace ActorInference.Gpu.Cpu.Quantized;

/// <summary>Packs eight rows of blocks at once: the same bytes as <see cref="QuantLayouts.Pack"/> lane by lane, many times faster.</summary>
/// <remarks>SAFETY: every row has as many blocks as there are units, and the target as many units.</remarks>
internal static unsafe class QuantPacker
{
    private const int Lanes = QuantLayouts.Lanes;
    private const int ByteBlock = Lanes * QuantLayouts.BlockInputs;

    public static bool IsSupported => Avx2.IsSupported;

    /// <param name="sources">Eight rows.</param>
    /// <param name="target">Units of eight outputs, overwritten.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Pack(WeightDtype dtype, ReadOnlySpan<OutputSource> sources, int units, byte* target)
    {
        var (blockBytes, unitBytes) = (dtype.BlockBytes(), QuantLayouts.Of(dtype).UnitBytes());
        var blocks = stackalloc byte*[Lanes];
        for (var lane = 0; lane < Lanes; lane++) blocks[lane] = sources[lane].Row;
        for (var unit = 0; unit < units; unit++, target += unitBytes)
        {
            switch (dtype)
            {
                case WeightDtype.Q8_0: Q8(blocks, target); break;
                case WeightDtype.Q5_0: Q5(blocks, target); break;
                case WeightDtype.Q4_0: Q4(blocks, target); break;
                case WeightDtype.Q4_K: Q4K(blocks, target); break;
                default: Q6K(blocks, target); break;
            }

            for (var lane = 0; lane < Lanes; lane++) blocks[lane] += blockBytes;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Q8(byte** blocks, byte* unit)
    {
        Halves(blocks, 0, unit);
        PanelTranspose.Turn(At(blocks, 0), At(blocks, 1), At(blocks, 2), At(blocks, 3), At(blocks, 4), At(blocks, 5), At(blocks, 6), At(blocks, 7), unit + 2 * Lanes, 32);

        static Vector256<int> At(byte** blocks, int lane) => Vector256.Load((int*)(blocks[lane] + 2));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Q5(byte** blocks, byte* unit)
    {
        Halves(blocks, 0, unit);
        PanelTranspose.Turn(Fives(blocks[0]), Fives(blocks[1]), Fives(blocks[2]), Fives(blocks[3]),
            Fives(blocks[4]), Fives(blocks[5]), Fives(blocks[6]), Fives(blocks[7]), unit + 2 * Lanes, 32);
    }

    /// <summary>A block of a file has its nibbles as a lane has them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Q4(byte** blocks, byte* unit)
    {
        Halves(blocks, 0, unit);
        TurnHalf(At(blocks, 0), At(blocks, 1), At(blocks, 2), At(blocks, 3), unit + 2 * Lanes);

        static Vector256<int> At(byte** blocks, int lane) =>
            Vector256.Create(Vector128.Load((int*)(blocks[lane] + 2)), Vector128.Load((int*)(blocks[lane + 4] + 2)));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Q4K(byte** blocks, byte* unit)
    {
        const int subBytes = 2 * Lanes + ByteBlock / 2;
        Halves(blocks, 0, unit);
        Halves(blocks, 2, unit + 2 * Lanes);
        unit += 4 * Lanes;
        for (var sub = 0; sub < 8; sub++, unit += subBytes)
        {
            for (var lane = 0; lane < Lanes; lane++) (unit[lane], unit[Lanes + lane]) = BlockReader.SubScales(blocks[lane], sub);
            var (offset, shift) = (16 + sub / 2 * 32, sub % 2 * 4);
            TurnHalf(Sub(blocks, 0, offset, shift), Sub(blocks, 1, offset, shift), Sub(blocks, 2, offset, shift), Sub(blocks, 3, offset, shift), unit + 2 * Lanes);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Q6K(byte** blocks, byte* unit)
    {
        const int subBytes = 2 * Lanes + ByteBlock;
        Halves(blocks, 208, unit);
        unit += 2 * Lanes;
        for (var sub = 0; sub < 8; sub++, unit += subBytes)
        {
            for (var lane = 0; lane < Lanes; lane++)
                (unit[lane], unit[Lanes + lane]) = ((byte)BlockReader.Scales16(blocks[lane])[2 * sub], (byte)BlockReader.Scales16(blocks[lane])[2 * sub + 1]);
            PanelTranspose.Turn(Sixes(blocks[0], sub), Sixes(blocks[1], sub), Sixes(blocks[2], sub), Sixes(blocks[3], sub),
                Sixes(blocks[4], sub), Sixes(blocks[5], sub), Sixes(blocks[6], sub), Sixes(blocks[7], sub), unit + 2 * Lanes, 32);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Halves(byte** blocks, int offset, byte* target)
    {
        for (var lane = 0; lane < Lanes; lane++) Unsafe.WriteUnaligned(target + 2 * lane, Unsafe.ReadUnaligned<ushort>(blocks[lane] + offset));
    }

    /// <summary>Lanes 0 to 3 in the lower halves, 4 to 7 in the upper; word i of each becomes vector i.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void TurnHalf(Vector256<int> r0, Vector256<int> r1, Vector256<int> r2, Vector256<int> r3, byte* target)
    {
        PanelTranspose.Quads(r0, r1, r2, r3, out var c0, out var c1, out var c2, out var c3);
        c0.Store((int*)target);
        c1.Store((int*)(target + 32));
        c2.Store((int*)(target + 64));
        c3.Store((int*)(target + 96));
    }

    /// <summary>32 elements of a Q5_0 block as signed bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Fives(byte* block)
    {
        var both = Vector128.Load(block + 6);
        var low = Vector256.Create(both & Vector128.Create((byte)15), Vector128.ShiftRightLogical(both.AsUInt16(), 4).AsByte() & Vector128.Create((byte)15));
        // Byte i of the mask words is bit i of the four bytes of fifth bits.
        var spread = Avx2.Shuffle(Vector256.Create(Unsafe.ReadUnaligned<uint>(block + 2)).AsByte(), Vector256.Create(
            (byte)0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3));
        var bits = Vector256.Create(0x8040201008040201ul).AsByte();
        var fifth = Vector256.Equals(spread & bits, bits) & Vector256.Create((byte)16);
        return ((low | fifth) - Vector256.Create((byte)16)).AsInt32();
    }

    /// <summary>A sub-block's nibbles of two lanes, element i low and i + 16 high.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Sub(byte** blocks, int lane, int offset, int shift) =>
        Vector256.Create(SubNibbles(blocks[lane] + offset, shift), SubNibbles(blocks[lane + 4] + offset, shift)).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> SubNibbles(byte* quants, int shift)
    {
        var mask = Vector128.Create((byte)15);
        var low = Vector128.ShiftRightLogical(Vector128.Load(quants).AsUInt16(), shift).AsByte() & mask;
        var high = Vector128.ShiftRightLogical(Vector128.Load(quants + 16).AsUInt16(), shift).AsByte() & mask;
        return low | Vector128.ShiftLeft(high.AsUInt16(), 4).AsByte();
    }

    /// <summary>32 elements of a Q6_K block, as <see cref="BlockReader.Integers256"/> has them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Sixes(byte* block, int sub)
    {
        var (half, quarter) = (sub / 4, sub % 4);
        var low = Vector256.Load(block + 64 * half + quarter % 2 * 32).AsUInt16();
        var high = Vector256.Load(block + 128 + 32 * half).AsUInt16();
        var nibbles = Vector256.ShiftRightLogical(low, quarter / 2 * 4).AsByte() & Vector256.Create((byte)15);
        var upper = Vector256.ShiftRightLogical(high, 2 * quarter).AsByte() & Vector256.Create((byte)3);
        return ((nibbles | Vector256.ShiftLeft(upper.AsUInt16(), 4).AsByte()) - Vector256.Create((byte)32)).AsInt32();
    }
}
