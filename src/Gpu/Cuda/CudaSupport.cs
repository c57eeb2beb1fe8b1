using ActorInference.Actors.Kv;
using ActorInference.Gpu.Models;

namespace ActorInference.Gpu.Cuda;

/// <summary>What the kernels compute: Llama and Qwen shapes.</summary>
public static class CudaSupport
{
    /// <param name="config">Of a model.</param>
    /// <param name="kv">Type of keys and values; null if it is to follow from the weights'.</param>
    /// <returns>What the model needs that they do not do; null if nothing.</returns>
    public static string? Missing(ModelConfig config, KvDtype? kv)
    {
        if (config.IsGemma) return "its norms and gates are Gemma's";
        if (config.Experts > 0) return "it has experts";
        if (config.SlidingWindow is { } window && window < config.MaxPositionEmbeddings) return $"its layers see a window of {window} tokens";
        if (config.LocalRope is not null || config.AttentionScale is not null || config.AttentionSoftcap != 0 || config.LogitSoftcap != 0) return "its attention is scaled in a way of its own";
        return kv == KvDtype.Q8_0 ? "keys and values of Q8_0 are for the processor" : null;
    }
}
