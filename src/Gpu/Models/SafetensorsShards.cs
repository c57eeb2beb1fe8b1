using System.Text.Json;

namespace ActorInference.Gpu.Models;

/// <summary>The files that a folder's weights are in, as the Hugging Face hub cuts them.</summary>
internal static class SafetensorsShards
{
    /// <summary>A file is at most this large, unless one tensor is larger.</summary>
    public const long DefaultBytes = 5_000_000_000;

    public const string IndexFile = "model.safetensors.index.json";

    /// <summary>Tensors by file, in their order.</summary>
    public static List<List<TensorSpec>> Split(IEnumerable<TensorSpec> tensors, WeightDtype dtype, long maxBytes)
    {
        List<List<TensorSpec>> shards = [[]];
        var size = 0L;
        foreach (var tensor in tensors)
        {
            var bytes = tensor.Elements * dtype.SizeBytes();
            if (size > 0 && size + bytes > maxBytes)
            {
                shards.Add([]);
                size = 0;
            }

            shards[^1].Add(tensor);
            size += bytes;
        }

        return shards;
    }

    public static string FileName(int shard, int count) => count == 1 ? "model.safetensors" : $"model-{shard + 1:00000}-of-{count:00000}.safetensors";

    /// <summary>Deletes all weights of a folder.</summary>
    public static void DeleteAll(string folder)
    {
        foreach (var stale in Directory.EnumerateFiles(folder, "model*.safetensors*")) File.Delete(stale);
    }

    /// <summary>Says which file each tensor is in.</summary>
    public static void WriteIndex(string folder, IReadOnlyDictionary<string, string> fileOfTensor, long totalBytes)
    {
        using var stream = File.Create(Path.Combine(folder, IndexFile));
        using var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true });
        json.WriteStartObject();
        json.WriteStartObject("metadata");
        json.WriteNumber("total_size", totalBytes);
        json.WriteEndObject();
        json.WriteStartObject("weight_map");
        foreach (var (tensor, file) in fileOfTensor) json.WriteString(tensor, file);
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
