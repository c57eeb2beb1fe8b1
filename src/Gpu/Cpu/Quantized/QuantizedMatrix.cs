using ActorInference.Gpu.Models;

namespace ActorInference.Gpu.Cpu.Quantized;

/// <summary>A quantized weight matrix <c>[outputs, inputs]</c>, packed as <see cref="QuantLayout"/> says: <c>[group of 8 outputs][unit]</c>.</summary>
internal sealed unsafe class QuantizedMatrix : WeightMatrix
{
    public QuantizedMatrix(int outputs, int inputs, int panelColumns, WeightDtype dtype, MatrixSource? source = null)
        : base(outputs, inputs, panelColumns, dtype, source)
    {
        Layout = QuantLayouts.Of(dtype);
        Units = inputs / Layout.UnitInputs();
        if (Units * Layout.UnitInputs() != inputs) throw new ArgumentException($"{inputs} inputs are no whole number of blocks of {dtype}.", nameof(inputs));
        GroupBytes = (long)Units * Layout.UnitBytes();
    }

    public QuantLayout Layout { get; }

    /// <summary>Units along the inputs: as many as a row has blocks.</summary>
    public int Units { get; }

    /// <summary>Bytes of eight outputs.</summary>
    public long GroupBytes { get; }

    public int GroupsPerPanel => PanelColumns / QuantLayouts.Lanes;

    public override long PanelBytes => GroupsPerPanel * GroupBytes;

    /// <summary>Packed units of eight outputs.</summary>
    public byte* Group(int group) => Packed + group * GroupBytes;

    /// <summary>Packs some units of eight outputs from the file.</summary>
    /// <param name="target">Overwritten.</param>
    public void PackUnits(int group, int first, int count, byte* target)
    {
        Span<OutputSource> rows = stackalloc OutputSource[QuantLayouts.Lanes];
        Source.Find(group * QuantLayouts.Lanes, rows);
        foreach (ref var row in rows)
        {
            if (row.Row != null) row = new OutputSource(row.Row + (long)first * Dtype.BlockBytes(), Dtype);
        }

        QuantPacker.Pack(Dtype, rows, count, target);
    }

    protected override void PackPanel(ReadOnlySpan<OutputSource> columns, byte* target)
    {
        for (var group = 0; group < GroupsPerPanel; group++)
            QuantPacker.Pack(Dtype, columns.Slice(group * QuantLayouts.Lanes, QuantLayouts.Lanes), Units, target + group * GroupBytes);
    }

    protected override void CopyPacked(int output, float* target)
    {
        var group = Group(output / QuantLayouts.Lanes);
        for (var unit = 0; unit < Units; unit++)
            QuantLayouts.Widen(Layout, group + unit * Layout.UnitBytes(), output % QuantLayouts.Lanes, target + unit * Layout.UnitInputs());
    }
}
