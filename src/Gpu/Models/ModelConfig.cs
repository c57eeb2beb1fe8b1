using System.Collections.Immutable;
using ActorInference.Gpu.Models.Gguf;

namespace ActorInference.Gpu.Models;

/// <summary>The shape of a decoder-only model, as its Hugging Face config.json states it, validated.</summary>
public sealed record ModelConfig
{
    public required ModelArchitecture Architecture { get; init; }

    /// <summary>Width of the residual stream.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Width of the gated feed-forward layer.</summary>
    public required int IntermediateSize { get; init; }

    public required int Layers { get; init; }

    /// <summary>Query heads; a multiple of <see cref="KvHeads"/>.</summary>
    public required int Heads { get; init; }

    public required int KvHeads { get; init; }

    /// <summary>Elements of one head; even.</summary>
    public required int HeadDim { get; init; }

    public required int VocabSize { get; init; }

    /// <summary>Longest sequence the model was made for, in tokens.</summary>
    public required int MaxPositionEmbeddings { get; init; }

    public required float RmsNormEps { get; init; }

    public required RopeParameters Rope { get; init; }

    /// <summary>The output head is the embedding table.</summary>
    public required bool TieWordEmbeddings { get; init; }

    /// <summary>Query, key and value projections have a bias.</summary>
    public bool QkvBias { get; init; }

    /// <summary>The attention's output projection has a bias.</summary>
    public bool OutputBias { get; init; }

    /// <summary>Gate, up and down projections have a bias.</summary>
    public bool MlpBias { get; init; }

    /// <summary>Each query and key head is normalized before rotation.</summary>
    public bool QkNorm => Architecture is ModelArchitecture.Qwen3 or ModelArchitecture.Qwen3Moe or ModelArchitecture.Gemma3;

    /// <summary>Gemma: norms before and after each half of a layer, weights of norms less one, GELU, embeddings scaled by the root of their width.</summary>
    public bool IsGemma => Architecture is ModelArchitecture.Gemma2 or ModelArchitecture.Gemma3;

    /// <summary>Tokens, with itself, that a token sees in layers with a window; null for all of them.</summary>
    public int? SlidingWindow { get; init; }

    /// <summary>Every so many layers the last has no window; 0 if all have one.</summary>
    public int GlobalEvery { get; init; }

    /// <summary>Rotation of layers with a window; null for the others'.</summary>
    public RopeParameters? LocalRope { get; init; }

    /// <summary>What products of queries and keys are multiplied by; null for one over the root of the head's elements.</summary>
    public float? AttentionScale { get; init; }

    /// <summary>Scores x become cap tanh(x / cap); 0 for no cap.</summary>
    public float AttentionSoftcap { get; init; }

    /// <summary>The same for logits.</summary>
    public float LogitSoftcap { get; init; }

    /// <summary>Feed-forward layers of each layer, of which a token passes some; 0 for one that all pass. Then <see cref="IntermediateSize"/> is an expert's.</summary>
    public int Experts { get; init; }

    /// <summary>Experts that a token passes.</summary>
    public int ExpertsPerToken { get; init; }

    /// <summary>Weights of the chosen experts add up to 1.</summary>
    public bool NormalizeExperts { get; init; } = true;

    /// <summary>The window of one layer; null for none.</summary>
    public int? WindowOf(int layer) => GlobalEvery > 0 && (layer + 1) % GlobalEvery == 0 ? null : SlidingWindow;

    /// <summary>What config.json calls the weights' type; the tensors' own types decide.</summary>
    public string? Dtype { get; init; }

    /// <summary>Null if the model has none.</summary>
    public int? BosTokenId { get; init; }

    /// <summary>Ids that end a text, of config.json and generation_config.json together; may be empty.</summary>
    public ImmutableArray<int> EosTokenIds { get; init; } = [];

    /// <summary>Elements of all query heads.</summary>
    public int QuerySize => Heads * HeadDim;

    /// <summary>Elements of all key (or value) heads.</summary>
    public int KvSize => KvHeads * HeadDim;

    /// <summary>Parameters that a token is multiplied with on its way through, the output head included.</summary>
    public long MatmulParameters =>
        Layers * ((long)HiddenSize * (2 * QuerySize + 2 * KvSize) + 3L * HiddenSize * IntermediateSize * Math.Max(1, ExpertsPerToken) + (long)HiddenSize * Experts) + (long)HiddenSize * VocabSize;

    /// <summary>Reads <c>config.json</c> and, for end-of-text ids, <c>generation_config.json</c> if there.</summary>
    /// <param name="folder">A Hugging Face model folder, or a GGUF file.</param>
    /// <exception cref="ModelFormatException">A file or field is missing, wrong or absurd.</exception>
    public static ModelConfig Load(string folder)
    {
        if (GgufFile.Find(folder) is { } path)
        {
            using var file = GgufFile.Open(path);
            return GgufModel.ReadConfig(file);
        }

        if (!Directory.Exists(folder)) throw new ModelFormatException(folder, "folder", "missing", "a Hugging Face model folder");
        var fields = JsonFields.Read(Path.Combine(folder, "config.json"), "a Hugging Face model configuration");
        var config = ModelConfigReader.Read(fields);
        var generation = GenerationDefaults.Load(folder, config.VocabSize);
        return config with { EosTokenIds = [.. config.EosTokenIds.Union(generation.EosTokenIds)] };
    }
}
