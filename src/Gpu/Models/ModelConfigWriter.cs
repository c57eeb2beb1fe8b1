using System.Text.Json;

namespace ActorInference.Gpu.Models;

/// <summary>Writes a <see cref="ModelConfig"/> as config.json, such that reading it gives the same again.</summary>
internal static class ModelConfigWriter
{
    public static void Write(ModelConfig config, string path)
    {
        using var stream = File.Create(path);
        using var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true });
        json.WriteStartObject();
        json.WriteStartArray("architectures");
        json.WriteStringValue($"{config.Architecture}ForCausalLM");
        json.WriteEndArray();
        json.WriteString("model_type", ModelType(config.Architecture));
        WriteSizes(json, config);
        json.WriteNumber("rms_norm_eps", config.RmsNormEps);
        WriteRope(json, config.Rope);
        WriteFamily(json, config);
        json.WriteBoolean("tie_word_embeddings", config.TieWordEmbeddings);
        json.WriteBoolean("attention_bias", config.OutputBias);
        json.WriteBoolean("mlp_bias", config.MlpBias);
        if (config.Dtype is not null) json.WriteString("torch_dtype", config.Dtype);
        if (config.BosTokenId is { } bos) json.WriteNumber("bos_token_id", bos);
        json.WriteStartArray("eos_token_id");
        foreach (var id in config.EosTokenIds) json.WriteNumberValue(id);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static string ModelType(ModelArchitecture architecture) => architecture switch
    {
        ModelArchitecture.Gemma3 => "gemma3_text",
        ModelArchitecture.Qwen3Moe => "qwen3_moe",
        _ => architecture.ToString().ToLowerInvariant(),
    };

    private static void WriteSizes(Utf8JsonWriter json, ModelConfig config)
    {
        json.WriteNumber("hidden_size", config.HiddenSize);
        json.WriteNumber("intermediate_size", config.IntermediateSize);
        if (config.Architecture == ModelArchitecture.Qwen3Moe) json.WriteNumber("moe_intermediate_size", config.IntermediateSize);
        json.WriteNumber("num_hidden_layers", config.Layers);
        json.WriteNumber("num_attention_heads", config.Heads);
        json.WriteNumber("num_key_value_heads", config.KvHeads);
        json.WriteNumber("head_dim", config.HeadDim);
        json.WriteNumber("vocab_size", config.VocabSize);
        json.WriteNumber("max_position_embeddings", config.MaxPositionEmbeddings);
    }

    private static void WriteRope(Utf8JsonWriter json, RopeParameters rope)
    {
        json.WriteNumber("rope_theta", rope.Theta);
        if (rope.Scaling == RopeScaling.None) return;
        if (rope.Scaling == RopeScaling.LongRope) json.WriteNumber("original_max_position_embeddings", rope.OriginalContextTokens);
        json.WriteStartObject("rope_scaling");
        json.WriteString("rope_type", rope.Scaling.ToString().ToLowerInvariant());
        if (rope.LongRopeFactors is { } factors)
        {
            WriteList(json, "short_factor", factors.Short);
            WriteList(json, "long_factor", factors.Long);
            json.WriteNumber("attention_factor", rope.AttentionFactor);
            json.WriteEndObject();
            return;
        }

        json.WriteNumber("factor", rope.Factor);
        if (rope.Scaling == RopeScaling.Llama3)
        {
            json.WriteNumber("low_freq_factor", rope.LowFrequencyFactor);
            json.WriteNumber("high_freq_factor", rope.HighFrequencyFactor);
            json.WriteNumber("original_max_position_embeddings", rope.OriginalContextTokens);
        }

        json.WriteEndObject();
    }

    private static void WriteList(Utf8JsonWriter json, string name, IEnumerable<float> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values) json.WriteNumberValue(value);
        json.WriteEndArray();
    }

    /// <summary>Windows, caps and experts, as <see cref="FamilyConfig"/> reads them.</summary>
    private static void WriteFamily(Utf8JsonWriter json, ModelConfig config)
    {
        json.WriteString("hidden_act", config.IsGemma ? "gelu_pytorch_tanh" : "silu");
        if (config.Architecture is not (ModelArchitecture.Llama or ModelArchitecture.Qwen2 or ModelArchitecture.Qwen3 or ModelArchitecture.Qwen3Moe))
            WriteOptional(json, "sliding_window", config.SlidingWindow);
        if (config.IsGemma) WriteGemma(json, config);
        if (config.Experts == 0) return;
        json.WriteNumber("num_experts_per_tok", config.ExpertsPerToken);
        if (config.Architecture == ModelArchitecture.Mixtral)
        {
            json.WriteNumber("num_local_experts", config.Experts);
            return;
        }

        json.WriteNumber("num_experts", config.Experts);
        json.WriteBoolean("norm_topk_prob", config.NormalizeExperts);
        json.WriteNumber("decoder_sparse_step", 1);
        json.WriteStartArray("mlp_only_layers");
        json.WriteEndArray();
    }

    private static void WriteGemma(Utf8JsonWriter json, ModelConfig config)
    {
        json.WriteString("hidden_activation", "gelu_pytorch_tanh");
        json.WriteNumber("query_pre_attn_scalar", ScoreWidth(config));
        WriteOptional(json, "final_logit_softcapping", Cap(config.LogitSoftcap));
        if (config.Architecture == ModelArchitecture.Gemma2) WriteOptional(json, "attn_logit_softcapping", Cap(config.AttentionSoftcap));
        else json.WriteNumber("sliding_window_pattern", config.GlobalEvery);
        if (config.LocalRope is { } local) json.WriteNumber("rope_local_base_freq", local.Theta);
    }

    /// <summary>The width whose root scores are divided by: an integer, if its scale is one's.</summary>
    private static double ScoreWidth(ModelConfig config)
    {
        if (config.AttentionScale is not { } scale) return config.HeadDim;
        var width = 1 / ((double)scale * scale);
        var whole = Math.Round(width);
        return (float)(1 / Math.Sqrt(whole)) == scale ? whole : width;
    }

    private static double? Cap(float cap) => cap > 0 ? cap : null;

    private static void WriteOptional(Utf8JsonWriter json, string name, double? value)
    {
        if (value is { } number) json.WriteNumber(name, number);
        else json.WriteNull(name);
    }
}
