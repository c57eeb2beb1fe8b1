namespace ActorInference.Gpu.Cpu;

/// <summary>How a <see cref="CpuModelRunner"/> uses its machine.</summary>
public sealed record CpuRunnerOptions
{
    /// <summary>Compute threads, the caller's included, at least 1. Default: one for each processor.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>Most tokens in one step, at least 1; memory for activations grows with it. Default 512.</summary>
    public int MaxBatchTokens { get; init; } = 512;

    /// <summary>Longest sequence in tokens, at least 1. Default: what the model allows, as far as the page pool reaches.</summary>
    public int? MaxContextTokens { get; init; }
}
