using System.Text.Json;

namespace ActorInference.Gpu.Models;

/// <summary>Fields of config.json that only some families have: windows, caps and experts.</summary>
internal static class FamilyConfig
{
    private const int MaxWindowTokens = 1 << 24;
    private const int MaxExperts = 1024;

    /// <param name="config">What all families have.</param>
    /// <exception cref="ModelFormatException">A field is missing, wrong or not computed.</exception>
    public static ModelConfig Read(ModelConfig config, JsonFields fields) => config.Architecture switch
    {
        ModelArchitecture.Mistral or ModelArchitecture.Phi3 => config with { SlidingWindow = ReadWindow(fields) },
        ModelArchitecture.Gemma2 => ReadGemma(config, fields, globalEvery: 2) with
        {
            AttentionSoftcap = (float)fields.Number("attn_logit_softcapping", 0, 1e6, 0),
            LogitSoftcap = (float)fields.Number("final_logit_softcapping", 0, 1e6, 0),
        },
        ModelArchitecture.Gemma3 => ReadGemma(config, fields, fields.Int("sliding_window_pattern", 1, config.Layers + MaxExperts, 6)) with
        {
            LocalRope = new RopeParameters(fields.Number("rope_local_base_freq", 1, 1e12, 10_000)),
            LogitSoftcap = (float)fields.Number("final_logit_softcapping", 0, 1e6, 0),
        },
        ModelArchitecture.Mixtral => ReadExperts(config, fields, "num_local_experts") with { SlidingWindow = ReadWindow(fields) },
        ModelArchitecture.Qwen3Moe => ReadQwenExperts(config, fields),
        _ => config,
    };

    private static int? ReadWindow(JsonFields fields) => fields.TryGet("sliding_window", out _) ? fields.Int("sliding_window", 1, MaxWindowTokens) : null;

    private static ModelConfig ReadGemma(ModelConfig config, JsonFields fields, int globalEvery)
    {
        CheckLayerTypes(config, fields, globalEvery);
        return config with
        {
            SlidingWindow = ReadWindow(fields),
            GlobalEvery = globalEvery,
            AttentionScale = (float)(1 / Math.Sqrt(fields.Number("query_pre_attn_scalar", 1e-6, 1e9, config.HeadDim))),
        };
    }

    /// <summary>Newer files list the layers; they must be as the family's are.</summary>
    private static void CheckLayerTypes(ModelConfig config, JsonFields fields, int globalEvery)
    {
        if (!fields.TryGet("layer_types", out var types)) return;
        var expected = Enumerable.Range(1, config.Layers).Select(layer => layer % globalEvery == 0 ? "full_attention" : "sliding_attention").ToList();
        if (types.ValueKind != JsonValueKind.Array || !types.EnumerateArray().Select(type => type.ToString()).SequenceEqual(expected))
            throw fields.Error("layer_types", types, $"every {globalEvery}th of {config.Layers} layers full_attention, the others sliding_attention");
    }

    private static ModelConfig ReadExperts(ModelConfig config, JsonFields fields, string count)
    {
        var experts = fields.Int(count, 1, MaxExperts);
        return config with { Experts = experts, ExpertsPerToken = fields.Int("num_experts_per_tok", 1, experts) };
    }

    private static ModelConfig ReadQwenExperts(ModelConfig config, JsonFields fields)
    {
        var step = fields.Int("decoder_sparse_step", 1, MaxExperts, 1);
        if (step != 1) throw fields.Error("decoder_sparse_step", $"{step}", "1; experts in every layer");
        if (fields.TryGet("mlp_only_layers", out var dense) && (dense.ValueKind != JsonValueKind.Array || dense.GetArrayLength() > 0))
            throw fields.Error("mlp_only_layers", dense, "an empty list; experts in every layer");
        return ReadExperts(config, fields, "num_experts") with { NormalizeExperts = fields.Flag("norm_topk_prob", false) };
    }
}
