namespace ActorInference.Gpu.Cpu;

/// <summary>One thread's memory for attention: a tile of queries with their scores and outputs, a block of keys and values.</summary>
internal sealed unsafe class AttentionScratch : IDisposable
{
    private const int BlockKeys = AttentionWork.BlockKeys;

    private readonly NativeBuffer _queries;
    private readonly NativeBuffer _scores;
    private readonly NativeBuffer _outputs;
    private readonly NativeBuffer _statistics;
    private readonly NativeBuffer _keys;
    private readonly NativeBuffer _values;
    private readonly NativeBuffer _rows;
    private readonly int _maxRows;
    private readonly int _headDim;
    private readonly int _panelColumns;

    public AttentionScratch(int maxRows, int headDim, int panelColumns)
    {
        (_maxRows, _headDim, _panelColumns) = (maxRows, headDim, panelColumns);
        OutputColumns = (headDim + panelColumns - 1) / panelColumns * panelColumns;
        _queries = NativeBuffer.OfFloats((long)maxRows * headDim);
        _scores = NativeBuffer.OfFloats((long)maxRows * BlockKeys);
        _outputs = NativeBuffer.OfFloats((long)maxRows * OutputColumns);
        _statistics = NativeBuffer.OfFloats(2L * maxRows);
        _keys = NativeBuffer.OfFloats((long)BlockKeys * headDim);
        _values = NativeBuffer.OfFloats((long)BlockKeys * OutputColumns);
        _rows = NativeBuffer.OfFloats(2L * BlockKeys * headDim);
    }

    /// <summary>Shape <c>[rows, headDim]</c>.</summary>
    public float* Queries => _queries.Floats;

    /// <summary>Shape <c>[rows, BlockKeys]</c>.</summary>
    public float* Scores => _scores.Floats;

    /// <summary>Shape <c>[rows, OutputColumns]</c>.</summary>
    public float* Outputs => _outputs.Floats;

    /// <summary>Head dimension, rounded up to whole panels.</summary>
    public int OutputColumns { get; }

    /// <summary>Largest score of each row so far.</summary>
    public float* Largest => _statistics.Floats;

    /// <summary>Sum of each row's weights so far.</summary>
    public float* Sums => _statistics.Floats + _maxRows;

    /// <summary>Keys on their way into panels. Shape <c>[BlockKeys, headDim]</c>.</summary>
    public float* KeyRows => _rows.Floats;

    /// <summary>Values on their way. Shape <c>[BlockKeys, headDim]</c>.</summary>
    public float* ValueRows => _rows.Floats + BlockKeys * _headDim;

    /// <summary>Keys, transposed. Shape <c>[panel][headDim][column]</c>.</summary>
    public byte* KeyPanels => _keys.Data;

    public nint KeyPanelBytes => (nint)_headDim * _panelColumns * sizeof(float);

    /// <summary>Values. Shape <c>[panel][BlockKeys][column]</c>.</summary>
    public byte* ValuePanels => _values.Data;

    public nint ValuePanelBytes => (nint)BlockKeys * _panelColumns * sizeof(float);

    /// <summary>Starts the sums of so many rows.</summary>
    public void Reset(int rows)
    {
        new Span<float>(Outputs, rows * OutputColumns).Clear();
        new Span<float>(Sums, rows).Clear();
        new Span<float>(Largest, rows).Fill(float.NegativeInfinity);
    }

    /// <summary>Takes neighbouring keys and values of the block.</summary>
    /// <param name="keys">The first key; the next ones follow at the stride.</param>
    /// <param name="index">The first one's number in the block, a multiple of eight.</param>
    public void Pack(KernelTable kernels, float* keys, float* values, nint stride, int index, int count)
    {
        kernels.SpreadOverPanels(values, stride, count, _headDim, _values.Floats + (nint)index * _panelColumns, (nint)BlockKeys * _panelColumns);
        for (; count > 0; count -= Transpose.Rows, index += Transpose.Rows, keys += Transpose.Rows * stride)
        {
            var target = _keys.Floats + (nint)(index / _panelColumns) * _headDim * _panelColumns + index % _panelColumns;
            Transpose.EightRows(keys, stride, Math.Min(count, Transpose.Rows), _headDim, target, _panelColumns);
        }
    }

    public void Dispose()
    {
        _queries.Dispose();
        _scores.Dispose();
        _outputs.Dispose();
        _statistics.Dispose();
        _keys.Dispose();
        _values.Dispose();
        _rows.Dispose();
    }
}
