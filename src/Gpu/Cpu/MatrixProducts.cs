using ActorInference.Gpu.Cpu.Quantized;

namespace ActorInference.Gpu.Cpu;

/// <summary>x W^T for weights of any type.</summary>
internal sealed unsafe class MatrixProducts(KernelTable kernels, int threads) : IDisposable
{
    private readonly GemmWork _packed = new(kernels, threads);
    private QuantGemmWork? _quantized;

    /// <inheritdoc cref="GemmWork.Run"/>
    public void Run(ComputeThreads on, float* x, nint ldx, int rows, WeightMatrix weights, float* bias, float* target, nint ldt, GemmEnd end)
    {
        if (weights is PackedMatrix packed) _packed.Run(on, x, ldx, rows, packed, bias, target, ldt, end);
        else (_quantized ??= new QuantGemmWork(kernels, threads)).Run(on, x, ldx, rows, (QuantizedMatrix)weights, bias, target, ldt, end);
    }

    public void Dispose()
    {
        _packed.Dispose();
        _quantized?.Dispose();
    }
}
