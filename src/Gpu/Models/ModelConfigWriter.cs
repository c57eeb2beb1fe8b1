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
        json.WriteString("model_type", config.Architecture.ToString().ToLowerInvariant());
        WriteSizes(json, config);
        json.WriteString("hidden_act", "silu");
        json.WriteNumber("rms_norm_eps", config.RmsNormEps);
        WriteRope(json, config.Rope);
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

    private static void WriteSizes(Utf8JsonWriter json, ModelConfig config)
    {
        json.WriteNumber("hidden_size", config.HiddenSize);
        json.WriteNumber("intermediate_size", config.IntermediateSize);
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
        json.WriteStartObject("rope_scaling");
        json.WriteString("rope_type", rope.Scaling.ToString().ToLowerInvariant());
        json.WriteNumber("factor", rope.Factor);
        if (rope.Scaling == RopeScaling.Llama3)
        {
            json.WriteNumber("low_freq_factor", rope.LowFrequencyFactor);
            json.WriteNumber("high_freq_factor", rope.HighFrequencyFactor);
            json.WriteNumber("original_max_position_embeddings", rope.OriginalContextTokens);
        }

        json.WriteEndObject();
    }
}
