using ActorInference.Gpu.Models;

namespace ActorInference.Gpu.Cpu;

/// <summary>
/// A weight matrix <c>[outputs, inputs]</c> in the order that kernels read it: panels of neighbouring outputs,
/// <c>[panel][input][column]</c>, in the weights' own type. Columns past the last output are zero.
/// </summary>
/// <remarks>
/// A 16-bit row of a panel keeps column j and column j + half in one 32-bit word, low and high: a shift or a mask
/// then widens a whole vector, where neighbouring columns would need a shuffle too.
/// </remarks>
internal sealed unsafe class PackedMatrix : IDisposable
{
    private readonly NativeBuffer _buffer;

    public PackedMatrix(int outputs, int inputs, int panelColumns, WeightDtype dtype)
    {
        (Outputs, Inputs, PanelColumns, Dtype) = (outputs, inputs, panelColumns, dtype);
        Panels = (outputs + panelColumns - 1) / panelColumns;
        _buffer = new NativeBuffer(Panels * PanelBytes);
    }

    public int Outputs { get; }

    public int Inputs { get; }

    public int PanelColumns { get; }

    public int Panels { get; }

    public WeightDtype Dtype { get; }

    public long PanelBytes => (long)Inputs * RowBytes;

    /// <summary>Bytes of one input's row of a panel.</summary>
    public int RowBytes => PanelColumns * Dtype.SizeBytes();

    public long LengthBytes => _buffer.LengthBytes;

    public byte* Panel(int panel) => _buffer.Data + panel * PanelBytes;

    /// <summary>Where, within a panel's row, a column's element is.</summary>
    public static int ElementIndex(WeightDtype dtype, int column, int panelColumns)
    {
        if (dtype == WeightDtype.F32) return column;
        var half = panelColumns / 2;
        return 2 * (column % half) + column / half;
    }

    /// <summary>Reads one output's weights, widened: a row of a tied embedding table.</summary>
    /// <param name="target">Shape <c>[inputs]</c>.</param>
    public void CopyOutput(int output, float* target)
    {
        var first = Panel(output / PanelColumns);
        var element = ElementIndex(Dtype, output % PanelColumns, PanelColumns);
        for (var i = 0; i < Inputs; i++)
            target[i] = WeightReader.Widen(Dtype, first + (long)i * RowBytes, element);
    }

    public void Dispose() => _buffer.Dispose();
}
