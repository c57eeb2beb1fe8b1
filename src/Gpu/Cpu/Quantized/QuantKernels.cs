global using unsafe QuantKernel = delegate*<ActorInference.Gpu.Cpu.Quantized.QuantTile*, void>;

using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace ActorInference.Gpu.Cpu.Quantized;

/// <summary>Some rows times some units of eight outputs.</summary>
internal unsafe struct QuantTile
{
    /// <summary>First activation. Rows are <see cref="RowBytes"/> apart.</summary>
    public sbyte* X;

    /// <summary>First scale. Rows are <see cref="RowBlocks"/> apart, as are those of <see cref="Sums"/>.</summary>
    public float* Scales;

    public float* Sums;

    public nint RowBytes;

    public nint RowBlocks;

    /// <summary>1 to 4.</summary>
    public int Rows;

    /// <summary>First unit of the weights.</summary>
    public byte* Weights;

    public int Units;

    /// <summary>Shape <c>[rows, ldc]</c>, of which eight columns are written.</summary>
    public float* C;

    public nint Ldc;

    /// <summary>Whether to go on from what is in <see cref="C"/>.</summary>
    public bool Accumulate;
}

/// <summary>
/// The innermost loops of products with quantized weights. Integers are summed exactly within a block; a block's sum is
/// scaled and added to the output, block after block. So a row's result depends neither on the rows around it nor on how
/// the inputs are cut.
/// </summary>
/// <remarks>SAFETY: the tile's pointers cover its rows, units and eight columns. Rows beyond the last alias it.</remarks>
internal static unsafe class QuantKernels<D>
    where D : struct, IQuantDot
{
    private const int Lanes = QuantLayouts.Lanes;
    private const int Block = QuantLayouts.BlockInputs;

    public static QuantKernel For(QuantLayout layout) => layout switch
    {
        QuantLayout.Bytes32 => &Bytes32,
        QuantLayout.Nibbles32 => &Nibbles32,
        QuantLayout.Nibbles256 => &Nibbles256,
        _ => &Bytes256,
    };

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Bytes32(QuantTile* tile)
    {
        var rows = new Rows(tile);
        var sums = new Accumulators(tile, rows);
        var w = tile->Weights;
        for (nint unit = 0; unit < tile->Units; unit++, w += 2 * Lanes + Block * Lanes, rows.Advance())
        {
            var scale = Halves(w);
            if (tile->Rows == 1)
            {
                sums.Add0(D.Bytes(w + 2 * Lanes, rows.X0), scale, rows.S0[0]);
                continue;
            }

            D.Bytes4(w + 2 * Lanes, rows.X0, rows.X1, rows.X2, rows.X3, out var y0, out var y1, out var y2, out var y3);
            sums.Add(y0, y1, y2, y3, scale, rows);
        }

        sums.Store(tile, rows);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Nibbles32(QuantTile* tile)
    {
        var rows = new Rows(tile);
        var sums = new Accumulators(tile, rows);
        var w = tile->Weights;
        for (nint unit = 0; unit < tile->Units; unit++, w += 2 * Lanes + Block * Lanes / 2)
        {
            var scale = Halves(w);
            NibbleBlock(w + 2 * Lanes, scale, scale * Vector256.Create(8f), tile->Rows, ref rows, ref sums);
        }

        sums.Store(tile, rows);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Nibbles256(QuantTile* tile)
    {
        var rows = new Rows(tile);
        var sums = new Accumulators(tile, rows);
        var w = tile->Weights;
        for (nint unit = 0; unit < tile->Units; unit++)
        {
            Vector256<float> scales = Halves(w), offsets = Halves(w + 2 * Lanes);
            w += 4 * Lanes;
            for (var sub = 0; sub < 8; sub++, w += 2 * Lanes + Block * Lanes / 2)
                NibbleBlock(w + 2 * Lanes, scales * Unsigned(w), offsets * Unsigned(w + Lanes), tile->Rows, ref rows, ref sums);
        }

        sums.Store(tile, rows);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Bytes256(QuantTile* tile)
    {
        var rows = new Rows(tile);
        var sums = new Accumulators(tile, rows);
        var w = tile->Weights;
        for (nint unit = 0; unit < tile->Units; unit++)
        {
            var scales = Halves(w);
            w += 2 * Lanes;
            for (var sub = 0; sub < 8; sub++, w += 2 * Lanes + Block * Lanes, rows.Advance())
            {
                Vector256<float> first = scales * Signed(w), second = scales * Signed(w + Lanes);
                byte* half0 = w + 2 * Lanes, half1 = half0 + Block * Lanes / 2;
                sums.Add0(D.HalfBytes(half0, rows.X0), first, rows.S0[0]);
                sums.Add0(D.HalfBytes(half1, rows.X0 + 16), second, rows.S0[0]);
                if (tile->Rows == 1) continue;
                sums.Add1(D.HalfBytes(half0, rows.X1), first, rows.S1[0]);
                sums.Add1(D.HalfBytes(half1, rows.X1 + 16), second, rows.S1[0]);
                sums.Add2(D.HalfBytes(half0, rows.X2), first, rows.S2[0]);
                sums.Add2(D.HalfBytes(half1, rows.X2 + 16), second, rows.S2[0]);
                sums.Add3(D.HalfBytes(half0, rows.X3), first, rows.S3[0]);
                sums.Add3(D.HalfBytes(half1, rows.X3 + 16), second, rows.S3[0]);
            }
        }

        sums.Store(tile, rows);
    }

    /// <summary>One block of nibbles q for all rows: scale * q - offset.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void NibbleBlock(byte* nibbles, Vector256<float> scale, Vector256<float> offset, int count, ref Rows rows, ref Accumulators sums)
    {
        if (count == 1)
        {
            sums.Add0(D.Nibbles(nibbles, rows.X0), scale, rows.S0[0]);
        }
        else
        {
            D.Nibbles4(nibbles, rows.X0, rows.X1, rows.X2, rows.X3, out var y0, out var y1, out var y2, out var y3);
            sums.Add(y0, y1, y2, y3, scale, rows);
        }

        sums.Subtract(offset, count, rows);
        rows.Advance();
    }

    /// <summary>Eight F16 numbers, none infinite, as floats: by a move of their bits and a factor for the exponent.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Halves(byte* halves)
    {
        var bits = Vector256.Create(
            Vector128.WidenLower(Vector128.Load((short*)halves)), Vector128.WidenUpper(Vector128.Load((short*)halves)));
        return (Vector256.ShiftLeft(bits, 13) & Vector256.Create(HalfFormat.SingleMask)).AsSingle() * Vector256.Create(HalfFormat.BiasDifference);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Unsigned(byte* bytes)
    {
        var shorts = Vector128.WidenLower(Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<ulong>(bytes)).AsByte());
        return Vector256.ConvertToSingle(Vector256.Create(Vector128.WidenLower(shorts).AsInt32(), Vector128.WidenUpper(shorts).AsInt32()));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Signed(byte* bytes)
    {
        var shorts = Vector128.WidenLower(Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<ulong>(bytes)).AsSByte());
        return Vector256.ConvertToSingle(Vector256.Create(Vector128.WidenLower(shorts), Vector128.WidenUpper(shorts)));
    }

    /// <summary>Where each of four rows is.</summary>
    private struct Rows
    {
        public sbyte* X0, X1, X2, X3;
        public float* S0, S1, S2, S3;
        private readonly nint _sums;
        public readonly int R1, R2, R3;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Rows(QuantTile* tile)
        {
            (R1, R2, R3) = (Math.Min(1, tile->Rows - 1), Math.Min(2, tile->Rows - 1), Math.Min(3, tile->Rows - 1));
            X0 = tile->X;
            X1 = X0 + R1 * tile->RowBytes;
            X2 = X0 + R2 * tile->RowBytes;
            X3 = X0 + R3 * tile->RowBytes;
            S0 = tile->Scales;
            S1 = S0 + R1 * tile->RowBlocks;
            S2 = S0 + R2 * tile->RowBlocks;
            S3 = S0 + R3 * tile->RowBlocks;
            _sums = (nint)(tile->Sums - tile->Scales);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly float Sum(float* scale) => scale[_sums];

        /// <summary>To the next block.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Advance()
        {
            X0 += Block;
            X1 += Block;
            X2 += Block;
            X3 += Block;
            S0++;
            S1++;
            S2++;
            S3++;
        }
    }

    /// <summary>The outputs of four rows while they are added up.</summary>
    private struct Accumulators
    {
        private Vector256<float> _c0, _c1, _c2, _c3;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Accumulators(QuantTile* tile, in Rows rows)
        {
            if (!tile->Accumulate) return;
            _c0 = Vector256.Load(tile->C);
            _c1 = Vector256.Load(tile->C + rows.R1 * tile->Ldc);
            _c2 = Vector256.Load(tile->C + rows.R2 * tile->Ldc);
            _c3 = Vector256.Load(tile->C + rows.R3 * tile->Ldc);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Add0(Vector256<int> y, Vector256<float> scale, float x) => _c0 = Scaled(y, scale, x, _c0);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Add1(Vector256<int> y, Vector256<float> scale, float x) => _c1 = Scaled(y, scale, x, _c1);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Add2(Vector256<int> y, Vector256<float> scale, float x) => _c2 = Scaled(y, scale, x, _c2);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Add3(Vector256<int> y, Vector256<float> scale, float x) => _c3 = Scaled(y, scale, x, _c3);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Add(Vector256<int> y0, Vector256<int> y1, Vector256<int> y2, Vector256<int> y3, Vector256<float> scale, in Rows rows)
        {
            Add0(y0, scale, rows.S0[0]);
            Add1(y1, scale, rows.S1[0]);
            Add2(y2, scale, rows.S2[0]);
            Add3(y3, scale, rows.S3[0]);
        }

        /// <summary>Takes away what the weights' offset adds: it times the sum of the activations.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Subtract(Vector256<float> offset, int count, in Rows rows)
        {
            _c0 = Vector256.FusedMultiplyAdd(-offset, Vector256.Create(rows.Sum(rows.S0)), _c0);
            if (count == 1) return;
            _c1 = Vector256.FusedMultiplyAdd(-offset, Vector256.Create(rows.Sum(rows.S1)), _c1);
            _c2 = Vector256.FusedMultiplyAdd(-offset, Vector256.Create(rows.Sum(rows.S2)), _c2);
            _c3 = Vector256.FusedMultiplyAdd(-offset, Vector256.Create(rows.Sum(rows.S3)), _c3);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Store(QuantTile* tile, in Rows rows)
        {
            _c0.Store(tile->C);
            if (tile->Rows == 1) return;
            _c1.Store(tile->C + rows.R1 * tile->Ldc);
            _c2.Store(tile->C + rows.R2 * tile->Ldc);
            _c3.Store(tile->C + rows.R3 * tile->Ldc);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector256<float> Scaled(Vector256<int> y, Vector256<float> scale, float x, Vector256<float> c) =>
            Vector256.FusedMultiplyAdd(Vector256.ConvertToSingle(y), scale * Vector256.Create(x), c);
    }
}
