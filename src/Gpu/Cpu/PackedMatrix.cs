using ActorInference.Gpu.Models;

namespace ActorInference.Gpu.Cpu;

/// <summary>
/// A weight matrix of numbers that are each their own: <c>[panel][input][column]</c>, in the weights' own type.
/// </summary>
/// <remarks>
/// A 16-bit row of a panel keeps column j and column j + half in one 32-bit word, low and high: a shift or a mask
/// then widens a whole vector, where neighbouring columns would need a shuffle too.
/// </remarks>
internal sealed unsafe class PackedMatrix(int outputs, int inputs, int panelColumns, WeightDtype dtype, MatrixSource? source = null)
    : WeightMatrix(outputs, inputs, panelColumns, dtype, source)
{
    public override long PanelBytes => (long)Inputs * RowBytes;

    /// <summary>Bytes of one input's row of a panel.</summary>
    public int RowBytes => PanelColumns * Dtype.SizeBytes();

    /// <summary>Where, within a panel's row, a column's element is.</summary>
    public static int ElementIndex(WeightDtype dtype, int column, int panelColumns)
    {
        if (dtype == WeightDtype.F32) return column;
        var half = panelColumns / 2;
        return 2 * (column % half) + column / half;
    }

    /// <summary>Packs some inputs of a panel from the file.</summary>
    /// <param name="first">Of the inputs; a matrix of several types takes whole blocks of them.</param>
    /// <param name="strip">Their rows, overwritten.</param>
    public void PackStrip(int panel, int first, int count, byte* strip)
    {
        Span<OutputSource> columns = stackalloc OutputSource[PanelColumns];
        Source.Find(panel * PanelColumns, columns);
        // Columns of padding are not written.
        if (columns[^1].Row == null) new Span<byte>(strip, count * RowBytes).Clear();
        PanelPacker.Pack(this, columns, first, count, strip);
    }

    protected override void PackPanel(ReadOnlySpan<OutputSource> columns, byte* target) => PanelPacker.Pack(this, columns, 0, Inputs, target);

    protected override void CopyPacked(int output, float* target)
    {
        var first = Packed + output / PanelColumns * PanelBytes;
        var element = ElementIndex(Dtype, output % PanelColumns, PanelColumns);
        for (var i = 0; i < Inputs; i++)
            target[i] = WeightReader.Widen(Dtype, first + (long)i * RowBytes, element);
    }
}
