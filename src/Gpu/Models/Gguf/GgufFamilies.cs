namespace ActorInference.Gpu.Models.Gguf;

/// <summary>Keys of GGUF files that only some families have: windows, caps and experts. What a file leaves out llama.cpp takes for granted.</summary>
internal static class GgufFamilies
{
    private const int MaxWindowTokens = 1 << 24;
    private const int MaxExperts = 1024;
    private const int MaxPeriod = 2048;

    private const int Gemma2WindowTokens = 4096;
    private const int Gemma2Period = 2;
    private const float Gemma2AttentionCap = 50;
    private const float Gemma2LogitCap = 30;
    private const int Gemma3Period = 6;
    private const float Gemma3LocalTheta = 10_000;

    /// <summary>Layers of the Gemmas whose scores are scaled by another width than the head's.</summary>
    private const int Gemma2LargeLayers = 46;
    private const int Gemma3LargeLayers = 62;

    /// <param name="config">What all families have.</param>
    /// <exception cref="ModelFormatException">A key is missing, wrong, or of something that is not computed.</exception>
    public static ModelConfig Read(ModelConfig config, GgufFile file)
    {
        var (meta, name) = (file.Metadata, GgufModel.NameOf(config.Architecture));
        switch (config.Architecture)
        {
            case ModelArchitecture.Llama: return ReadLlama(config, meta, name);
            case ModelArchitecture.Qwen3Moe:
                config = config with { IntermediateSize = meta.Int($"{name}.expert_feed_forward_length", 1, 1 << 17) };
                return ReadExperts(config, meta, name, least: 1) with { NormalizeExperts = meta.Flag($"{name}.expert_weights_norm", true) };
            case ModelArchitecture.Phi3: return config with { SlidingWindow = ReadWindow(meta, name) };
            case ModelArchitecture.Gemma2 or ModelArchitecture.Gemma3: return ReadGemma(config, meta, name);
            default: return config;
        }
    }

    /// <summary>Writes what <see cref="Read"/> reads.</summary>
    public static void Write(GgufWriter writer, ModelConfig config, string name)
    {
        if (config.Architecture == ModelArchitecture.Gemma2) writer.Set($"{name}.attn_logit_softcapping", config.AttentionSoftcap);
        if (config.Architecture == ModelArchitecture.Gemma2 || config.LogitSoftcap > 0) writer.Set($"{name}.final_logit_softcapping", config.LogitSoftcap);
        // A Gemma 2 without a word about windows has one.
        var window = config.SlidingWindow ?? (config.Architecture == ModelArchitecture.Gemma2 ? config.MaxPositionEmbeddings : null);
        if (window is { } tokens) writer.Set($"{name}.attention.sliding_window", (uint)tokens);
        if (config.IsGemma && config.GlobalEvery != Period(config.Architecture)) writer.Set($"{name}.attention.sliding_window_pattern", (uint)config.GlobalEvery);
        if (config.LocalRope is { } local) writer.Set($"{name}.rope.freq_base_swa", (float)local.Theta);
        if (config.AttentionScale is { } scale && Math.Abs(scale / ImpliedScale(config) - 1) > 1e-6) writer.Set($"{name}.attention.scale", scale);
        if (config.Experts == 0) return;
        writer.Set($"{name}.expert_count", (uint)config.Experts);
        writer.Set($"{name}.expert_used_count", (uint)config.ExpertsPerToken);
        if (config.Architecture != ModelArchitecture.Qwen3Moe) return;
        writer.Set($"{name}.expert_feed_forward_length", (uint)config.IntermediateSize);
        writer.Set($"{name}.expert_weights_norm", config.NormalizeExperts);
    }

    /// <summary>Three families go by this name: one has experts, one perhaps a window.</summary>
    private static ModelConfig ReadLlama(ModelConfig config, GgufMetadata meta, string name)
    {
        var read = ReadExperts(config, meta, name, least: 0) with { SlidingWindow = ReadWindow(meta, name) };
        return read.Experts > 0 ? read with { Architecture = ModelArchitecture.Mixtral }
            : read.SlidingWindow is not null ? read with { Architecture = ModelArchitecture.Mistral }
            : read;
    }

    /// <returns>Null for none, which files may also write as 0.</returns>
    private static int? ReadWindow(GgufMetadata meta, string name, int fallback = 0) =>
        meta.Int($"{name}.attention.sliding_window", 0, MaxWindowTokens, fallback) is > 0 and var window ? window : null;

    private static ModelConfig ReadExperts(ModelConfig config, GgufMetadata meta, string name, int least)
    {
        var experts = meta.Int($"{name}.expert_count", least, MaxExperts, least == 0 ? 0 : null);
        return experts == 0 ? config : config with { Experts = experts, ExpertsPerToken = meta.Int($"{name}.expert_used_count", 1, experts) };
    }

    private static ModelConfig ReadGemma(ModelConfig config, GgufMetadata meta, string name)
    {
        var isSecond = config.Architecture == ModelArchitecture.Gemma2;
        config = config with
        {
            SlidingWindow = ReadWindow(meta, name, isSecond ? Gemma2WindowTokens : 0),
            GlobalEvery = meta.Int($"{name}.attention.sliding_window_pattern", 1, MaxPeriod, Period(config.Architecture)),
            AttentionSoftcap = isSecond ? (float)meta.Number($"{name}.attn_logit_softcapping", 0, 1e6, Gemma2AttentionCap) : 0,
            LogitSoftcap = (float)meta.Number($"{name}.final_logit_softcapping", 0, 1e6, isSecond ? Gemma2LogitCap : 0),
            LocalRope = isSecond ? null : new RopeParameters(meta.Number($"{name}.rope.freq_base_swa", 1, 1e12, Gemma3LocalTheta)),
        };
        return config with { AttentionScale = (float)meta.Number($"{name}.attention.scale", 1e-9, 1e3, ImpliedScale(config)) };
    }

    private static int Period(ModelArchitecture architecture) => architecture == ModelArchitecture.Gemma2 ? Gemma2Period : Gemma3Period;

    /// <summary>What a file means that says nothing of its scale: the largest of a family is known by its layers.</summary>
    private static float ImpliedScale(ModelConfig config)
    {
        var isLarge = config.Layers == (config.Architecture == ModelArchitecture.Gemma2 ? Gemma2LargeLayers : Gemma3LargeLayers);
        return (float)(1 / Math.Sqrt(isLarge ? (double)config.HiddenSize / config.Heads : config.HeadDim));
    }
}
