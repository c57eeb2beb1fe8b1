using ActorInference.Gpu.Models;

namespace ActorInference.Gpu.Cpu.Quantized;

/// <summary>A quantized weight matrix <c>[outputs, inputs]</c>, packed as <see cref="QuantLayout"/> says: <c>[group of 8 outputs][unit]</c>.</summary>
internal sealed unsafe class QuantizedMatrix : WeightMatrix
{
    private readonly NativeBuffer _buffer;

    public QuantizedMatrix(int outputs, int inputs, int panelColumns, WeightDtype dtype)
        : base(outputs, inputs, panelColumns, dtype)
    {
        Layout = QuantLayouts.Of(dtype);
        Units = inputs / Layout.UnitInputs();
        if (Units * Layout.UnitInputs() != inputs) throw new ArgumentException($"{inputs} inputs are no whole number of blocks of {dtype}.", nameof(inputs));
        GroupBytes = (long)Units * Layout.UnitBytes();
        _buffer = new NativeBuffer(Panels * GroupsPerPanel * GroupBytes);
    }

    public QuantLayout Layout { get; }

    /// <summary>Units along the inputs.</summary>
    public int Units { get; }

    /// <summary>Bytes of eight outputs.</summary>
    public long GroupBytes { get; }

    public int GroupsPerPanel => PanelColumns / QuantLayouts.Lanes;

    public override long LengthBytes => _buffer.LengthBytes;

    public byte* Group(int group) => _buffer.Data + group * GroupBytes;

    public override bool Pack(OutputSource[] sources)
    {
        var bad = 0;
        Parallel.For(0, Panels * GroupsPerPanel, group =>
        {
            if (!PackGroup(sources.AsSpan(group * QuantLayouts.Lanes, QuantLayouts.Lanes), group)) Interlocked.Exchange(ref bad, 1);
        });
        return bad == 0;
    }

    public override void CopyOutput(int output, float* target)
    {
        var group = Group(output / QuantLayouts.Lanes);
        for (var unit = 0; unit < Units; unit++)
            QuantLayouts.Widen(Layout, group + unit * Layout.UnitBytes(), output % QuantLayouts.Lanes, target + unit * Layout.UnitInputs());
    }

    public override void Dispose() => _buffer.Dispose();

    private bool PackGroup(ReadOnlySpan<OutputSource> sources, int group)
    {
        foreach (var source in sources)
        {
            if (source.Row != null && !BlockReader.AllFinite(Dtype, source.Row, Inputs)) return false;
        }

        QuantPacker.Pack(Dtype, sources, Units, Group(group));
        return true;
    }
}
