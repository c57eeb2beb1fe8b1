using ActorInference.Gpu.Cpu;

namespace ActorInference.Gpu.Models;

/// <summary>A tensor that some of a matrix's columns come from.</summary>
/// <param name="Rows">What is taken of it.</param>
/// <param name="Order">Of its rows.</param>
internal readonly record struct ColumnPart(TensorView View, WeightDtype Dtype, TensorPart Rows, RowOrder Order)
{
    /// <summary>Of the whole tensor.</summary>
    public long RowBytes => Dtype.RowBytes(View.Entry.Shape[1]);

    /// <summary>What is taken of a row.</summary>
    public unsafe OutputSource this[int row] =>
        new(View.Data + Order.InFile(Rows.FirstRow + row) * RowBytes + Dtype.RowBytes(Rows.FirstColumn), Dtype);
}

/// <summary>Where a matrix's columns are in mapped files, which stay mapped.</summary>
internal sealed class MatrixSource(ColumnPart[] parts, ColumnOrder order)
{
    /// <summary>Finds the weights of some columns; padding has none.</summary>
    /// <param name="first">Of the columns.</param>
    public void Find(int first, Span<OutputSource> columns)
    {
        for (var i = 0; i < columns.Length; i++)
        {
            var (part, row) = order[first + i];
            columns[i] = part < 0 ? default : parts[part][row];
        }
    }

    /// <summary>Says that the files' pages are not needed for now.</summary>
    public void DropPages()
    {
        foreach (var part in parts) part.View.DropPages();
    }
}
