using ActorInference.Gpu.Models;

namespace ActorInference.Gpu.Cpu;

/// <summary>
/// A weight matrix of numbers that are each their own: <c>[panel][input][column]</c>, in the weights' own type.
/// </summary>
/// <remarks>
/// A 16-bit row of a panel keeps column j and column j + half in one 32-bit word, low and high: a shift or a mask
/// then widens a whole vector, where neighbouring columns would need a shuffle too.
/// </remarks>
internal sealed unsafe class PackedMatrix : WeightMatrix
{
    private readonly NativeBuffer _buffer;

    public PackedMatrix(int outputs, int inputs, int panelColumns, WeightDtype dtype)
        : base(outputs, inputs, panelColumns, dtype) =>
        _buffer = new NativeBuffer(Panels * PanelBytes);

    public long PanelBytes => (long)Inputs * RowBytes;

    /// <summary>Bytes of one input's row of a panel.</summary>
    public int RowBytes => PanelColumns * Dtype.SizeBytes();

    public override long LengthBytes => _buffer.LengthBytes;

    public byte* Panel(int panel) => _buffer.Data + panel * PanelBytes;

    /// <summary>Where, within a panel's row, a column's element is.</summary>
    public static int ElementIndex(WeightDtype dtype, int column, int panelColumns)
    {
        if (dtype == WeightDtype.F32) return column;
        var half = panelColumns / 2;
        return 2 * (column % half) + column / half;
    }

    public override bool Pack(OutputSource[] sources) => PanelPacker.Pack(this, sources);

    public override void CopyOutput(int output, float* target)
    {
        var first = Panel(output / PanelColumns);
        var element = ElementIndex(Dtype, output % PanelColumns, PanelColumns);
        for (var i = 0; i < Inputs; i++)
            target[i] = WeightReader.Widen(Dtype, first + (long)i * RowBytes, element);
    }

    public override void Dispose() => _buffer.Dispose();
}
