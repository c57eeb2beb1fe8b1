namespace ActorInference.Gpu.Cuda.Weights;

/// <summary>One layer on the device. Vectors are addresses of floats; an absent one is 0.</summary>
internal sealed class CudaLayer
{
    public required ulong AttentionNorm { get; init; }

    /// <summary>Queries, keys and values, one after the other.</summary>
    public required CudaMatrix Qkv { get; init; }

    public required ulong QkvBias { get; init; }

    public required ulong QueryNorm { get; init; }

    public required ulong KeyNorm { get; init; }

    public required CudaMatrix Output { get; init; }

    public required ulong OutputBias { get; init; }

    public required ulong FeedForwardNorm { get; init; }

    /// <summary>Gates, then ups.</summary>
    public required CudaMatrix GateUp { get; init; }

    public required ulong GateUpBias { get; init; }

    public required CudaMatrix Down { get; init; }

    public required ulong DownBias { get; init; }
}
