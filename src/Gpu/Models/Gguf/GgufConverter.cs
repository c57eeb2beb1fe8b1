using ActorInference.Gpu.Cpu;
using ActorInference.Gpu.Cpu.Quantized;

namespace ActorInference.Gpu.Models.Gguf;

/// <summary>Writes a model, a Hugging Face folder or a GGUF file, as a GGUF file.</summary>
public static unsafe class GgufConverter
{
    private const int ChunkElements = 1 << 22;

    /// <param name="source">A model folder or a GGUF file.</param>
    /// <param name="target">Path of the file to write; overwritten, and gone if this fails.</param>
    /// <param name="dtype">Type of the matrices. One whose rows are no whole number of its blocks becomes a neighbouring type.</param>
    /// <param name="progress">Bytes read.</param>
    /// <exception cref="ModelFormatException">The source cannot be used.</exception>
    /// <exception cref="IOException">The target cannot be written.</exception>
    public static void Convert(string source, string target, WeightDtype dtype, IProgress<LoadProgress>? progress = null)
    {
        var config = ModelConfig.Load(source);
        if (GgufModel.NameOf(config.Architecture) is null)
            throw new ModelFormatException(source, "architectures", $"{config.Architecture}", "one that GGUF files are written for: Llama, Qwen2 or Qwen3");
        var input = GgufFile.Find(source);
        if (input is not null && Path.GetFullPath(input) == Path.GetFullPath(target))
            throw new ModelFormatException(target, "target", "the source", "another file");
        using var tensors = ModelFiles.Open(source, config);
        try
        {
            using var writer = new GgufWriter(target);
            WriteModel(writer, config, dtype);
            if (input is null) GgufVocabulary.Write(writer, source, config);
            else CopyTokenizer(writer, input);
            WriteTensors(writer, tensors, config, dtype, progress);
        }
        catch
        {
            File.Delete(target);
            throw;
        }
    }

    /// <summary>The type that a tensor gets: as llama.cpp chooses, so that its tools take the file.</summary>
    public static WeightDtype TypeOf(TensorSpec tensor, WeightDtype dtype, bool tied)
    {
        if (tensor.Shape.Length == 1) return WeightDtype.F32;
        // The head decides between tokens that are close; it is worth more bits.
        var wanted = dtype == WeightDtype.Q4_K && (tensor.Role == TensorRole.Head || (tied && tensor.Role == TensorRole.Embedding)) ? WeightDtype.Q6_K : dtype;
        if (tensor.Shape[^1] % wanted.BlockElements() == 0) return wanted;
        var fallback = wanted switch { WeightDtype.Q4_K => WeightDtype.Q5_0, WeightDtype.Q6_K => WeightDtype.Q8_0, _ => WeightDtype.F16 };
        return tensor.Shape[^1] % fallback.BlockElements() == 0 ? fallback : WeightDtype.F16;
    }

    private static void WriteModel(GgufWriter writer, ModelConfig config, WeightDtype dtype)
    {
        var name = GgufModel.NameOf(config.Architecture)!;
        if (HasRopeFactors(config)) writer.Add("rope_freqs.weight", [config.HeadDim / 2], WeightDtype.F32);
        writer.Set("general.architecture", name);
        writer.Set("general.file_type", FileType(dtype));
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
        if (config.Rope.Scaling != RopeScaling.Linear) return;
        writer.Set($"{name}.rope.scaling.type", "linear");
        writer.Set($"{name}.rope.scaling.factor", (float)config.Rope.Factor);
    }

    /// <summary>The number that the format has for the type of most tensors.</summary>
    private static uint FileType(WeightDtype dtype) => dtype switch
    {
        WeightDtype.F32 => 0,
        WeightDtype.F16 => 1,
        WeightDtype.Q4_0 => 2,
        WeightDtype.Q8_0 => 7,
        WeightDtype.Q5_0 => 8,
        WeightDtype.Q4_K => 14,
        WeightDtype.Q6_K => 18,
        _ => 32,
    };

    private static void CopyTokenizer(GgufWriter writer, string input)
    {
        using var file = GgufFile.Open(input);
        foreach (var (key, value) in file.Metadata.Values)
        {
            if (key.StartsWith("tokenizer.", StringComparison.Ordinal)) writer.Set(key, value);
        }
    }

