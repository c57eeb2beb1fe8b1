namespace ActorInference.Gpu.Models;

/// <summary>Which output of which part each column of a packed matrix is: the parts one after the other, or their panels in turn.</summary>
internal sealed class ColumnOrder
{
    private readonly int[] _outputs;
    private readonly int _panelColumns;
    private readonly bool _alternates;

    /// <param name="outputs">Of each part; where panels are in turn, all have as many.</param>
    public ColumnOrder(int[] outputs, int panelColumns, bool alternates)
    {
        (_outputs, _panelColumns, _alternates) = (outputs, panelColumns, alternates);
        var total = alternates ? 0 : outputs.Sum();
        Count = alternates ? Panels(outputs[0]) * panelColumns * outputs.Length : Panels(total) * panelColumns;
        Outputs = alternates ? Count : total;
    }

    /// <summary>Columns, a whole number of panels.</summary>
    public int Count { get; }

    /// <summary>Outputs of the matrix; where panels are in turn, padding counts too.</summary>
    public int Outputs { get; }

    /// <summary>A column's part and output of it; part -1 is padding.</summary>
    public (int Part, int Row) this[int column] => _alternates ? InTurn(column) : InRow(column);

    private int Panels(int outputs) => (outputs + _panelColumns - 1) / _panelColumns;

    private (int Part, int Row) InTurn(int column)
    {
        var (panel, within) = Math.DivRem(column, _panelColumns);
        var (turn, part) = Math.DivRem(panel, _outputs.Length);
        var row = turn * _panelColumns + within;
        return row < _outputs[part] ? (part, row) : (-1, 0);
    }

    private (int Part, int Row) InRow(int column)
    {
        for (var part = 0; part < _outputs.Length; part++)
        {
            if (column < _outputs[part]) return (part, column);
            column -= _outputs[part];
        }

        return (-1, 0);
    }
}
