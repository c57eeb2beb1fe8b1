using System.Text.Json;

namespace ActorInference.Gpu.Models;

/// <summary>Turns the fields of config.json into a <see cref="ModelConfig"/>.</summary>
internal static class ModelConfigReader
{
    private const int MaxWidth = 1 << 17;
    private const int MaxLayers = 1024;
    private const int MaxHeads = 1024;
    private const int MaxHeadDim = 1024;
    private const int MaxVocab = 1 << 22;
    private const int MaxContextTokens = 1 << 24;

    private static readonly Dictionary<string, ModelArchitecture> Architectures = new()
    {
        ["LlamaForCausalLM"] = ModelArchitecture.Llama,
        ["Qwen2ForCausalLM"] = ModelArchitecture.Qwen2,
        ["Qwen3ForCausalLM"] = ModelArchitecture.Qwen3,
        ["MistralForCausalLM"] = ModelArchitecture.Mistral,
        ["Phi3ForCausalLM"] = ModelArchitecture.Phi3,
        ["Gemma2ForCausalLM"] = ModelArchitecture.Gemma2,
        ["Gemma3ForCausalLM"] = ModelArchitecture.Gemma3,
        ["MixtralForCausalLM"] = ModelArchitecture.Mixtral,
        ["Qwen3MoeForCausalLM"] = ModelArchitecture.Qwen3Moe,
    };

    public static ModelConfig Read(JsonFields fields)
    {
        var architecture = ReadArchitecture(fields);
        RejectWhatIsNotComputed(fields, architecture);
        var hidden = fields.Int("hidden_size", 1, MaxWidth);
        var heads = fields.Int("num_attention_heads", 1, MaxHeads);
        var vocab = fields.Int("vocab_size", 1, MaxVocab);
        var context = fields.Int("max_position_embeddings", 1, MaxContextTokens);
        var attentionBias = fields.Flag("attention_bias", false);
        var config = new ModelConfig
        {
            Architecture = architecture,
            HiddenSize = hidden,
            IntermediateSize = fields.Int(architecture == ModelArchitecture.Qwen3Moe ? "moe_intermediate_size" : "intermediate_size", 1, MaxWidth),
            Layers = fields.Int("num_hidden_layers", 1, MaxLayers),
            Heads = heads,
            HeadDim = ReadHeadDim(fields, hidden, heads),
            KvHeads = ReadKvHeads(fields, heads),
            VocabSize = vocab,
            MaxPositionEmbeddings = context,
            RmsNormEps = (float)fields.Number("rms_norm_eps", 1e-12, 1e-1, 1e-6),
            Rope = ReadRope(fields, context, ReadHeadDim(fields, hidden, heads)),
            TieWordEmbeddings = fields.Flag("tie_word_embeddings", architecture is ModelArchitecture.Gemma2 or ModelArchitecture.Gemma3),
            QkvBias = architecture == ModelArchitecture.Qwen2 || attentionBias,
            OutputBias = architecture != ModelArchitecture.Qwen2 && attentionBias,
            MlpBias = architecture == ModelArchitecture.Llama && fields.Flag("mlp_bias", false),
            Dtype = fields.Text("torch_dtype") ?? fields.Text("dtype"),
            BosTokenId = ReadBos(fields, vocab),
            EosTokenIds = [.. fields.TokenIds("eos_token_id", vocab)],
        };
        return FamilyConfig.Read(config, fields);
    }

    private static ModelArchitecture ReadArchitecture(JsonFields fields)
    {
        var expected = "one of " + string.Join(", ", Architectures.Keys);
        if (!fields.TryGet("architectures", out var list)) throw fields.Missing("architectures", expected);
        if (list.ValueKind != JsonValueKind.Array || list.GetArrayLength() != 1 || list[0].ValueKind != JsonValueKind.String)
            throw fields.Error("architectures", list, $"a list with {expected}");
        return Architectures.TryGetValue(list[0].GetString()!, out var architecture)
            ? architecture
            : throw fields.Error("architectures", list[0], expected);
    }

    private static void RejectWhatIsNotComputed(JsonFields fields, ModelArchitecture architecture)
    {
        if (architecture is ModelArchitecture.Gemma2 or ModelArchitecture.Gemma3)
        {
            var field = fields.TryGet("hidden_activation", out _) ? "hidden_activation" : "hidden_act";
            var gelu = fields.Text(field) ?? "gelu_pytorch_tanh";
            if (gelu != "gelu_pytorch_tanh") throw fields.Error(field, gelu, "gelu_pytorch_tanh");
        }
        else
        {
            var activation = fields.Text("hidden_act") ?? "silu";
            if (activation is not ("silu" or "swish")) throw fields.Error("hidden_act", activation, "silu");
        }

        if (fields.TryGet("quantization_config", out var quantization))
            throw fields.Error("quantization_config", quantization, "none; weights must be F32, F16 or BF16");
        if (fields.Flag("use_sliding_window", false)) throw fields.Error("use_sliding_window", "true", "false; attention is always full");
        var rotated = fields.Number("partial_rotary_factor", 0, 1, 1);
        if (rotated != 1) throw fields.Error("partial_rotary_factor", $"{rotated}", "1");
    }

