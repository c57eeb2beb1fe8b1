namespace ActorInference.Gpu.Cpu;

/// <summary>One layer as the kernels want it. Vectors are padded with zeros; an absent one is null.</summary>
internal sealed unsafe class LayerWeights
{
    /// <summary>Shape <c>[hidden]</c>.</summary>
    public required float* AttentionNorm { get; init; }

    /// <summary>Queries, keys and values, one after the other. Outputs <c>[query + 2 kv]</c>.</summary>
    public required PackedMatrix Qkv { get; init; }

    public required float* QkvBias { get; init; }

    /// <summary>Shape <c>[headDim]</c>.</summary>
    public required float* QueryNorm { get; init; }

    /// <summary>Shape <c>[headDim]</c>.</summary>
    public required float* KeyNorm { get; init; }

    public required PackedMatrix Output { get; init; }

    public required float* OutputBias { get; init; }

    public required float* FeedForwardNorm { get; init; }

    /// <summary>Panels of gate and of up in turn.</summary>
    public required PackedMatrix GateUp { get; init; }

    public required float* GateUpBias { get; init; }

    public required PackedMatrix Down { get; init; }

    public required float* DownBias { get; init; }
}
