namespace ActorInference.Gpu.Models;

/// <summary>The decoder families that the backends compute. They differ in biases and in query/key norms only.</summary>
public enum ModelArchitecture
{
    /// <summary><c>LlamaForCausalLM</c>.</summary>
    Llama,

    /// <summary><c>Qwen2ForCausalLM</c>, Qwen2.5 too: biases on query, key and value.</summary>
    Qwen2,

    /// <summary><c>Qwen3ForCausalLM</c>: an RMS norm on each query and key head.</summary>
    Qwen3,
}
