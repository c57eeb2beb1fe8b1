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
            foreach (var (name, _) in RopeFactors(config)) writer.Add(name, [config.HeadDim / 2], WeightDtype.F32);
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
        var isHead = tensor.Role == TensorRole.Head || (tied && tensor.Role == TensorRole.Embedding);
        var wanted = isHead && NeedsWiderHead(dtype) ? WeightDtype.Q6_K : dtype;
        if (tensor.Shape[^1] % wanted.BlockElements() == 0) return wanted;
        var fallback = wanted switch
        {
            WeightDtype.Q2_K or WeightDtype.Q3_K or WeightDtype.IQ4_XS => WeightDtype.IQ4_NL,
            WeightDtype.Q4_K => WeightDtype.Q5_0,
            WeightDtype.Q5_K => WeightDtype.Q5_1,
            WeightDtype.Q6_K => WeightDtype.Q8_0,
            _ => WeightDtype.F16,
        };
        return tensor.Shape[^1] % fallback.BlockElements() == 0 ? fallback : WeightDtype.F16;
    }

    private static bool NeedsWiderHead(WeightDtype dtype) =>
        dtype is WeightDtype.Q2_K or WeightDtype.Q3_K or WeightDtype.Q4_K or WeightDtype.Q5_K or WeightDtype.IQ4_NL or WeightDtype.IQ4_XS;

    /// <summary>The number that the format has for the type of most tensors.</summary>
    private static uint FileType(WeightDtype dtype) => dtype switch
    {
        WeightDtype.F32 => 0,
        WeightDtype.F16 => 1,
        WeightDtype.Q4_0 => 2,
        WeightDtype.Q4_1 => 3,
        WeightDtype.Q8_0 => 7,
        WeightDtype.Q5_0 => 8,
        WeightDtype.Q5_1 => 9,
        WeightDtype.Q2_K => 10,
        WeightDtype.Q3_K => 11,
        WeightDtype.Q4_K => 14,
        WeightDtype.Q5_K => 16,
        WeightDtype.Q6_K => 18,
        WeightDtype.IQ4_NL => 25,
        WeightDtype.IQ4_XS => 30,
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
        foreach (var (_, factors) in RopeFactors(config)) WriteRopeFactors(writer, factors);
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

    /// <summary>The tables that tell how wavelengths are stretched.</summary>
    private static (string Name, IEnumerable<float> Factors)[] RopeFactors(ModelConfig config)
    {
        var rope = config.Rope;
        if (rope.LongRopeFactors is { } both) return [(GgufModel.LongRopeFactors, both.Long), (GgufModel.ShortRopeFactors, both.Short)];
        if (rope.Scaling != RopeScaling.Llama3 && rope.FrequencyFactors is null) return [];
        return [(GgufModel.RopeFactors, rope.Factors(config.HeadDim).Select(static factor => (float)factor))];
    }

    private static void WriteRopeFactors(GgufWriter writer, IEnumerable<float> factors)
    {
        foreach (var factor in factors) writer.Write(BitConverter.GetBytes(factor));
        writer.Pad();
    }
}
