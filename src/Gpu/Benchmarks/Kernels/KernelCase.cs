namespace ActorInference.Gpu.Benchmarks.Kernels;

/// <summary>One kernel on data of one shape and type.</summary>
internal abstract class KernelCase : IDisposable
{
    /// <summary>Floating-point operations of a run, multiply and add apart.</summary>
    public abstract double Operations { get; }

    /// <summary>Bytes that a run has to read and write at least, not counting what stays in the caches.</summary>
    public abstract double Bytes { get; }

    public abstract void Run();

    public abstract void Dispose();
}

/// <param name="Kernel">What it computes.</param>
/// <param name="Dtype">Of the weights, or of the keys and values.</param>
/// <param name="Shape">For people.</param>
internal sealed record KernelEntry(string Kernel, string Dtype, string Shape, Func<KernelCase> Create);
