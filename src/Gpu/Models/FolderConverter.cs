using System.Text.Json;
using System.Text.Json.Nodes;
using ActorInference.Gpu.Models.Gguf;

namespace ActorInference.Gpu.Models;

/// <summary>Writes a model, a GGUF file or a Hugging Face folder, as a Hugging Face folder.</summary>
public static class FolderConverter
{
    private const string ConfigFile = "config.json";

    /// <summary>What goes along from a folder as it is.</summary>
    private static readonly string[] CopiedFiles =
    [
        "tokenizer.json", "tokenizer_config.json", "tokenizer.model", "special_tokens_map.json", "added_tokens.json", "vocab.json", "merges.txt",
        "generation_config.json", "chat_template.jinja", "chat_template.json",
    ];

    /// <param name="source">A GGUF file, or a model folder.</param>
    /// <param name="folder">Created if need be; weights in it are replaced, and gone if this fails.</param>
    /// <param name="dtype">Type of all tensors: F32, F16 or BF16.</param>
    /// <param name="progress">Bytes read.</param>
    /// <param name="maxShardBytes">Most of one file.</param>
    /// <exception cref="ArgumentException">The type is one of blocks.</exception>
    /// <exception cref="ModelFormatException">The source cannot be used, is the target, or has what config.json has no words for.</exception>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    public static void Convert(string source, string folder, WeightDtype dtype, IProgress<LoadProgress>? progress = null, long maxShardBytes = SafetensorsShards.DefaultBytes)
    {
        if (dtype.IsQuantized()) throw new ArgumentException($"dtype is {dtype}; folders have F32, F16 or BF16.", nameof(dtype));
        if (SamePath(folder, source)) throw new ModelFormatException(folder, "target", "the source", "another folder");
        var config = ModelConfig.Load(source);
        var input = GgufFile.Find(source);
        var told = Tellable(config, source) with { Dtype = dtype.TorchName() };
        using var tensors = ModelFiles.Open(source, config);
        // A bad source is refused before anything is written.
        foreach (var spec in ModelTensors.All(config)) WeightCheck.Check(tensors, spec);
        Directory.CreateDirectory(folder);
        SafetensorsShards.DeleteAll(folder);
        try
        {
            if (input is null) CopySmallFiles(source, folder, dtype);
            else WriteSmallFiles(input, folder, told);
            WriteWeights(tensors, config, dtype, folder, progress, maxShardBytes);
        }
        catch
        {
            SafetensorsShards.DeleteAll(folder);
            throw;
        }
    }

    private static bool SamePath(string one, string other) =>
        Path.TrimEndingDirectorySeparator(Path.GetFullPath(one)) == Path.TrimEndingDirectorySeparator(Path.GetFullPath(other));

    /// <summary>The configuration in the words of config.json.</summary>
    private static ModelConfig Tellable(ModelConfig config, string source)
    {
        var attentionBias = config.Architecture == ModelArchitecture.Qwen2 || config.OutputBias;
        if (config.QkvBias != attentionBias) throw new ModelFormatException(source, "biases", $"{(config.QkvBias ? "only" : "not")} on queries, keys and values", "on all projections of attention, or on none");
        if (config.MlpBias && config.Architecture != ModelArchitecture.Llama) throw new ModelFormatException(source, "biases", "on the feed-forward part", "none there, but in a Llama");
        if (config.Rope.FrequencyFactors is null || config.Rope.Scaling == RopeScaling.LongRope) return config;
        return config with { Rope = config.Rope.AsLlama3(config.HeadDim) ?? throw new ModelFormatException(source, GgufModel.RopeFactors, "a table of its own", "the stretch of Llama 3, which config.json has words for") };
    }

    private static void CopySmallFiles(string source, string folder, WeightDtype dtype)
    {
        foreach (var name in CopiedFiles)
        {
            if (File.Exists(Path.Combine(source, name))) File.Copy(Path.Combine(source, name), Path.Combine(folder, name), overwrite: true);
        }

        // Whatever else it says remains.
        var config = JsonNode.Parse(File.ReadAllBytes(Path.Combine(source, ConfigFile)))!.AsObject();
        if (config.ContainsKey("dtype")) config["dtype"] = dtype.TorchName();
        else config["torch_dtype"] = dtype.TorchName();
        File.WriteAllText(Path.Combine(folder, ConfigFile), config.ToJsonString(new JsonSerializerOptions { WriteIndented = true }));
    }

    private static void WriteSmallFiles(string input, string folder, ModelConfig config)
    {
        using var file = GgufFile.Open(input);
        using (var tokenizer = GgufTokenizer.ToJson(file.Metadata)) WriteJson(Path.Combine(folder, "tokenizer.json"), tokenizer.WriteTo);
        ModelConfigWriter.Write(config, Path.Combine(folder, ConfigFile));
        WriteJson(Path.Combine(folder, "tokenizer_config.json"), json => WriteTokenizerConfig(json, file.Metadata));
    }

    private static void WriteTokenizerConfig(Utf8JsonWriter json, GgufMetadata meta)
    {
        var tokens = meta.Texts(GgufModel.TokensKey)!;
        json.WriteStartObject();
        json.WriteString("tokenizer_class", "PreTrainedTokenizerFast");
        foreach (var (name, key) in (ReadOnlySpan<(string, string)>)[("bos_token", GgufModel.BosKey), ("eos_token", GgufModel.EosKey)])
        {
            if (meta.Has(key)) json.WriteString(name, tokens[meta.Int(key, 0, tokens.Length - 1)]);
        }

        if (meta.Text(GgufModel.ChatTemplateKey) is { } template) json.WriteString("chat_template", template);
        json.WriteEndObject();
    }

    private static void WriteJson(string path, Action<Utf8JsonWriter> write)
    {
        using var stream = File.Create(path);
        using var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true });
        write(json);
    }

    private static void WriteWeights(ITensorSource tensors, ModelConfig config, WeightDtype dtype, string folder, IProgress<LoadProgress>? progress, long maxShardBytes)
    {
        var stored = StoredTensors.InFolder(config).ToDictionary(tensor => tensor.Name);
        var shards = SafetensorsShards.Split(stored.Values.Select(tensor => tensor.Spec), dtype, maxShardBytes);
        var rewriter = new TensorRewriter(tensors, config, forGguf: false);
        var total = stored.Values.Sum(tensor => tensor.Spec.Elements) * dtype.SizeBytes();
        var fileOfTensor = new Dictionary<string, string>();
        var done = 0L;
        for (var i = 0; i < shards.Count; i++)
        {
            var name = SafetensorsShards.FileName(i, shards.Count);
            using var writer = new SafetensorsWriter(Path.Combine(folder, name), shards[i], dtype);
            foreach (var spec in shards[i])
            {
                foreach (var part in stored[spec.Name].Parts) rewriter.Write(part, dtype, writer.Write);
                fileOfTensor[spec.Name] = name;
                progress?.Report(new LoadProgress(done += spec.Elements * dtype.SizeBytes(), total, spec.Name));
            }
        }

        if (shards.Count > 1) SafetensorsShards.WriteIndex(folder, fileOfTensor, total);
    }
}
