using System.Buffers.Binary;
using System.Text;
using System.Text.Json.Nodes;
using ActorInference.Gpu.Models;

namespace ActorInference.Gpu.Tests.Models;

/// <summary>A copy of a small good model, to be spoilt and thrown away.</summary>
internal sealed class ModelFolder : IDisposable
{
    public ModelFolder(string fixture = "linear")
    {
        Path = Directory.CreateTempSubdirectory("actorinference-model-").FullName;
        foreach (var file in Directory.EnumerateFiles(System.IO.Path.Combine(AppContext.BaseDirectory, "Fixtures", fixture)))
            System.IO.File.Copy(file, System.IO.Path.Combine(Path, System.IO.Path.GetFileName(file)));
    }

    public string Path { get; }

    public string Config => File("config.json");

    public string Weights => File("model.safetensors");

    public string File(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>Sets a field of config.json to a JSON value, or removes it for null.</summary>
    public void SetConfig(string field, string? json)
    {
        var config = JsonNode.Parse(System.IO.File.ReadAllText(Config))!.AsObject();
        config.Remove(field);
        if (json is not null) config[field] = JsonNode.Parse(json);
        System.IO.File.WriteAllText(Config, config.ToJsonString());
    }

    /// <summary>A tokenizer as large as the vocabulary: fixtures of numerics have none.</summary>
    public void AddTokenizer()
    {
        var vocab = string.Join(",", Enumerable.Range(0, ModelConfig.Load(Path).VocabSize).Select(id => $"\"t{id}\":{id}"));
        System.IO.File.WriteAllText(File("tokenizer.json"), $$$"""{"pre_tokenizer":{"type":"ByteLevel"},"model":{"type":"BPE","vocab":{{{{vocab}}}},"merges":[]}}""");
    }

    /// <summary>Changes the header of the weights and leaves their data as it is.</summary>
    public void EditHeader(Action<JsonObject> edit)
    {
        var bytes = System.IO.File.ReadAllBytes(Weights);
        var length = (int)BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        var header = JsonNode.Parse(bytes.AsSpan(8, length))!.AsObject();
        edit(header);
        WriteWeights(Encoding.UTF8.GetBytes(header.ToJsonString()), bytes.AsSpan(8 + length));
    }

    public void WriteWeights(ReadOnlySpan<byte> header, ReadOnlySpan<byte> data, ulong? headerLength = null)
    {
        var file = new byte[8 + header.Length + data.Length];
        BinaryPrimitives.WriteUInt64LittleEndian(file, headerLength ?? (ulong)header.Length);
        header.CopyTo(file.AsSpan(8));
        data.CopyTo(file.AsSpan(8 + header.Length));
        System.IO.File.WriteAllBytes(Weights, file);
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
