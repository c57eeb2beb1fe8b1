using System.Text.RegularExpressions;

namespace ActorInference.Gpu.Models.Gguf;

/// <summary>What GGUF files call the tensors of a model.</summary>
/// <remarks>Names: https://github.com/ggml-org/llama.cpp/blob/master/gguf-py/gguf/constants.py.</remarks>
internal static partial class GgufNames
{
    /// <summary>How the names of matrices end that are those of a layer's experts, one after the other.</summary>
    public const string ExpertsSuffix = "_exps.weight";

    public const string Head = "output.weight";

    private static readonly Dictionary<string, string> LayerNames = new()
    {
        ["input_layernorm"] = "attn_norm",
        ["self_attn.q_proj"] = "attn_q",
        ["self_attn.k_proj"] = "attn_k",
        ["self_attn.v_proj"] = "attn_v",
        ["self_attn.qkv_proj"] = "attn_qkv",
        ["self_attn.o_proj"] = "attn_output",
        ["self_attn.q_norm"] = "attn_q_norm",
        ["self_attn.k_norm"] = "attn_k_norm",
        ["post_attention_layernorm"] = "ffn_norm",
        ["mlp.gate_proj"] = "ffn_gate",
        ["mlp.up_proj"] = "ffn_up",
        ["mlp.gate_up_proj"] = "ffn_up",
        ["mlp.down_proj"] = "ffn_down",
        ["mlp.gate"] = "ffn_gate_inp",
        ["block_sparse_moe.gate"] = "ffn_gate_inp",
    };

    /// <summary>Gemma's, where they differ: what others call a norm after attention it has before the feed-forward part.</summary>
    private static readonly Dictionary<string, string> GemmaNames = new()
    {
        ["post_attention_layernorm"] = "post_attention_norm",
        ["pre_feedforward_layernorm"] = "ffn_norm",
        ["post_feedforward_layernorm"] = "post_ffw_norm",
    };

    private static readonly Dictionary<string, string> ExpertNames = new()
    {
        ["w1"] = "ffn_gate",
        ["w2"] = "ffn_down",
        ["w3"] = "ffn_up",
        ["gate_proj"] = "ffn_gate",
        ["down_proj"] = "ffn_down",
        ["up_proj"] = "ffn_up",
    };

    /// <summary>The tensor that is stored: the model's own, or one that it is a part of.</summary>
    /// <param name="huggingFace">The tensor's Hugging Face name.</param>
    /// <exception cref="ArgumentException">No known architecture has such a tensor.</exception>
    public static string Of(ModelConfig config, string huggingFace)
    {
        if (huggingFace == ModelTensors.Embedding) return "token_embd.weight";
        if (huggingFace == ModelTensors.FinalNorm) return "output_norm.weight";
        if (huggingFace == ModelTensors.Head) return Head;
        if (FusedTensors.PlaceOf(config, huggingFace) is { } place) huggingFace = place.Fused;
        var layer = InLayer().Match(huggingFace);
        var (name, kind) = (layer.Groups["name"].Value, layer.Groups["kind"].Value);
        var expert = Expert().Match(name);
        var known = expert.Success ? ExpertNames.GetValueOrDefault(expert.Groups["part"].Value)
            : config.IsGemma && GemmaNames.TryGetValue(name, out var gemma) ? gemma
            : LayerNames.GetValueOrDefault(name);
        return known is null
            ? throw new ArgumentException($"'{huggingFace}' is no tensor of a known architecture.", nameof(huggingFace))
            : $"blk.{layer.Groups["layer"].Value}.{known}{(expert.Success ? "_exps" : "")}.{kind}";
    }

    /// <summary>Which expert's a tensor is; null if it is none's.</summary>
    public static int? ExpertOf(string huggingFace)
    {
        var expert = Expert().Match(InLayer().Match(huggingFace).Groups["name"].Value);
        return expert.Success ? int.Parse(expert.Groups["expert"].ValueSpan) : null;
    }

    /// <summary>What older files call one expert's matrix of those that newer ones have together.</summary>
    public static string OfOneExpert(string together, int expert) => together.Replace(ExpertsSuffix, $".{expert}.weight", StringComparison.Ordinal);

    [GeneratedRegex(@"^model\.layers\.(?<layer>\d+)\.(?<name>.+)\.(?<kind>weight|bias)$")]
    private static partial Regex InLayer();

    [GeneratedRegex(@"^(mlp|block_sparse_moe)\.experts\.(?<expert>\d{1,6})\.(?<part>\w+)$")]
    private static partial Regex Expert();
}
