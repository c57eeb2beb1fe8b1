using System.Runtime.Intrinsics.X86;
using ActorInference.Gpu.Cpu.Quantized.Emitted;

namespace ActorInference.Gpu.Cpu.Quantized;

/// <summary>
/// x W^T for a quantized W: rows of x become bytes first, then every item is a few groups of eight outputs by a block of rows, cut
/// along the inputs so that a strip of weights stays in the first-level cache while all rows of the block pass it.
/// </summary>
internal sealed unsafe class QuantGemmWork : ComputeWork, IDisposable
{
    private const int MaxTileRows = QuantizedRows.SideRows;
    private const int MaxStreamedRows = 8;
    private const int MaxBlockRows = 192;
    private const int StripBytes = 12 << 10;
    private const int BlockedPanels = 2;
    private const int MaxStreamedPanels = 16;
    private const long SerialMultiplies = 200_000;

    private readonly KernelTable _kernels;
    private readonly int _threads;
    private readonly QuantizedRows _x = new();
    private readonly NativeBuffer[] _tiles;
    private readonly NativeBuffer[] _fromFile;

    private QuantizedMatrix _weights = null!;
    private byte* _packed;
    private QuantKernels _kernel;
    private delegate* unmanaged<EmittedTile*, void> _wide;
    private float* _bias;
    private float* _target;
    private nint _ldt;
    private int _rows;
    private int _blockRows;
    private int _itemPanels;
    private int _columnItems;
    private GemmEnd _end;

    public QuantGemmWork(KernelTable kernels, int threads)
    {
        (_kernels, _threads) = (kernels, threads);
        var floats = Math.Max(MaxBlockRows * BlockedPanels, MaxStreamedRows * MaxStreamedPanels) * kernels.PanelColumns;
        _tiles = new NativeBuffer[threads];
        _fromFile = new NativeBuffer[threads];
        for (var i = 0; i < threads; i++)
        {
            _tiles[i] = NativeBuffer.OfFloats(floats);
            _fromFile[i] = new NativeBuffer(StripBytes);
        }
    }

    /// <inheritdoc cref="GemmWork.Run"/>
    public void Run(ComputeThreads threads, float* x, nint ldx, int rows, QuantizedMatrix weights, float* bias, float* target, nint ldt, GemmEnd end)
    {
        if (rows == 0) return;
        _x.Set(threads, x, ldx, rows, weights.Inputs);
        (_rows, _weights, _ldt, _end) = (rows, weights, ldt, end);
        _kernel = Avx2.IsSupported ? QuantKernels.For<Avx2Bytes>(weights.Layout) : QuantKernels.For<PlainBytes>(weights.Layout);
        _packed = weights.Packed;
        // Two groups side by side have to be in memory; those from a file are packed one at a time.
        _wide = _kernels.Level == SimdLevel.Bits512 && _packed != null ? ByteProducts.For(weights.Layout) : null;
        _bias = bias;
        _target = target;
        var blocks = (rows + MaxBlockRows - 1) / MaxBlockRows;
        // Eights suit every tile height.
        _blockRows = ((rows + blocks - 1) / blocks + MaxStreamedRows - 1) / MaxStreamedRows * MaxStreamedRows;
        _itemPanels = rows <= MaxStreamedRows ? StreamedPanels(weights.Panels) : BlockedPanels;
        _columnItems = (weights.Panels + _itemPanels - 1) / _itemPanels;
        var items = _columnItems * ((rows + _blockRows - 1) / _blockRows);
        threads.Run(this, items, (long)rows * weights.Inputs * weights.Outputs >= SerialMultiplies);
    }

    public override void Execute(int item, int worker)
    {
        var firstPanel = item % _columnItems * _itemPanels;
        var panels = Math.Min(_itemPanels, _weights.Panels - firstPanel);
        var firstRow = item / _columnItems * _blockRows;
        var rows = Math.Min(_blockRows, _rows - firstRow);
        var c = _tiles[worker].Floats;
        nint ldc = panels * _kernels.PanelColumns;
        Multiply(firstPanel * _weights.GroupsPerPanel, panels * _weights.GroupsPerPanel, firstRow, rows, c, ldc, worker);
        _kernels.Finish(_end, c, ldc, rows, firstPanel * _kernels.PanelColumns, _bias, _target + firstRow * _ldt, _ldt);
    }

    public void Dispose()
    {
        _x.Dispose();
        foreach (var tile in _tiles) tile.Dispose();
        foreach (var strip in _fromFile) strip.Dispose();
    }

