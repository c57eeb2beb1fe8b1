using System.Runtime.CompilerServices;

namespace ActorInference.Gpu.Models.Gguf;

/// <summary>The shape of a model from the head of its GGUF file.</summary>
internal static class GgufModel
{
    internal const string TokensKey = "tokenizer.ggml.tokens";
    internal const string RopeFactors = "rope_freqs.weight";
    internal const string ShortRopeFactors = "rope_factors_short.weight";
    internal const string LongRopeFactors = "rope_factors_long.weight";
    private const int MaxWidth = 1 << 17;
    private const int MaxCount = 1024;
    private const int MaxVocab = 1 << 22;
    private const int MaxContextTokens = 1 << 24;

    /// <summary>Tokens that end a turn, under the names that model families give them.</summary>
    private static readonly string[] EndOfTurn = ["<|eot_id|>", "<|im_end|>", "<|end|>", "<end_of_turn>", "<|endoftext|>", "<|eom_id|>"];

    /// <summary>Several share a name; the first is what a file means that says no more.</summary>
    private static readonly (string Name, ModelArchitecture Architecture)[] Architectures =
    [
        ("llama", ModelArchitecture.Llama),
        ("llama", ModelArchitecture.Mistral),
        ("llama", ModelArchitecture.Mixtral),
        ("qwen2", ModelArchitecture.Qwen2),
        ("qwen3", ModelArchitecture.Qwen3),
        ("qwen3moe", ModelArchitecture.Qwen3Moe),
        ("phi3", ModelArchitecture.Phi3),
        ("gemma2", ModelArchitecture.Gemma2),
        ("gemma3", ModelArchitecture.Gemma3),
    ];

    /// <summary>The name that files have for an architecture.</summary>
    public static string NameOf(ModelArchitecture architecture) => Architectures.First(pair => pair.Architecture == architecture).Name;

    /// <exception cref="ModelFormatException">A key is missing, wrong or absurd.</exception>
    public static ModelConfig ReadConfig(GgufFile file)
    {
        var meta = file.Metadata;
        var expected = $"one of {string.Join(", ", Architectures.Select(pair => pair.Name).Distinct())}";
        var name = meta.Text("general.architecture") ?? throw meta.Missing("general.architecture", expected);
        var known = Array.FindIndex(Architectures, pair => pair.Name == name);
        if (known < 0) throw meta.Error("general.architecture", expected);
        var hidden = meta.Int($"{name}.embedding_length", 1, MaxWidth);
        var heads = meta.Int($"{name}.attention.head_count", 1, MaxCount);
        var kvHeads = meta.Int($"{name}.attention.head_count_kv", 1, MaxCount, heads);
        if (heads % kvHeads != 0) throw meta.Error($"{name}.attention.head_count_kv", $"a divisor of the {heads} heads");
        var headDim = ReadHeadDim(meta, name, hidden, heads);
        var vocab = meta.Texts(TokensKey)?.Length ?? meta.Int($"{name}.vocab_size", 1, MaxVocab);
        var config = new ModelConfig
        {
            Architecture = Architectures[known].Architecture,
            HiddenSize = hidden,
            IntermediateSize = meta.Int($"{name}.feed_forward_length", 1, MaxWidth),
            Layers = meta.Int($"{name}.block_count", 1, MaxCount),
            Heads = heads,
            KvHeads = kvHeads,
            HeadDim = headDim,
            VocabSize = vocab,
            MaxPositionEmbeddings = meta.Int($"{name}.context_length", 1, MaxContextTokens),
            RmsNormEps = (float)meta.Number($"{name}.attention.layer_norm_rms_epsilon", 1e-12, 1e-1, 1e-5),
            Rope = ReadRope(file, name, headDim / 2),
            TieWordEmbeddings = !file.Tensors.ContainsKey(GgufNames.Head),
            QkvBias = file.Tensors.ContainsKey("blk.0.attn_q.bias"),
            OutputBias = file.Tensors.ContainsKey("blk.0.attn_output.bias"),
            MlpBias = file.Tensors.ContainsKey("blk.0.ffn_gate.bias"),
            BosTokenId = meta.Has(BosKey) ? meta.Int(BosKey, 0, vocab - 1) : null,
            EosTokenIds = [.. EndIds(meta, vocab)],
        };
        return GgufFamilies.Read(config, file);
    }

    /// <summary>Writes what <see cref="ReadConfig"/> reads, but for what is told by tensors and the tokenizer.</summary>
    /// <param name="fileType">The number that the format has for the type of most tensors.</param>
    public static void WriteConfig(GgufWriter writer, ModelConfig config, uint fileType)
    {
        var name = NameOf(config.Architecture);
        writer.Set("general.architecture", name);
        writer.Set("general.file_type", fileType);
        writer.Set($"{name}.embedding_length", (uint)config.HiddenSize);
        writer.Set($"{name}.feed_forward_length", (uint)config.IntermediateSize);
        writer.Set($"{name}.block_count", (uint)config.Layers);
        writer.Set($"{name}.context_length", (uint)config.MaxPositionEmbeddings);
        writer.Set($"{name}.vocab_size", (uint)config.VocabSize);
        writer.Set($"{name}.attention.head_count", (uint)config.Heads);
        writer.Set($"{name}.attention.head_count_kv", (uint)config.KvHeads);
        writer.Set($"{name}.attention.key_length", (uint)config.HeadDim);
        writer.Set($"{name}.attention.value_length", (uint)config.HeadDim);
        writer.Set($"{name}.attention.layer_norm_rms_epsilon", config.RmsNormEps);
        writer.Set($"{name}.rope.dimension_count", (uint)config.HeadDim);
        writer.Set($"{name}.rope.freq_base", (float)config.Rope.Theta);
        GgufFamilies.Write(writer, config, name);
        if (config.Rope.Scaling == RopeScaling.LongRope)
        {
            writer.Set($"{name}.rope.scaling.type", "longrope");
            writer.Set($"{name}.rope.scaling.original_context_length", (uint)config.Rope.OriginalContextTokens);
            writer.Set($"{name}.rope.scaling.attn_factor", (float)config.Rope.AttentionFactor);
        }

        if (config.Rope.Scaling != RopeScaling.Linear) return;
        writer.Set($"{name}.rope.scaling.type", "linear");
        writer.Set($"{name}.rope.scaling.factor", (float)config.Rope.Factor);
    }

