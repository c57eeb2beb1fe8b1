namespace ActorInference.Gpu.Models;

/// <summary>What a tensor is for.</summary>
public enum TensorRole
{
    Embedding,
    Head,
    Norm,
    Bias,

    /// <summary>A projection that reads the residual stream.</summary>
    Projection,

    /// <summary>A projection that adds to the residual stream.</summary>
    ResidualProjection,

    /// <summary>What chooses experts.</summary>
    Router,
}

/// <summary>A tensor that a model must have.</summary>
/// <param name="Name">As Hugging Face names it.</param>
/// <param name="Shape">Outputs first; one dimension for norms and biases.</param>
public sealed record TensorSpec(string Name, TensorRole Role, params int[] Shape)
{
    public long Elements => Shape.Aggregate(1L, (product, dimension) => product * dimension);
}

/// <summary>The tensors of each architecture, by their Hugging Face names.</summary>
public static class ModelTensors
{
    public const string Embedding = "model.embed_tokens.weight";
    public const string Head = "lm_head.weight";
    public const string FinalNorm = "model.norm.weight";

    /// <summary>A tensor of a layer.</summary>
    /// <param name="name">For instance <c>self_attn.q_proj.weight</c>.</param>
    public static string InLayer(int layer, string name) => $"model.layers.{layer}.{name}";

    /// <summary>Every tensor that a model of this configuration has, in the order of its layers.</summary>
    public static IEnumerable<TensorSpec> All(ModelConfig config)
    {
        yield return new TensorSpec(Embedding, TensorRole.Embedding, config.VocabSize, config.HiddenSize);
        for (var layer = 0; layer < config.Layers; layer++)
        {
            foreach (var tensor in Layer(config)) yield return tensor with { Name = InLayer(layer, tensor.Name) };
        }

        yield return new TensorSpec(FinalNorm, TensorRole.Norm, config.HiddenSize);
        if (!config.TieWordEmbeddings) yield return new TensorSpec(Head, TensorRole.Head, config.VocabSize, config.HiddenSize);
    }

    private static IEnumerable<TensorSpec> Layer(ModelConfig c)
    {
        List<TensorSpec> tensors = [new("input_layernorm.weight", TensorRole.Norm, c.HiddenSize)];
        Add(tensors, "self_attn.q_proj", TensorRole.Projection, c.QuerySize, c.HiddenSize, c.QkvBias);
        Add(tensors, "self_attn.k_proj", TensorRole.Projection, c.KvSize, c.HiddenSize, c.QkvBias);
        Add(tensors, "self_attn.v_proj", TensorRole.Projection, c.KvSize, c.HiddenSize, c.QkvBias);
        Add(tensors, "self_attn.o_proj", TensorRole.ResidualProjection, c.HiddenSize, c.QuerySize, c.OutputBias);
        if (c.QkNorm)
        {
            tensors.Add(new("self_attn.q_norm.weight", TensorRole.Norm, c.HeadDim));
            tensors.Add(new("self_attn.k_norm.weight", TensorRole.Norm, c.HeadDim));
        }

        tensors.Add(new("post_attention_layernorm.weight", TensorRole.Norm, c.HiddenSize));
        if (c.IsGemma)
        {
            tensors.Add(new("pre_feedforward_layernorm.weight", TensorRole.Norm, c.HiddenSize));
            tensors.Add(new("post_feedforward_layernorm.weight", TensorRole.Norm, c.HiddenSize));
        }

        if (c.Experts > 0) tensors.Add(new(Router(c), TensorRole.Router, c.Experts, c.HiddenSize));
        for (var expert = 0; expert < Math.Max(1, c.Experts); expert++)
        {
            var (gate, up, down) = FeedForward(c, expert);
            Add(tensors, gate, TensorRole.Projection, c.IntermediateSize, c.HiddenSize, c.MlpBias);
            Add(tensors, up, TensorRole.Projection, c.IntermediateSize, c.HiddenSize, c.MlpBias);
            Add(tensors, down, TensorRole.ResidualProjection, c.HiddenSize, c.IntermediateSize, c.MlpBias);
        }

        return tensors;
    }

    /// <summary>Within a layer, what chooses experts.</summary>
    public static string Router(ModelConfig config) => config.Architecture == ModelArchitecture.Mixtral ? "block_sparse_moe.gate.weight" : "mlp.gate.weight";

    /// <summary>Projections of a layer's feed-forward part, or of one of its experts, without ".weight".</summary>
    public static (string Gate, string Up, string Down) FeedForward(ModelConfig config, int expert)
    {
        if (config.Experts == 0) return ("mlp.gate_proj", "mlp.up_proj", "mlp.down_proj");
        return config.Architecture == ModelArchitecture.Mixtral
            ? ($"block_sparse_moe.experts.{expert}.w1", $"block_sparse_moe.experts.{expert}.w3", $"block_sparse_moe.experts.{expert}.w2")
            : ($"mlp.experts.{expert}.gate_proj", $"mlp.experts.{expert}.up_proj", $"mlp.experts.{expert}.down_proj");
    }

    private static void Add(List<TensorSpec> tensors, string name, TensorRole role, int outputs, int inputs, bool bias)
    {
        tensors.Add(new($"{name}.weight", role, outputs, inputs));
        if (bias) tensors.Add(new($"{name}.bias", TensorRole.Bias, outputs));
    }
}
