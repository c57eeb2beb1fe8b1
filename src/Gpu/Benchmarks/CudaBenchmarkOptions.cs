namespace ActorInference.Gpu.Benchmarks;

/// <summary>Sequences that run together, and the prompt of each.</summary>
public readonly record struct CudaBenchmarkCase(int Batch, int PromptTokens);

/// <summary>What <see cref="CudaBenchmark"/> measures. The defaults are for a large device; smaller ones are for a first look.</summary>
public sealed record CudaBenchmarkOptions
{
    /// <summary>Of a model: prefill and decode. At least one, each of at least one sequence and token.</summary>
    public IReadOnlyList<CudaBenchmarkCase> Cases { get; init; } = [new(1, 1024), new(8, 1024), new(64, 1024), new(1, 8128)];

    /// <summary>Of attention alone, over so many keys for each sequence.</summary>
    public IReadOnlyList<CudaBenchmarkCase> AttentionCases { get; init; } = [new(1, 8128), new(8, 4096), new(64, 1024)];

    /// <summary>Whether all cases are measured once more with <see cref="Cuda.Forward.CudaRunnerOptions.OverlapLaunches"/>. Default false.</summary>
    public bool OverlapLaunches { get; init; }

    /// <summary>Decode steps, at least 3. Default 64.</summary>
    public int OutputTokens { get; init; } = 64;

    /// <summary>Times that everything is measured; results are medians. Default 3.</summary>
    public int Rounds { get; init; } = 3;

    /// <summary>Least time for which a case runs before it is measured. Default 1 s.</summary>
    public TimeSpan WarmTime { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Of a copy; past what caches hold. Default 1 GiB.</summary>
    public long CopyBytes { get; init; } = 1L << 30;

    /// <summary>Rows and columns of the matrices of the largest product, a multiple of 8. Default 8192.</summary>
    public int MatmulSize { get; init; } = 8192;

    /// <summary>Tokens of a page, a power of two. Default 64.</summary>
    public int PageSizeTokens { get; init; } = 64;

    /// <summary>Prompt tokens of a step, at least 1. Default 8192.</summary>
    public int ChunkTokens { get; init; } = 8192;
}
