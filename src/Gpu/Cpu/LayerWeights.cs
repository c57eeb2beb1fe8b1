namespace ActorInference.Gpu.Cpu;

/// <summary>One layer as the kernels want it. Vectors are padded with zeros; an absent one is null.</summary>
internal sealed unsafe class LayerWeights
{
    /// <summary>Shape <c>[hidden]</c>.</summary>
    public required float* AttentionNorm { get; init; }

    /// <summary>Queries, keys and values, one after the other, those of one type in one matrix. Outputs <c>[query + 2 kv]</c>.</summary>
    public required WeightMatrix[] Qkv { get; init; }

    /// <summary>Of all of them.</summary>
    public required float* QkvBias { get; init; }

    /// <summary>Shape <c>[headDim]</c>.</summary>
    public required float* QueryNorm { get; init; }

    /// <summary>Shape <c>[headDim]</c>.</summary>
    public required float* KeyNorm { get; init; }

    public required WeightMatrix Output { get; init; }

    public required float* OutputBias { get; init; }

    /// <summary>Of what attention adds to the residual stream.</summary>
    public required float* PostAttentionNorm { get; init; }

    public required float* FeedForwardNorm { get; init; }

    /// <summary>Of what the feed-forward part adds to the residual stream.</summary>
    public required float* PostFeedForwardNorm { get; init; }

    /// <summary>Chooses experts. Shape <c>[experts, hidden]</c>.</summary>
    public required WeightMatrix? Router { get; init; }

    /// <summary>One, or one for each expert.</summary>
    public required FeedForwardWeights[] FeedForward { get; init; }
}

/// <summary>A gated feed-forward layer.</summary>
internal sealed unsafe class FeedForwardWeights
{
    /// <summary>Panels of gate and of up in turn.</summary>
    public required WeightMatrix GateUp { get; init; }

    public required float* GateUpBias { get; init; }

    public required WeightMatrix Down { get; init; }

    public required float* DownBias { get; init; }

    public long LengthBytes => GateUp.LengthBytes + Down.LengthBytes;
}
