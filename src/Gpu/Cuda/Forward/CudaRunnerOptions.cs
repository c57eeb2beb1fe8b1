namespace ActorInference.Gpu.Cuda.Forward;

/// <summary>How a <see cref="CudaModelRunner"/> uses its device.</summary>
public sealed record CudaRunnerOptions
{
    /// <summary>Most tokens in one step, at least 1; memory for activations grows with it. Default 2048.</summary>
    public int MaxBatchTokens { get; init; } = 2048;

    /// <summary>Longest sequence in tokens, at least 1. Default: what the model allows, as far as the page pool reaches.</summary>
    public int? MaxContextTokens { get; init; }

    /// <summary>Whether steps of single tokens are recorded once and launched as a whole. Default true.</summary>
    public bool UseGraphs { get; init; } = true;

    /// <summary>
    /// Whether a kernel of such a step may begin while the one before it ends, and loads its first weights meanwhile. For devices of compute capability 9.0 and later; elsewhere
    /// it changes nothing. Default false, until it has been measured.
    /// </summary>
    public bool OverlapLaunches { get; init; }
}
