using ActorInference.Gpu.Cpu;
using ActorInference.Gpu.Cpu.Quantized;
using ActorInference.Gpu.Models;

namespace ActorInference.Gpu.Benchmarks.Kernels;

/// <summary>x W^T: one row is a decode step of one sequence, many are a prompt.</summary>
internal sealed unsafe class MatrixCase : KernelCase
{
    /// <summary>Rows of weights that differ; what follows repeats them, as their values change no speed.</summary>
    private const int DistinctOutputs = 64;

    private readonly ComputeThreads _threads;
    private readonly MatrixProducts _products;
    private readonly WeightMatrix _weights;
    private readonly NativeBuffer _input;
    private readonly NativeBuffer _output;
    private readonly int _rows;

    public MatrixCase(ComputeThreads threads, KernelTable kernels, WeightDtype dtype, int rows, int outputs, int inputs)
    {
        (_threads, _rows) = (threads, rows);
        _products = new MatrixProducts(kernels, threads.Count);
        _weights = WeightMatrix.Create(outputs, inputs, kernels.PanelColumns, dtype);
        Pack(_weights, dtype, inputs);
        _input = NativeBuffer.OfFloats((long)rows * inputs);
        _output = NativeBuffer.OfFloats((long)rows * _weights.Panels * _weights.PanelColumns);
        NormalNumbers.Fill(seed: 1, first: 0, new Span<float>(_input.Data, rows * inputs));
    }

    public override double Operations => 2.0 * _rows * _weights.Outputs * _weights.Inputs;

    public override double Bytes => _weights.LengthBytes;

    public override void Run() =>
        _products.Run(_threads, _input.Floats, _weights.Inputs, _rows, _weights, null, _output.Floats, _weights.Panels * _weights.PanelColumns, GemmEnd.Store);

    public override void Dispose()
    {
        _products.Dispose();
        _weights.Dispose();
        _input.Dispose();
        _output.Dispose();
    }

    private static void Pack(WeightMatrix weights, WeightDtype dtype, int inputs)
    {
        var rowBytes = dtype.RowBytes(inputs);
        using var source = new NativeBuffer(DistinctOutputs * rowBytes);
        using var floats = NativeBuffer.OfFloats(inputs);
        var row = new Span<float>(floats.Data, inputs);
        for (var output = 0; output < DistinctOutputs; output++)
        {
            NormalNumbers.Fill(seed: 2, first: (long)output * inputs, row);
            var target = source.Data + output * rowBytes;
            if (dtype.IsQuantized()) BlockWriter.Quantize(dtype, floats.Floats, inputs, target);
            else WeightReader.Narrow(row, dtype, new Span<byte>(target, (int)rowBytes));
        }

        var sources = new OutputSource[weights.Panels * weights.PanelColumns];
        for (var output = 0; output < weights.Outputs; output++) sources[output] = new OutputSource(source.Data + output % DistinctOutputs * rowBytes, dtype);
        weights.Pack(sources);
    }
}
