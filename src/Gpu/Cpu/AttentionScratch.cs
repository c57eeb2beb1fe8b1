using ActorInference.Actors.Kv;

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
    private readonly KernelTable _kernels;
    private readonly KvRowKernel _widen;
    private readonly KvRowKernel _spread;
    private readonly bool _isFloat;
    private readonly int _maxRows;
    private readonly int _headDim;
    private readonly int _panelColumns;

    /// <param name="maxRows">Queries of a tile.</param>
    /// <param name="dtype">Of keys and values in pages.</param>
    public AttentionScratch(KernelTable kernels, KvDtype dtype, int maxRows, int headDim)
    {
        (_kernels, _maxRows, _headDim, _panelColumns) = (kernels, maxRows, headDim, kernels.PanelColumns);
        _widen = kernels.WidenRows[(int)dtype];
        _spread = kernels.SpreadRows[(int)dtype];
        _isFloat = dtype == KvDtype.F32;
        OutputColumns = (headDim + _panelColumns - 1) / _panelColumns * _panelColumns;
        _queries = NativeBuffer.OfFloats((long)maxRows * headDim);
        _scores = NativeBuffer.OfFloats((long)maxRows * BlockKeys);
        _outputs = NativeBuffer.OfFloats(2L * maxRows * OutputColumns);
        _statistics = NativeBuffer.OfFloats(4L * maxRows);
        _keys = NativeBuffer.OfFloats((long)BlockKeys * headDim);
        _values = NativeBuffer.OfFloats((long)BlockKeys * OutputColumns);
        _rows = NativeBuffer.OfFloats((long)Transpose.Rows * headDim);
    }

    /// <summary>Shape <c>[rows, headDim]</c>.</summary>
    public float* Queries => _queries.Floats;

    /// <summary>Shape <c>[rows, BlockKeys]</c>.</summary>
    public float* Scores => _scores.Floats;

    /// <summary>Of the part of the keys that is being summed. Shape <c>[rows, OutputColumns]</c>.</summary>
    public float* Outputs => _outputs.Floats;

    /// <summary>Of the parts before it. Shape <c>[rows, OutputColumns]</c>.</summary>
    public float* Totals => _outputs.Floats + (nint)_maxRows * OutputColumns;

    /// <summary>Head dimension, rounded up to whole panels.</summary>
    public int OutputColumns { get; }

    /// <summary>Largest score of each row in this part so far.</summary>
    public float* Largest => _statistics.Floats;

    /// <summary>Sum of each row's weights in this part so far.</summary>
    public float* Sums => _statistics.Floats + _maxRows;

    /// <summary>Largest score of each row in the parts before.</summary>
    public float* TotalLargest => _statistics.Floats + 2 * _maxRows;

    /// <summary>Sum of each row's weights in the parts before.</summary>
    public float* TotalSums => _statistics.Floats + 3 * _maxRows;

    /// <summary>Keys, transposed. Shape <c>[panel][headDim][column]</c>.</summary>
    public byte* KeyPanels => _keys.Data;

    public nint KeyPanelBytes => (nint)_headDim * _panelColumns * sizeof(float);

    /// <summary>Values. Shape <c>[panel][BlockKeys][column]</c>.</summary>
    public byte* ValuePanels => _values.Data;

    public nint ValuePanelBytes => (nint)BlockKeys * _panelColumns * sizeof(float);

    /// <summary>Starts a part's sums of so many rows.</summary>
    public void ResetPart(int firstRow, int rows)
    {
        new Span<float>(Outputs + (nint)firstRow * OutputColumns, rows * OutputColumns).Clear();
        new Span<float>(Sums + firstRow, rows).Clear();
        new Span<float>(Largest + firstRow, rows).Fill(float.NegativeInfinity);
    }

    /// <summary>Starts the totals of so many rows.</summary>
    public void ResetTotals(int rows)
    {
        new Span<float>(Totals, rows * OutputColumns).Clear();
        new Span<float>(TotalSums, rows).Clear();
        new Span<float>(TotalLargest, rows).Fill(float.NegativeInfinity);
    }

    /// <summary>Adds a part to the totals, and starts the next one.</summary>
    public void EndPart(int firstRow, int rows)
    {
        for (var row = firstRow; row < firstRow + rows; row++)
            Join(row, Largest[row], Sums[row], Outputs + (nint)row * OutputColumns);
        ResetPart(firstRow, rows);
    }

    /// <summary>Adds a part of one row's keys to its total.</summary>
    public void Join(int row, float largest, float sum, float* output) =>
        _kernels.SoftmaxJoin(largest, sum, output, TotalLargest + row, TotalSums + row, Totals + (nint)row * OutputColumns, OutputColumns);

    /// <summary>Takes neighbouring keys into panels, and asks the memory for those of the next block.</summary>
    /// <param name="first">The first one's position.</param>
    /// <param name="end">No key from here on will be wanted.</param>
    /// <param name="index">The first one's number in the block, a multiple of eight.</param>
    public void PackKeys(in HeadRows source, int first, int count, int end, int index)
    {
        for (var done = 0; done < count; done += Transpose.Rows)
        {
            var position = first + done;
            var rows = Math.Min(Transpose.Rows, count - done);
            source.Prefetch(position + BlockKeys, Math.Min(rows, end - position - BlockKeys), values: false);
            var keys = KeyRows(source, position, rows, out var stride);
            var column = index + done;
            var target = _keys.Floats + (nint)(column / _panelColumns) * _headDim * _panelColumns + column % _panelColumns;
            Transpose.EightRows(keys, stride, rows, _headDim, target, _panelColumns);
        }
    }

    /// <summary>Takes neighbouring values into panels, and asks the memory for those of the next block.</summary>
    /// <inheritdoc cref="PackKeys"/>
    public void PackValues(in HeadRows source, int first, int count, int end, int index)
    {
        for (var done = 0; done < count;)
        {
            var position = first + done;
            var rows = source.Run(position, Math.Min(Transpose.Rows, count - done));
            source.Prefetch(position + BlockKeys, Math.Min(rows, end - position - BlockKeys), values: true);
            _spread(source.Value(position), source.RowBytes, rows, _headDim, _values.Floats + (nint)(index + done) * _panelColumns, (nint)BlockKeys * _panelColumns);
            done += rows;
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

    /// <summary>Up to eight keys as floats: where they are, or widened, or gathered from small pages.</summary>
    private float* KeyRows(in HeadRows source, int position, int count, out nint stride)
    {
        var run = source.Run(position, count);
        if (_isFloat && run == count)
        {
            stride = source.RowBytes / sizeof(float);
            return (float*)source.Key(position);
        }

        for (var done = 0; done < count; done += run)
        {
            run = source.Run(position + done, count - done);
            _widen(source.Key(position + done), source.RowBytes, run, _headDim, _rows.Floats + (nint)done * _headDim, _headDim);
        }

        stride = _headDim;
        return _rows.Floats;
    }
}