    private static int ReadKvHeads(JsonFields fields, int heads)
    {
        var kvHeads = fields.Int("num_key_value_heads", 1, MaxHeads, heads);
        return heads % kvHeads == 0
            ? kvHeads
            : throw fields.Error("num_key_value_heads", $"{kvHeads}", $"a divisor of num_attention_heads, {heads}");
    }

    private static int ReadHeadDim(JsonFields fields, int hidden, int heads)
    {
        if (!fields.TryGet("head_dim", out _) && hidden % heads != 0)
            throw fields.Error("num_attention_heads", $"{heads}", $"a divisor of hidden_size, {hidden}, as head_dim is not given");
        var headDim = fields.Int("head_dim", 2, MaxHeadDim, hidden / heads);
        return headDim >= 2 && headDim % 2 == 0
            ? headDim
            : throw fields.Error("head_dim", $"{headDim}", "an even number, as rotation works on pairs");
    }

    private static int? ReadBos(JsonFields fields, int vocab)
    {
        var ids = fields.TokenIds("bos_token_id", vocab);
        return ids.Length == 0 ? null : ids[0];
    }

    /// <summary>Newer files keep everything about rotation in <c>rope_parameters</c>, older ones in <c>rope_theta</c> and <c>rope_scaling</c>.</summary>
    private static RopeParameters ReadRope(JsonFields fields, int context, int headDim)
    {
        const double defaultTheta = 10_000;
        var theta = fields.Number("rope_theta", 1, 1e12, defaultTheta);
        if (fields.Object("rope_parameters") is { } parameters)
            return ReadScaling(fields, parameters, parameters.Number("rope_theta", 1, 1e12, theta), context, headDim);
        return fields.Object("rope_scaling") is { } scaling ? ReadScaling(fields, scaling, theta, context, headDim) : new RopeParameters(theta);
    }

    private static RopeParameters ReadScaling(JsonFields model, JsonFields fields, double theta, int context, int headDim)
    {
        var type = fields.Text("rope_type") ?? fields.Text("type") ?? "default";
        return type switch
        {
            "default" => new RopeParameters(theta),
            "linear" => new RopeParameters(theta, RopeScaling.Linear, fields.Number("factor", 1, 1e6)),
            "llama3" => ReadLlama3(fields, theta, context),
            "longrope" or "su" => ReadLongRope(model, fields, theta, context, headDim),
            _ => throw fields.Error("rope_type", type, "default, linear, llama3 or longrope"),
        };
    }

    /// <summary>The context before it was stretched stands beside the object or in it.</summary>
    private static RopeParameters ReadLongRope(JsonFields model, JsonFields fields, double theta, int context, int headDim)
    {
        const string original = "original_max_position_embeddings";
        var holder = fields.TryGet(original, out _) ? fields : model;
        double? factor = fields.TryGet("attention_factor", out _) ? fields.Number("attention_factor", 1e-3, 1e3) : null;
        return RopeParameters.OfLongRope(theta, ReadFactors(fields, "short_factor", headDim / 2), ReadFactors(fields, "long_factor", headDim / 2),
            holder.Int(original, 2, MaxContextTokens), context, factor);
    }

    private static float[] ReadFactors(JsonFields fields, string name, int count)
    {
        var expected = $"a list of {count} positive numbers, one for each pair of a head";
        if (!fields.TryGet(name, out var list)) throw fields.Missing(name, expected);
        if (list.ValueKind != JsonValueKind.Array || list.GetArrayLength() != count) throw fields.Error(name, list, expected);
        var factors = new float[count];
        for (var i = 0; i < count; i++)
        {
            if (list[i].ValueKind != JsonValueKind.Number || !list[i].TryGetSingle(out factors[i]) || !(factors[i] > 0 && float.IsFinite(factors[i]))) throw fields.Error(name, list, expected);
        }

        return factors;
    }

    private static RopeParameters ReadLlama3(JsonFields fields, double theta, int context)
    {
        var low = fields.Number("low_freq_factor", 1e-3, 1e6);
        var high = fields.Number("high_freq_factor", 1e-3, 1e6);
        if (high <= low) throw fields.Error("high_freq_factor", $"{high}", $"more than low_freq_factor, {low}");
        var original = fields.Int("original_max_position_embeddings", 1, MaxContextTokens, context);
        return new RopeParameters(theta, RopeScaling.Llama3, fields.Number("factor", 1, 1e6), low, high, original);
    }
}