    private static void WriteTensors(GgufWriter writer, ITensorSource tensors, ModelConfig config, WeightDtype dtype, IProgress<LoadProgress>? progress)
    {
        var specs = ModelTensors.All(config).ToList();
        foreach (var spec in specs) writer.Add(GgufTensors.NameOf(spec.Name), spec.Shape, TypeOf(spec, dtype, config.TieWordEmbeddings));
        writer.WriteHead();
        if (HasRopeFactors(config)) WriteRopeFactors(writer, config);
        var total = specs.Sum(spec => tensors.Find(spec.Name).Entry.LengthBytes);
        var done = 0L;
        foreach (var spec in specs)
        {
            WriteTensor(writer, tensors, config, spec, TypeOf(spec, dtype, config.TieWordEmbeddings));
            writer.Pad();
            progress?.Report(new LoadProgress(done += tensors.Find(spec.Name).Entry.LengthBytes, total, spec.Name));
        }
    }

    private static bool HasRopeFactors(ModelConfig config) => config.Rope.Scaling == RopeScaling.Llama3 || config.Rope.FrequencyFactors is not null;

    private static void WriteRopeFactors(GgufWriter writer, ModelConfig config)
    {
        var plain = new RopeParameters(config.Rope.Theta).InverseFrequencies(config.HeadDim);
        var scaled = config.Rope.InverseFrequencies(config.HeadDim);
        for (var i = 0; i < plain.Length; i++) writer.Write(BitConverter.GetBytes((float)(plain[i] / scaled[i])));
        writer.Pad();
    }

    private static void WriteTensor(GgufWriter writer, ITensorSource tensors, ModelConfig config, TensorSpec spec, WeightDtype dtype)
    {
        using var view = tensors.Map(spec.Name);
        if (!WeightDtypes.TryParse(view.Entry.Dtype, out var from)) throw new ModelFormatException(tensors.Find(spec.Name).Path, $"{spec.Name}.dtype", view.Entry.Dtype, "F32, F16 or BF16");
        var (rows, columns) = spec.Shape.Length == 1 ? (1, spec.Shape[0]) : (spec.Shape[0], spec.Shape[1]);
        var isMoved = GgufTensors.IsInterleaved(config.Architecture, spec.Name);
        var chunkRows = Math.Clamp(ChunkElements / columns, 1, rows);
        var rowBytes = dtype.RowBytes(columns);
        var chunk = new byte[chunkRows * rowBytes];
        for (var first = 0; first < rows; first += chunkRows)
        {
            var count = Math.Min(chunkRows, rows - first);
            var start = first;
            fixed (byte* target = chunk)
            {
                var pinned = (nint)target;
                var data = (nint)view.Data;
                Parallel.For(0, count, row =>
                {
                    var wanted = isMoved && spec.Shape.Length == 2 ? GgufTensors.Deinterleaved(start + row, config.HeadDim) : start + row;
                    var source = (byte*)data + tensors.SourceRow(spec.Name, wanted) * from.RowBytes(columns);
                    ConvertRow(from, source, columns, dtype, (byte*)pinned + row * rowBytes);
                });
            }

            if (isMoved && spec.Shape.Length == 1) MoveBias(chunk, dtype, config.HeadDim, index => tensors.SourceRow(spec.Name, index));
            writer.Write(chunk.AsSpan(0, (int)(count * rowBytes)));
        }
    }

    /// <summary>A bias of query or key heads, whose elements are where the rows of their weights are.</summary>
    private static void MoveBias(byte[] bytes, WeightDtype dtype, int headDim, Func<int, int> sourceOf)
    {
        var size = dtype.SizeBytes();
        var original = bytes.ToArray();
        for (var i = 0; i < bytes.Length / size; i++)
            original.AsSpan(sourceOf(GgufTensors.Deinterleaved(i, headDim)) * size, size).CopyTo(bytes.AsSpan(i * size));
    }

    private static void ConvertRow(WeightDtype from, byte* source, int columns, WeightDtype dtype, byte* target)
    {
        if (from == dtype)
        {
            Buffer.MemoryCopy(source, target, dtype.RowBytes(columns), dtype.RowBytes(columns));
            return;
        }

        using var widened = NativeBuffer.OfFloats(columns);
        var values = widened.Floats;
        if (from.IsQuantized()) BlockReader.Widen(from, source, columns, values);
        else
        {
            for (var i = 0; i < columns; i++) values[i] = WeightReader.Widen(from, source, i);
        }

        if (dtype.IsQuantized()) BlockWriter.Quantize(dtype, values, columns, target);
        else WeightReader.Narrow(new ReadOnlySpan<float>(values, columns), dtype, new Span<byte>(target, columns * dtype.SizeBytes()));
    }
}
