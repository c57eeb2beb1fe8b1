using ActorInference.Gpu.Cpu.Quantized;
using ActorInference.Gpu.Models;

namespace ActorInference.Gpu.Cpu;

/// <summary>
/// A weight matrix <c>[outputs, inputs]</c> in the order that kernels read it, in panels of neighbouring outputs. Columns
/// past the last output are zero.
/// </summary>
internal abstract unsafe class WeightMatrix(int outputs, int inputs, int panelColumns, WeightDtype dtype) : IDisposable
{
    public int Outputs { get; } = outputs;

    public int Inputs { get; } = inputs;

    public int PanelColumns { get; } = panelColumns;

    public int Panels { get; } = (outputs + panelColumns - 1) / panelColumns;

    public WeightDtype Dtype { get; } = dtype;

    /// <summary>Memory that it takes.</summary>
    public abstract long LengthBytes { get; }

    public static WeightMatrix Create(int outputs, int inputs, int panelColumns, WeightDtype dtype) =>
        dtype.IsQuantized() ? new QuantizedMatrix(outputs, inputs, panelColumns, dtype) : new PackedMatrix(outputs, inputs, panelColumns, dtype);

    /// <summary>Fills it.</summary>
    /// <param name="sources">One for each column of each panel. Types are the matrix's, or the matrix is F32.</param>
    /// <returns>False if a weight is infinite or NaN, and the matrix of no use.</returns>
    public abstract bool Pack(OutputSource[] sources);

    /// <summary>Reads one output's weights, widened: a row of a tied embedding table.</summary>
    /// <param name="target">Shape <c>[inputs]</c>.</param>
    public abstract void CopyOutput(int output, float* target);

    public abstract void Dispose();
}
