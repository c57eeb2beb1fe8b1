using System.Text.RegularExpressions;

namespace ActorInference.Gpu.Models.Gguf;

/// <summary>The tensors of a GGUF file by their Hugging Face names.</summary>
internal sealed partial class GgufTensors : ITensorSource
{
    private static readonly (string HuggingFace, string Gguf)[] LayerNames =
    [
        ("input_layernorm", "attn_norm"), ("self_attn.q_proj", "attn_q"), ("self_attn.k_proj", "attn_k"), ("self_attn.v_proj", "attn_v"),
        ("self_attn.o_proj", "attn_output"), ("self_attn.q_norm", "attn_q_norm"), ("self_attn.k_norm", "attn_k_norm"),
        ("post_attention_layernorm", "ffn_norm"), ("mlp.gate_proj", "ffn_gate"), ("mlp.up_proj", "ffn_up"), ("mlp.down_proj", "ffn_down"),
    ];

    private readonly GgufFile _file;
    private readonly ModelConfig _config;

    private GgufTensors(GgufFile file, ModelConfig config) => (_file, _config) = (file, config);

    /// <exception cref="ModelFormatException">The file breaks its format.</exception>
    public static GgufTensors Open(string path, ModelConfig config) => new(GgufFile.Open(path), config);

    /// <summary>The name that GGUF files have for a tensor.</summary>
    public static string NameOf(string huggingFace)
    {
        if (huggingFace == ModelTensors.Embedding) return "token_embd.weight";
        if (huggingFace == ModelTensors.FinalNorm) return "output_norm.weight";
        if (huggingFace == ModelTensors.Head) return "output.weight";
        var layer = InLayer().Match(huggingFace);
        var name = layer.Groups["name"].Value;
        var pair = Array.Find(LayerNames, pair => pair.HuggingFace == name);
        return pair.Gguf is null
            ? throw new ArgumentException($"'{huggingFace}' is no tensor of a known architecture.", nameof(huggingFace))
            : $"blk.{layer.Groups["layer"].Value}.{pair.Gguf}.{layer.Groups["kind"].Value}";
    }

    public (string Path, TensorEntry Entry) Find(string name) =>
        _file.Tensors.TryGetValue(NameOf(name), out var entry)
            ? (_file.Path, entry)
            : throw new ModelFormatException(_file.Path, NameOf(name), "missing", "a tensor that the file's architecture needs");

    public TensorView Map(string name) => _file.Map(Find(name).Entry);

    /// <summary>
    /// Files of the architecture llama keep the two halves of a query or key head in turn, for a rotation of neighbours;
    /// here as in Hugging Face the halves are one after the other.
    /// </summary>
    public int SourceRow(string name, int row) => IsInterleaved(_config.Architecture, name) ? Interleaved(row, _config.HeadDim) : row;

    /// <summary>Whether a tensor's rows are in another order in GGUF files.</summary>
    public static bool IsInterleaved(ModelArchitecture architecture, string name) =>
        architecture == ModelArchitecture.Llama && (name.Contains(".q_proj.", StringComparison.Ordinal) || name.Contains(".k_proj.", StringComparison.Ordinal));

    /// <summary>Where in a file a row of a query or key projection is.</summary>
    public static int Interleaved(int row, int headDim)
    {
        var (head, element) = Math.DivRem(row, headDim);
        var (half, pair) = Math.DivRem(element, headDim / 2);
        return head * headDim + 2 * pair + half;
    }

    /// <summary>Which row of a query or key projection is there in a file: the inverse of <see cref="Interleaved"/>.</summary>
    public static int Deinterleaved(int fileRow, int headDim)
    {
        var (head, element) = Math.DivRem(fileRow, headDim);
        var (pair, half) = Math.DivRem(element, 2);
        return head * headDim + half * (headDim / 2) + pair;
    }

    public void Dispose() => _file.Dispose();

    [GeneratedRegex(@"^model\.layers\.(?<layer>\d+)\.(?<name>.+)\.(?<kind>weight|bias)$")]
    private static partial Regex InLayer();
}
