namespace ActorInference.Gpu.Models.Gguf;

/// <summary>Writes a model, a Hugging Face folder or a GGUF file, as a GGUF file.</summary>
public static class GgufConverter
{
    /// <param name="source">A model folder or a GGUF file.</param>
    /// <param name="target">Path of the file to write; overwritten, and gone if this fails.</param>
    /// <param name="dtype">Type of the matrices. One whose rows are no whole number of its blocks becomes a neighbouring type.</param>
    /// <param name="progress">Bytes read.</param>
    /// <exception cref="ModelFormatException">The source cannot be used.</exception>
    /// <exception cref="IOException">The target cannot be written.</exception>
    public static void Convert(string source, string target, WeightDtype dtype, IProgress<LoadProgress>? progress = null)
    {
        var config = ModelConfig.Load(source);
        var input = GgufFile.Find(source);
        if (input is not null && Path.GetFullPath(input) == Path.GetFullPath(target))
            throw new ModelFormatException(target, "target", "the source", "another file");
        using var tensors = ModelFiles.Open(source, config);
        // A bad source is refused before anything is written.
        foreach (var spec in ModelTensors.All(config)) WeightCheck.Check(tensors, spec);
        try
        {
            using var writer = new GgufWriter(target);
            if (HasRopeFactors(config)) writer.Add(GgufModel.RopeFactors, [config.HeadDim / 2], WeightDtype.F32);
            GgufModel.WriteConfig(writer, config, FileType(dtype));
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
        if (tensor.Shape.Length == 1 || tensor.Role == TensorRole.Router) return WeightDtype.F32;
        // The head decides between tokens that are close; it is worth more bits.
        var wanted = dtype == WeightDtype.Q4_K && (tensor.Role == TensorRole.Head || (tied && tensor.Role == TensorRole.Embedding)) ? WeightDtype.Q6_K : dtype;
        if (tensor.Shape[^1] % wanted.BlockElements() == 0) return wanted;
        var fallback = wanted switch { WeightDtype.Q4_K => WeightDtype.Q5_0, WeightDtype.Q6_K => WeightDtype.Q8_0, _ => WeightDtype.F16 };
        return tensor.Shape[^1] % fallback.BlockElements() == 0 ? fallback : WeightDtype.F16;
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
        var stored = StoredTensors.InGguf(config);
        foreach (var tensor in stored) writer.Add(tensor.Name, tensor.Shape, TypeOf(tensor.Spec, dtype, config.TieWordEmbeddings));
        writer.WriteHead();
        if (HasRopeFactors(config)) WriteRopeFactors(writer, config);
        var rewriter = new TensorRewriter(tensors, config, forGguf: true);
        var total = stored.SelectMany(tensor => tensor.Parts).Sum(part => tensors.Find(part.Name).Entry.LengthBytes);
        var done = 0L;
        foreach (var tensor in stored)
        {
            foreach (var part in tensor.Parts)
            {
                rewriter.Write(part, TypeOf(tensor.Spec, dtype, config.TieWordEmbeddings), writer.Write);
                progress?.Report(new LoadProgress(done += tensors.Find(part.Name).Entry.LengthBytes, total, part.Name));
            }

            writer.Pad();
        }
    }

    private static bool HasRopeFactors(ModelConfig config) => config.Rope.Scaling == RopeScaling.Llama3 || config.Rope.FrequencyFactors is not null;

    private static void WriteRopeFactors(GgufWriter writer, ModelConfig config)
    {
        foreach (var factor in config.Rope.Factors(config.HeadDim)) writer.Write(BitConverter.GetBytes((float)factor));
        writer.Pad();
    }
}
