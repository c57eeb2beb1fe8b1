namespace ActorInference.Gpu.Models;

/// <summary>Projections that a file keeps as rows of one matrix, under the names that they have apart: Phi-3's.</summary>
internal sealed class FusedTensors(TensorFolder folder, ModelConfig config) : ITensorSource
{
    public (string Path, TensorEntry Entry) Find(string name)
    {
        if (Part(name) is not var (fused, first, rows, total)) return folder.Find(name);
        var (path, entry) = folder.Find(fused);
        if (entry.Shape.Length != 2 || entry.Shape[0] != total || entry.Shape[1] < 1)
            throw new ModelFormatException(path, $"{entry.Name}.shape", entry.ShapeText, $"[{total}, {config.HiddenSize}] as the model's configuration says");
        var rowBytes = entry.LengthBytes / total;
        return (path, entry with { Shape = [rows, entry.Shape[1]], OffsetBytes = entry.OffsetBytes + first * rowBytes, LengthBytes = rows * rowBytes });
    }

    public TensorView Map(string name) => folder.Map(Part(name)?.Fused ?? name, Find(name).Entry);

    public int SourceRow(string name, int row) => row;

    public void Dispose() => folder.Dispose();

    private (string Fused, int First, int Rows, int Total)? Part(string name)
    {
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
            if (name.Contains(apart, StringComparison.Ordinal)) return (name.Replace(apart, fused, StringComparison.Ordinal), first, rows, total);
        }

        return null;
    }
}
