namespace ActorInference.Gpu.Models.Gguf;

/// <summary>The tensors of a GGUF file by their Hugging Face names.</summary>
internal sealed class GgufTensors : ITensorSource
{
    private readonly GgufFile _file;
    private readonly ModelConfig _config;

    private GgufTensors(GgufFile file, ModelConfig config) => (_file, _config) = (file, config);

    /// <exception cref="ModelFormatException">The file breaks its format.</exception>
    public static GgufTensors Open(string path, ModelConfig config) => new(GgufFile.Open(path), config);

    /// <summary>Files have one added to what Hugging Face has of Gemma's.</summary>
    public bool HasWholeNorms => true;

    public (string Path, TensorEntry Entry) Find(string name)
    {
        var stored = GgufNames.Of(_config, name);
        var expert = GgufNames.ExpertOf(name);
        if (expert is { } alone && _file.Tensors.TryGetValue(GgufNames.OfOneExpert(stored, alone), out var older)) return (_file.Path, older);
        if (!_file.Tensors.TryGetValue(stored, out var entry))
            throw new ModelFormatException(_file.Path, stored, "missing", "a tensor that the file's architecture needs");
        if (expert is { } nth) entry = Expert(entry, nth);
        else if (FusedTensors.PlaceOf(_config, name) is { } place) entry = FusedTensors.Part(_file.Path, entry, place, _config);
        return (_file.Path, entry);
    }

    public TensorView Map(string name) => _file.Map(Find(name).Entry);

    public RowOrder Order(string name) => OrderOf(_config, name);

    /// <summary>
    /// Files of the architecture llama keep the two halves of a query or key head in turn, for a rotation of neighbours;
    /// in Hugging Face the halves are one after the other.
    /// </summary>
    public static RowOrder OrderOf(ModelConfig config, string name) =>
        config.Architecture is ModelArchitecture.Llama or ModelArchitecture.Mistral or ModelArchitecture.Mixtral
        && (name.Contains(".q_proj.", StringComparison.Ordinal) || name.Contains(".k_proj.", StringComparison.Ordinal))
            ? new RowOrder(config.HeadDim)
            : default;

    public void Dispose() => _file.Dispose();

    private TensorEntry Expert(TensorEntry entry, int expert)
    {
        if (entry.Shape.Length != 3 || entry.Shape[0] != _config.Experts)
            throw new ModelFormatException(_file.Path, $"{entry.Name}.shape", entry.ShapeText, $"a matrix for each of {_config.Experts} experts");
        var bytes = entry.LengthBytes / _config.Experts;
        return entry with { Shape = entry.Shape[1..], OffsetBytes = entry.OffsetBytes + expert * bytes, LengthBytes = bytes };
    }
}
