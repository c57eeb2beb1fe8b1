namespace ActorInference.Gpu.Models;

/// <summary>Projections that a file keeps as rows of one matrix, under the names that they have apart: Phi-3's.</summary>
internal sealed class FusedTensors(TensorFolder folder, ModelConfig config) : ITensorSource
{
    /// <summary>Where a projection is.</summary>
    /// <param name="Fused">The matrix that is stored, by its Hugging Face name.</param>
    /// <param name="First">Of its rows, the projection's first.</param>
    /// <param name="Rows">The projection's.</param>
    /// <param name="Total">Of the matrix.</param>
    public readonly record struct Place(string Fused, int First, int Rows, int Total);

    public bool HasWholeNorms => false;

    public (string Path, TensorEntry Entry) Find(string name)
    {
        if (PlaceOf(config, name) is not { } place) return folder.Find(name);
        var (path, entry) = folder.Find(place.Fused);
        return (path, Part(path, entry, place, config));
    }

    public TensorView Map(string name) => folder.Map(PlaceOf(config, name)?.Fused ?? name, Find(name).Entry);

    public RowOrder Order(string name) => default;

    public void Dispose() => folder.Dispose();

    /// <summary>Of a matrix, the rows that are a projection.</summary>
    /// <exception cref="ModelFormatException">The matrix has another number of rows.</exception>
    public static TensorEntry Part(string path, TensorEntry entry, Place place, ModelConfig config)
    {
        if (entry.Shape.Length != 2 || entry.Shape[0] != place.Total || entry.Shape[1] < 1)
            throw new ModelFormatException(path, $"{entry.Name}.shape", entry.ShapeText, $"[{place.Total}, {config.HiddenSize}] as the model's configuration says");
        var rowBytes = entry.LengthBytes / place.Total;
        return entry with { Shape = [place.Rows, entry.Shape[1]], OffsetBytes = entry.OffsetBytes + place.First * rowBytes, LengthBytes = place.Rows * rowBytes };
    }

    /// <returns>Null if the tensor is stored by itself.</returns>
    public static Place? PlaceOf(ModelConfig config, string name)
    {
        if (config.Architecture != ModelArchitecture.Phi3) return null;
        var (query, kv, ffn) = (config.QuerySize, config.KvSize, config.IntermediateSize);
        foreach (var (apart, fused, first, rows, total) in ((string, string, int, int, int)[])
        [
            ("self_attn.q_proj", "self_attn.qkv_proj", 0, query, query + 2 * kv),
            ("self_attn.k_proj", "self_attn.qkv_proj", query, kv, query + 2 * kv),
            ("self_attn.v_proj", "self_attn.qkv_proj", query + kv, kv, query + 2 * kv),
            ("mlp.gate_proj", "mlp.gate_up_proj", 0, ffn, 2 * ffn),
            ("mlp.up_proj", "mlp.gate_up_proj", ffn, ffn, 2 * ffn),
        ])
        {
            if (name.Contains(apart, StringComparison.Ordinal)) return new Place(name.Replace(apart, fused, StringComparison.Ordinal), first, rows, total);
        }

        return null;
    }
}