    internal const string ChatTemplateKey = "tokenizer.chat_template";
    internal const string BosKey = "tokenizer.ggml.bos_token_id";
    internal const string EosKey = "tokenizer.ggml.eos_token_id";

    private static int ReadHeadDim(GgufMetadata meta, string name, int hidden, int heads)
    {
        var key = $"{name}.attention.key_length";
        if (!meta.Has(key) && hidden % heads != 0) throw meta.Error($"{name}.attention.head_count", $"a divisor of the width, {hidden}");
        var headDim = meta.Int(key, 2, MaxCount, hidden / heads);
        if (headDim < 2 || headDim % 2 != 0) throw new ModelFormatException(meta.Path, key, $"{headDim}", "an even number, as rotation works on pairs");
        foreach (var same in (string[])[$"{name}.attention.value_length", $"{name}.rope.dimension_count"])
        {
            if (meta.Int(same, 1, MaxWidth, headDim) != headDim) throw meta.Error(same, $"{headDim}, the length of a key");
        }

        return headDim;
    }

    /// <param name="pairs">Of a head.</param>
    private static RopeParameters ReadRope(GgufFile file, string name, int pairs)
    {
        var meta = file.Metadata;
        var theta = meta.Number($"{name}.rope.freq_base", 1, 1e12, 10_000);
        var scaling = meta.Text($"{name}.rope.scaling.type") ?? "none";
        if (file.Tensors.TryGetValue(LongRopeFactors, out var longFactors)) return ReadLongRope(file, name, theta, longFactors, pairs);
        var rope = scaling switch
        {
            "none" => new RopeParameters(theta),
            "linear" => new RopeParameters(theta, RopeScaling.Linear, meta.Number($"{name}.rope.scaling.factor", 1, 1e6)),
            _ => throw meta.Error($"{name}.rope.scaling.type", "none or linear"),
        };
        return file.Tensors.TryGetValue(RopeFactors, out var factors) ? rope with { FrequencyFactors = ReadFactors(file, factors, pairs) } : rope;
    }

    /// <summary>Two tables of factors; the key of the scaling's type may be there or not.</summary>
    private static RopeParameters ReadLongRope(GgufFile file, string name, double theta, TensorEntry longFactors, int pairs)
    {
        var meta = file.Metadata;
        if (!file.Tensors.TryGetValue(ShortRopeFactors, out var shortFactors)) throw new ModelFormatException(file.Path, ShortRopeFactors, "missing", $"there beside {LongRopeFactors}");
        var context = meta.Int($"{name}.context_length", 1, MaxContextTokens);
        var original = meta.Int($"{name}.rope.scaling.original_context_length", 2, MaxContextTokens, context);
        return RopeParameters.OfLongRope(theta, ReadFactors(file, shortFactors, pairs), ReadFactors(file, longFactors, pairs), original, context,
            meta.Number($"{name}.rope.scaling.attn_factor", 1e-3, 1e3, 1));
    }

    /// <summary>A stretch of wavelengths that comes as a table.</summary>
    private static unsafe float[] ReadFactors(GgufFile file, TensorEntry entry, int pairs)
    {
        if (entry.Dtype != nameof(WeightDtype.F32) || !entry.Shape.SequenceEqual([pairs])) throw new ModelFormatException(file.Path, entry.Name, $"{entry.Dtype} {entry.ShapeText}", $"F32 [{pairs}], a number for each pair of a head");
        using var view = file.Map(entry);
        var factors = new float[entry.Shape[0]];
        for (var i = 0; i < factors.Length; i++)
        {
            factors[i] = Unsafe.ReadUnaligned<float>(view.Data + 4L * i);
            if (!(factors[i] > 0 && float.IsFinite(factors[i]))) throw new ModelFormatException(file.Path, entry.Name, $"{factors[i]} somewhere", "positive numbers");
        }

        return factors;
    }

    private static IEnumerable<int> EndIds(GgufMetadata meta, int vocab)
    {
        var ids = new SortedSet<int>();
        foreach (var key in (string[])[EosKey, "tokenizer.ggml.eot_token_id"])
        {
            if (meta.Has(key)) ids.Add(meta.Int(key, 0, vocab - 1));
        }

        var tokens = meta.Texts(TokensKey) ?? [];
        foreach (var name in EndOfTurn)
        {
            if (Array.IndexOf(tokens, name) is >= 0 and var id) ids.Add(id);
        }

        return ids;
    }
}
