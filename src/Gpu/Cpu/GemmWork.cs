using ActorInference.Gpu.Models;

namespace ActorInference.Gpu.Cpu;

/// <summary>What becomes of a product's tiles.</summary>
internal enum GemmEnd
{
    /// <summary>target = x W^T + bias.</summary>
    Store,

    /// <summary>target += x W^T + bias.</summary>
    Add,

    /// <summary>target = silu(gate) * up, where the panels of W alternate between the two.</summary>
    SwiGlu,

    /// <summary>target = gelu(gate) * up, likewise.</summary>
    GeGlu,
}

/// <summary>
/// x W^T for a packed W, in items of a few panels by a block of rows. Few rows (decode) stream the weights once, widening
/// them in registers; many rows (prefill) are cut so that a strip of a panel stays in the first-level cache and
/// a block of x in the second, after Goto and van de Geijn (2008).
/// </summary>
internal sealed unsafe class GemmWork : ComputeWork, IDisposable
{
    /// <summary>More rows than these are worth widening a strip of a 16-bit panel into memory.</summary>
    private const int MaxStreamedRows = 8;

    private const int MaxBlockRows = 264;
    private const int StripBytes = 16 << 10;
    private const int BlockedGroupPanels = 4;
    private const int MaxStreamedGroupPanels = 32;
    private const long SerialMultiplies = 100_000;

    private readonly KernelTable _kernels;
    private readonly int _threads;
    private readonly int _stripInputs;
    private readonly NativeBuffer[] _tiles;
    private readonly NativeBuffer[] _strips;
    private readonly NativeBuffer[] _fromFile;

    private PackedMatrix _weights = null!;
    private byte* _packed;
    private float* _x;
    private float* _bias;
    private float* _target;
    private nint _ldx;
    private nint _ldt;
    private int _rows;
    private int _blockRows;
    private int _groups;
    private int _groupPanels;
    private GemmEnd _end;

    public GemmWork(KernelTable kernels, int threads)
    {
        _kernels = kernels;
        _threads = threads;
        _stripInputs = StripBytes / (kernels.PanelColumns * sizeof(float));
        _tiles = new NativeBuffer[threads];
        _strips = new NativeBuffer[threads];
        _fromFile = new NativeBuffer[threads];
        var tileRows = Math.Max(MaxBlockRows * BlockedGroupPanels, MaxStreamedRows * MaxStreamedGroupPanels);
        for (var i = 0; i < threads; i++)
        {
            _tiles[i] = NativeBuffer.OfFloats((long)tileRows * kernels.PanelColumns);
            _strips[i] = new NativeBuffer(StripBytes);
            _fromFile[i] = new NativeBuffer(StripBytes);
        }
    }

    /// <summary>Computes a product on the threads.</summary>
    /// <param name="x">Shape <c>[rows, ldx]</c>, of which W's inputs are read.</param>
    /// <param name="bias">Shape <c>[panels * columns]</c>, or null.</param>
    /// <param name="target">Shape <c>[rows, ldt]</c>; whole panels are written, half of them with a gate.</param>
    public void Run(ComputeThreads threads, float* x, nint ldx, int rows, PackedMatrix weights, float* bias, float* target, nint ldt, GemmEnd end)
    {
        if (rows == 0) return;
        (_ldx, _rows, _weights, _ldt, _end) = (ldx, rows, weights, ldt, end);
        _packed = weights.Packed;
        _x = x;
        _bias = bias;
        _target = target;
        var blocks = (rows + MaxBlockRows - 1) / MaxBlockRows;
        // A multiple of 12 suits every tile height.
        _blockRows = rows <= MaxStreamedRows ? rows : Math.Min(MaxBlockRows, ((rows + blocks - 1) / blocks + 11) / 12 * 12);
        _groupPanels = rows <= MaxStreamedRows ? StreamedGroup(weights.Panels) : BlockedGroupPanels;
        _groups = (weights.Panels + _groupPanels - 1) / _groupPanels;
        var items = _groups * ((rows + _blockRows - 1) / _blockRows);
        threads.Run(this, items, (long)rows * weights.Inputs * weights.Outputs >= SerialMultiplies);
    }

