using ActorInference.Gpu.Cpu;

namespace ActorInference.Gpu.Models;

/// <summary>Writes a model folder with random weights: the shape and speed of a real model, and none of its sense.</summary>
public static class RandomModel
{
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
        long maxShardBytes = SafetensorsShards.DefaultBytes)
    {
        Directory.CreateDirectory(folder);
        SafetensorsShards.DeleteAll(folder);
        var config = shape.Config with { Dtype = dtype.TorchName(), EosTokenIds = [RandomModelTokenizer.EndOfText] };
        ModelConfigWriter.Write(config, Path.Combine(folder, "config.json"));
        RandomModelTokenizer.Write(config.VocabSize, folder);
        WriteWeights(config, dtype, folder, seed, progress, maxShardBytes);
    }

    private static void WriteWeights(ModelConfig config, WeightDtype dtype, string folder, ulong seed, IProgress<LoadProgress>? progress, long maxShardBytes)
    {
        var shards = SafetensorsShards.Split(ModelTensors.All(config), dtype, maxShardBytes);
        var total = shards.SelectMany(shard => shard).Sum(tensor => tensor.Elements) * dtype.SizeBytes();
        var weightMap = new Dictionary<string, string>();
        long written = 0, firstElement = 0;
        for (var i = 0; i < shards.Count; i++)
        {
            var name = SafetensorsShards.FileName(i, shards.Count);
            using var writer = new SafetensorsWriter(Path.Combine(folder, name), shards[i], dtype);
            foreach (var tensor in shards[i])
            {
                WriteTensor(writer, tensor, config, dtype, seed, firstElement);
                firstElement += (tensor.Elements + 3) / 4 * 4;
                weightMap[tensor.Name] = name;
                progress?.Report(new LoadProgress(written += tensor.Elements * dtype.SizeBytes(), total, tensor.Name));
            }
        }

        if (shards.Count > 1) SafetensorsShards.WriteIndex(folder, weightMap, total);
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
}
