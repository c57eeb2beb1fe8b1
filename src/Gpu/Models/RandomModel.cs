using System.Text.Json;
using ActorInference.Gpu.Cpu;

namespace ActorInference.Gpu.Models;

/// <summary>Writes a model folder with random weights: the shape and speed of a real model, and none of its sense.</summary>
public static class RandomModel
{
    /// <summary>Shards are at most this large, as on the Hugging Face hub.</summary>
    public const long DefaultShardBytes = 5_000_000_000;

    private const int ChunkElements = 1 << 22;
    private const int BlockElements = 1 << 16;

    /// <summary>
    /// Writes config.json, weights in one file or several, a byte-level tokenizer.json and tokenizer_config.json. The same shape, type and
    /// seed give the same bytes.
    /// </summary>
    /// <param name="folder">Created if need be; files of these names are overwritten.</param>
    /// <param name="progress">Bytes of weights written.</param>
    /// <exception cref="IOException">The folder cannot be written, or the disk is full.</exception>
    public static void Write(ModelShape shape, WeightDtype dtype, string folder, ulong seed = 1, IProgress<LoadProgress>? progress = null,
        long maxShardBytes = DefaultShardBytes)
    {
        Directory.CreateDirectory(folder);
        foreach (var stale in Directory.EnumerateFiles(folder, "model*.safetensors*")) File.Delete(stale);
        var config = shape.Config with { Dtype = DtypeName(dtype), EosTokenIds = [RandomModelTokenizer.EndOfText] };
        ModelConfigWriter.Write(config, Path.Combine(folder, "config.json"));
        RandomModelTokenizer.Write(config.VocabSize, folder);
        WriteWeights(config, dtype, folder, seed, progress, maxShardBytes);
    }

    private static string DtypeName(WeightDtype dtype) => dtype switch
    {
        WeightDtype.F32 => "float32",
        WeightDtype.F16 => "float16",
        _ => "bfloat16",
    };

    private static void WriteWeights(ModelConfig config, WeightDtype dtype, string folder, ulong seed, IProgress<LoadProgress>? progress, long maxShardBytes)
    {
        var shards = Shards(ModelTensors.All(config), dtype, maxShardBytes);
        var total = shards.SelectMany(shard => shard).Sum(tensor => tensor.Elements) * dtype.SizeBytes();
        var weightMap = new Dictionary<string, string>();
        long written = 0, firstElement = 0;
        for (var i = 0; i < shards.Count; i++)
        {
            var name = shards.Count == 1 ? "model.safetensors" : $"model-{i + 1:00000}-of-{shards.Count:00000}.safetensors";
            using var writer = new SafetensorsWriter(Path.Combine(folder, name), shards[i], dtype);
            foreach (var tensor in shards[i])
            {
                WriteTensor(writer, tensor, config, dtype, seed, firstElement);
                firstElement += (tensor.Elements + 3) / 4 * 4;
                weightMap[tensor.Name] = name;
                progress?.Report(new LoadProgress(written += tensor.Elements * dtype.SizeBytes(), total, tensor.Name));
            }
        }

        if (shards.Count > 1) WriteIndex(Path.Combine(folder, "model.safetensors.index.json"), weightMap, total);
    }

    private static List<List<TensorSpec>> Shards(IEnumerable<TensorSpec> tensors, WeightDtype dtype, long maxShardBytes)
    {
        List<List<TensorSpec>> shards = [[]];
        var size = 0L;
        foreach (var tensor in tensors)
        {
            var bytes = tensor.Elements * dtype.SizeBytes();
            if (size > 0 && size + bytes > maxShardBytes)
            {
                shards.Add([]);
                size = 0;
            }

            shards[^1].Add(tensor);
            size += bytes;
        }

        return shards;
    }

    private static void WriteTensor(SafetensorsWriter writer, TensorSpec tensor, ModelConfig config, WeightDtype dtype, ulong seed, long firstElement)
    {
        var (mean, deviation) = Distribution(tensor, config);
        var floats = new float[(int)Math.Min(ChunkElements, tensor.Elements)];
        var bytes = new byte[floats.Length * dtype.SizeBytes()];
        for (long done = 0; done < tensor.Elements; done += floats.Length)
        {
            var count = (int)Math.Min(floats.Length, tensor.Elements - done);
            var first = firstElement + done;
            Parallel.For(0, (count + BlockElements - 1) / BlockElements, block =>
            {
                var start = block * BlockElements;
                var values = floats.AsSpan(start, Math.Min(BlockElements, count - start));
                NormalNumbers.Fill(seed << 40, first + start, values);
                for (var i = 0; i < values.Length; i++) values[i] = mean + deviation * values[i];
                WeightReader.Narrow(values, dtype, bytes.AsSpan(start * dtype.SizeBytes()));
            });
            writer.Write(bytes.AsSpan(0, count * dtype.SizeBytes()));
        }
    }

    /// <summary>Deviations that keep activations of the order of one through any number of layers.</summary>
    private static (float Mean, float Deviation) Distribution(TensorSpec tensor, ModelConfig config) => tensor.Role switch
    {
        TensorRole.Norm => (1, 0.05f),
        TensorRole.Bias => (0, 0.05f),
        TensorRole.ResidualProjection => (0, 1 / MathF.Sqrt(tensor.Shape[1] * 2f * config.Layers)),
        _ => (0, 1 / MathF.Sqrt(tensor.Shape[1])),
    };

    private static void WriteIndex(string path, Dictionary<string, string> weightMap, long totalBytes)
    {
        using var stream = File.Create(path);
        using var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true });
        json.WriteStartObject();
        json.WriteStartObject("metadata");
        json.WriteNumber("total_size", totalBytes);
        json.WriteEndObject();
        json.WriteStartObject("weight_map");
        foreach (var (tensor, file) in weightMap) json.WriteString(tensor, file);
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
