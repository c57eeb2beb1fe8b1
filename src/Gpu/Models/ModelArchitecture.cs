namespace ActorInference.Gpu.Models;

/// <summary>The decoder families that the CPU backend computes.</summary>
public enum ModelArchitecture
{
    /// <summary><c>LlamaForCausalLM</c>.</summary>
    Llama,

    /// <summary><c>Qwen2ForCausalLM</c>, Qwen2.5 too: biases on query, key and value.</summary>
    Qwen2,

    /// <summary><c>Qwen3ForCausalLM</c>: an RMS norm on each query and key head.</summary>
    Qwen3,

    /// <summary><c>MistralForCausalLM</c>: perhaps a sliding window.</summary>
    Mistral,

    /// <summary><c>Phi3ForCausalLM</c>: projections that are stored as one.</summary>
    Phi3,

    /// <summary><c>Gemma2ForCausalLM</c>: GELU, norms before and after, capped scores, every second layer with a window.</summary>
    Gemma2,

    /// <summary><c>Gemma3ForCausalLM</c>: as Gemma 2 with norms of heads for caps, and windows in five layers of six.</summary>
    Gemma3,

    /// <summary><c>MixtralForCausalLM</c>: experts in place of the feed-forward layer.</summary>
    Mixtral,

    /// <summary><c>Qwen3MoeForCausalLM</c>: Qwen 3 with experts.</summary>
    Qwen3Moe,
}
