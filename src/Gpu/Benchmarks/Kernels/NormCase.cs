using ActorInference.Gpu.Cpu;
using ActorInference.Gpu.Models;

namespace ActorInference.Gpu.Benchmarks.Kernels;

/// <summary>RMS norm of rows that come from memory.</summary>
internal sealed unsafe class NormCase : KernelCase
{
    public const int Width = 1024;
    private const int OperationsPerElement = 4;   // A square and its sum, then two products.

    private readonly ComputeThreads _threads;
    private readonly NormWork _work;
    private readonly NativeBuffer _rows;
    private readonly NativeBuffer _target;
    private readonly NativeBuffer _weight = NativeBuffer.OfFloats(Width);
    private readonly int _count;

    public NormCase(ComputeThreads threads, KernelTable kernels, int rows)
    {
        (_threads, _count) = (threads, rows);
        _work = new NormWork(kernels, Width, Width, eps: 1e-6f);
        (_rows, _target) = (NativeBuffer.OfFloats((long)rows * Width), NativeBuffer.OfFloats((long)rows * Width));
        NormalNumbers.Fill(seed: 4, first: 0, new Span<float>(_rows.Data, rows * Width));
        new Span<float>(_weight.Data, Width).Fill(1);
    }

    public override double Operations => (double)_count * Width * OperationsPerElement;

    public override double Bytes => 2.0 * _count * Width * sizeof(float);

    public override void Run() => _work.Run(_threads, _rows.Floats, _weight.Floats, _target.Floats, _count);

    public override void Dispose()
    {
        _rows.Dispose();
        _target.Dispose();
        _weight.Dispose();
    }
}
