using ActorInference.Gpu.Cpu.Quantized;
using ActorInference.Gpu.Models;

namespace ActorInference.Gpu.Cpu;

/// <summary>
/// A weight matrix <c>[outputs, inputs]</c> in the order that kernels read it, in panels of neighbouring outputs. Columns
/// past the last output are zero.
/// </summary>
/// <remarks>Until it is packed, kernels have what they read packed for them from the file, a strip at a time: the results are the same.</remarks>
internal abstract unsafe class WeightMatrix(int outputs, int inputs, int panelColumns, WeightDtype dtype, MatrixSource? source) : IPackable, IDisposable
{
    private nint _packed;
    private NativeBuffer? _own;

    public int Outputs { get; } = outputs;

    public int Inputs { get; } = inputs;

    public int PanelColumns { get; } = panelColumns;

    public int Panels { get; } = (outputs + panelColumns - 1) / panelColumns;

    public WeightDtype Dtype { get; } = dtype;

    /// <summary>Bytes of one panel, packed.</summary>
    public abstract long PanelBytes { get; }

    /// <summary>Memory that it takes, packed.</summary>
    public long LengthBytes => Panels * PanelBytes;

    /// <summary>All panels; null while the weights are in their file.</summary>
    public byte* Packed => (byte*)Volatile.Read(ref _packed);

    int IPackable.PackedParts => Panels;

    long IPackable.PackedPartBytes => PanelBytes;

    protected MatrixSource Source => source ?? throw new InvalidOperationException("The matrix has not been packed, and has nothing to be packed from.");

    /// <param name="source">Where its columns are until it is packed.</param>
    public static WeightMatrix Create(int outputs, int inputs, int panelColumns, WeightDtype dtype, MatrixSource? source = null) =>
        dtype.IsQuantized()
            ? new QuantizedMatrix(outputs, inputs, panelColumns, dtype, source)
            : new PackedMatrix(outputs, inputs, panelColumns, dtype, source);

    /// <summary>Packs all of it into memory of its own.</summary>
    /// <param name="columns">One for each column of each panel. Types are the matrix's, or the matrix is F32.</param>
    public void Pack(OutputSource[] columns)
    {
        _own = new NativeBuffer(LengthBytes);
        var memory = (nint)_own.Data;
        Parallel.For(0, Panels, panel => PackPanel(columns.AsSpan(panel * PanelColumns, PanelColumns), (byte*)memory + panel * PanelBytes));
        Settle(_own.Data);
    }

    public void PackPart(int part, byte* target)
    {
        Span<OutputSource> columns = stackalloc OutputSource[PanelColumns];
        Source.Find(part * PanelColumns, columns);
        PackPanel(columns, target);
    }

    public void Settle(byte* memory)
    {
        Volatile.Write(ref _packed, (nint)memory);
        source?.DropPages();
    }

    /// <summary>Reads one output's weights, widened: a row of a tied embedding table.</summary>
    /// <param name="target">Shape <c>[inputs]</c>.</param>
    public void CopyOutput(int output, float* target)
    {
        if (Packed != null)
        {
            CopyPacked(output, target);
            return;
        }

        Span<OutputSource> row = stackalloc OutputSource[1];
        Source.Find(output, row);
        WeightReader.WidenRow(row[0].Dtype, row[0].Row, Inputs, target);
    }

    public void Dispose() => _own?.Dispose();

    protected abstract void PackPanel(ReadOnlySpan<OutputSource> columns, byte* target);

    protected abstract void CopyPacked(int output, float* target);
}