    /// <summary>Panels in an item when weights are streamed: several items a thread for balance, an even number for gate and up.</summary>
    private int StreamedPanels(int panels) => Math.Clamp(panels / (_threads * 6) / 2 * 2, 2, MaxStreamedPanels);

    private void Multiply(int firstGroup, int groups, int firstRow, int rows, float* c, nint ldc, int worker)
    {
        var unitBytes = _weights.Layout.UnitBytes();
        var blocksPerUnit = _weights.Layout.UnitInputs() / QuantLayouts.BlockInputs;
        var (side, passRows) = _wide == null ? (1, MaxTileRows) : (ByteProducts.Groups, ByteProducts.Rows);
        // One pass of tiles reads each packed weight once anyway.
        var strip = rows <= passRows && _packed != null ? _weights.Units : Math.Max(1, StripBytes / (side * unitBytes));
        var tile = new QuantTile { Stride = _x.Stride, Ldc = ldc };
        for (var unit = 0; unit < _weights.Units; unit += strip)
        {
            tile.Units = Math.Min(strip, _weights.Units - unit);
            tile.Accumulate = unit > 0;
            var block = unit * blocksPerUnit;
            for (var group = 0; group < groups; group += side)
            {
                var row = 0;
                if (_wide != null && rows > MaxTileRows) row = MultiplyWide(firstGroup + group, block, tile.Units, firstRow, rows, c + group * QuantLayouts.Lanes, ldc);
                for (var one = group; one < group + side && row < rows; one++)
                {
                    tile.Weights = Units(firstGroup + one, unit, tile.Units, worker);
                    MultiplyRows(ref tile, block, firstRow, row, rows, c + one * QuantLayouts.Lanes);
                }
            }
        }
    }

    /// <summary>Some units of eight outputs, for the rows from one on.</summary>
    private void MultiplyRows(ref QuantTile tile, int firstBlock, int firstRow, int row, int rows, float* c)
    {
        for (; row < rows; row += MaxTileRows)
        {
            var block = _x.BlockAt(firstRow + row, firstBlock);
            tile.X = _x.Bytes + block * QuantLayouts.BlockInputs;
            tile.Scales = _x.Scales + block;
            tile.Sums = _x.Sums + block;
            tile.Halves = _x.Halves + block;
            tile.C = c + row * tile.Ldc;
            fixed (QuantTile* at = &tile)
            {
                if (rows - row == 1) _kernel.One(at);
                else _kernel.Four(at);
            }
        }
    }

    /// <summary>Some units of sixteen outputs, eight rows at a time.</summary>
    /// <returns>The first row that is left: at most four are.</returns>
    private int MultiplyWide(int group, int firstBlock, int units, int firstRow, int rows, float* c, nint ldc)
    {
        var (layout, row) = (_weights.Layout, 0);
        var unit = firstBlock * QuantLayouts.BlockInputs / layout.UnitInputs();
        var tile = new EmittedTile
        {
            NextRowsBytes = (nint)_x.Blocks * MaxTileRows * sizeof(float),
            Weights = _packed + group * _weights.GroupBytes + (long)unit * layout.UnitBytes(),
            NextGroupBytes = (nint)_weights.GroupBytes,
            Blocks = units * layout.Parts(),
            RowBytes = ldc * sizeof(float),
            SignBits = 0x8080808080808080,
        };
        for (; rows - row > MaxTileRows; row += ByteProducts.Rows)
        {
            var block = _x.BlockAt(firstRow + row, firstBlock);
            tile.X = _x.Bytes + block * QuantLayouts.BlockInputs;
            tile.Scales = _x.Scales + block;
            tile.Starts = _x.Starts + block;
            tile.C = c + row * ldc;
            if (firstBlock == 0) Clear(tile.C, ldc);
            _wide(&tile);
        }

        return row;
    }

    private static void Clear(float* c, nint ldc)
    {
        for (var row = 0; row < ByteProducts.Rows; row++, c += ldc) new Span<float>(c, ByteProducts.Groups * QuantLayouts.Lanes).Clear();
    }

    /// <summary>Some units of eight outputs, packed for the moment if the matrix is still in its file.</summary>
    private byte* Units(int group, int first, int count, int worker)
    {
        if (_packed != null) return _packed + group * _weights.GroupBytes + (long)first * _weights.Layout.UnitBytes();
        var units = _fromFile[worker].Data;
        _weights.PackUnits(group, first, count, units);
        return units;
    }
}