    public override void Execute(int item, int worker)
    {
        var firstPanel = item % _groups * _groupPanels;
        var panels = Math.Min(_groupPanels, _weights.Panels - firstPanel);
        var firstRow = item / _groups * _blockRows;
        var rows = Math.Min(_blockRows, _rows - firstRow);
        var tile = _tiles[worker].Floats;
        nint ldc = panels * _kernels.PanelColumns;
        var x = _x + firstRow * _ldx;
        if (_rows <= MaxStreamedRows) Stream(x, rows, firstPanel, panels, tile, ldc, worker);
        else Block(x, rows, firstPanel, panels, tile, ldc, worker);
        _kernels.Finish(_end, tile, ldc, rows, firstPanel * _kernels.PanelColumns, _bias, _target + firstRow * _ldt, _ldt);
    }

    public void Dispose()
    {
        foreach (var tile in _tiles) tile.Dispose();
        foreach (var strip in _strips) strip.Dispose();
        foreach (var strip in _fromFile) strip.Dispose();
    }

    /// <summary>Panels in an item when weights are streamed: several items a thread for balance, a multiple of 4 for the one-row kernel.</summary>
    private int StreamedGroup(int panels) => Math.Clamp(panels / (_threads * 6) / 4 * 4, 4, MaxStreamedGroupPanels);

    private void Stream(float* x, int rows, int firstPanel, int panels, float* c, nint ldc, int worker)
    {
        var tileRows = _kernels.NextTile(rows);
        if (tileRows == rows && _packed != null)
        {
            _kernels.Tile(_weights.Dtype, rows)(x, _ldx, rows, _packed + firstPanel * _weights.PanelBytes, (nint)_weights.PanelBytes, panels, _weights.Inputs, c, ldc, false);
            return;
        }

        // Strip by strip, so that later tiles find the weights in the cache.
        for (var panel = 0; panel < panels; panel++)
        {
            for (var k = 0; k < _weights.Inputs; k += _stripInputs)
            {
                var inputs = Math.Min(_stripInputs, _weights.Inputs - k);
                Tiles(_weights.Dtype, x + k, rows, Strip(firstPanel + panel, k, inputs, worker), inputs, c + panel * _kernels.PanelColumns, ldc, k > 0);
            }
        }
    }

    private void Block(float* x, int rows, int firstPanel, int panels, float* c, nint ldc, int worker)
    {
        for (var k = 0; k < _weights.Inputs; k += _stripInputs)
        {
            var inputs = Math.Min(_stripInputs, _weights.Inputs - k);
            for (var panel = 0; panel < panels; panel++)
            {
                var strip = WidenStrip(Strip(firstPanel + panel, k, inputs, worker), inputs, _strips[worker].Floats);
                Tiles(WeightDtype.F32, x + k, rows, strip, inputs, c + panel * _kernels.PanelColumns, ldc, k > 0);
            }
        }
    }

    /// <summary>Some inputs of a panel, packed for the moment if the matrix is still in its file.</summary>
    private byte* Strip(int panel, int first, int inputs, int worker)
    {
        if (_packed != null) return _packed + panel * _weights.PanelBytes + (long)first * _weights.RowBytes;
        var strip = _fromFile[worker].Data;
        _weights.PackStrip(panel, first, inputs, strip);
        return strip;
    }

    private byte* WidenStrip(byte* strip, int inputs, float* widened)
    {
        if (_weights.Dtype == WeightDtype.F32) return strip;
        if (_weights.Dtype == WeightDtype.F16) _kernels.WidenPanelF16(strip, inputs, widened);
        else _kernels.WidenPanelBF16(strip, inputs, widened);
        return (byte*)widened;
    }

    private void Tiles(WeightDtype dtype, float* x, int rows, byte* strip, nint inputs, float* c, nint ldc, bool accumulate)
    {
        for (var row = 0; row < rows;)
        {
            var tileRows = _kernels.NextTile(rows - row);
            _kernels.Tile(dtype, tileRows)(x + row * _ldx, _ldx, tileRows, strip, 0, 1, inputs, c + row * ldc, ldc, accumulate);
            row += tileRows;
        }
    }
}
