using ActorInference.Gpu.Cpu;
using ActorInference.Gpu.Cpu.Quantized;

namespace ActorInference.Gpu.Models;

/// <summary>Checks on all processors that tensors have no infinities and NaN, in pieces.</summary>
internal sealed unsafe class FiniteCheck(ITensorSource tensors)
{
    private const long PieceBytes = 1 << 20;

    private readonly List<Tensor> _tensors = [];
    private readonly List<(int Tensor, long FirstRow, long EndRow)> _pieces = [];
    private readonly Lock _report = new();
    private int _next;
    private int _firstBad;

    /// <summary>Takes note of a tensor, of which the part's rows are to be checked.</summary>
    public void Add(string name, ColumnPart part)
    {
        // Rows of a part keep together in the file, in whatever order.
        long first = part.Rows.FirstRow, end = first + part.Rows.Rows, step = Math.Max(1, PieceBytes / part.RowBytes);
        var tensor = new Tensor(name, part);
        for (; first < end; first += step, tensor.PiecesLeft++) _pieces.Add((_tensors.Count, first, Math.Min(end, first + step)));
        _tensors.Add(tensor);
    }

    /// <param name="done">Told of each tensor that is good, one at a time.</param>
    /// <exception cref="ModelFormatException">One is not: the first of them in the order in which they were added.</exception>
    public void Run(Action<TensorEntry> done)
    {
        (_next, _firstBad) = (0, int.MaxValue);
        Parallel.For(0, Math.Min(Environment.ProcessorCount, _pieces.Count), _ => Work(done));
        if (_firstBad < int.MaxValue) throw WeightCheck.NotFinite(tensors, _tensors[_firstBad].Name);
    }

    private void Work(Action<TensorEntry> done)
    {
        while (Volatile.Read(ref _firstBad) == int.MaxValue)
        {
            // Pieces are drawn in order and what is drawn is checked, so that all before a bad one are.
            var i = Interlocked.Increment(ref _next) - 1;
            if (i >= _pieces.Count) return;
            var (index, first, end) = _pieces[i];
            var tensor = _tensors[index];
            if (!IsFinite(tensor.Part, first, end - first)) MarkBad(index);
            else if (Interlocked.Decrement(ref tensor.PiecesLeft) == 0)
            {
                lock (_report) done(tensor.Part.View.Entry);
            }
        }
    }

    private void MarkBad(int index)
    {
        lock (_report) _firstBad = Math.Min(_firstBad, index);
    }

    private static bool IsFinite(ColumnPart part, long firstRow, long rows)
    {
        var data = part.View.Data + firstRow * part.RowBytes;
        var elements = rows * part.View.Entry.Shape[1];
        return part.Dtype.IsQuantized() ? BlockReader.AllFinite(part.Dtype, data, elements) : WeightReader.AllFinite(part.Dtype, data, elements);
    }

    private sealed class Tensor(string name, ColumnPart part)
    {
        public readonly string Name = name;
        public readonly ColumnPart Part = part;
        public int PiecesLeft;
    }
}
