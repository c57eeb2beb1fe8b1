using ActorInference.Gpu.Cpu;

namespace ActorInference.Gpu.Models;

/// <summary>
/// A model's weights for the CPU kernels, in their own type. Matrices are read from the mapped files at first, and laid out anew in memory
/// while runners compute; results are the same. The runners of one process share them; whoever loaded them disposes them, after the runners.
/// </summary>
public sealed unsafe class ModelWeights : IDisposable
{
    private readonly List<IDisposable> _owned;
    private readonly RowTable? _embedding;

    internal ModelWeights(ModelShard shard, SimdLevel simd, WeightParts parts)
    {
        Shard = shard;
        Simd = simd;
        Layers = parts.Layers;
        FinalNorm = parts.FinalNorm;
        Head = parts.Head;
        LengthBytes = parts.LengthBytes;
        _embedding = parts.Embedding;
        _owned = parts.Owned;
        Packing = parts.Packing;
    }

    /// <summary>The whole model's.</summary>
    public ModelConfig Config => Shard.Model;

    /// <summary>Which part of it this is.</summary>
    public ModelShard Shard { get; }

    /// <summary>The vector width that the layout serves.</summary>
    public SimdLevel Simd { get; }

    /// <summary>Memory that the weights take.</summary>
    public long LengthBytes { get; }

    /// <summary>Bytes of the matrices that one token's way through the model reads, the output head included.</summary>
    public long MatmulBytes =>
        Layers.Sum(layer => layer.Qkv.Sum(part => part.LengthBytes) + layer.Output.LengthBytes
            + (layer.Router?.LengthBytes ?? 0) + layer.FeedForward[0].LengthBytes * Math.Max(1, Config.ExpertsPerToken)) + Head.LengthBytes;

    internal LayerWeights[] Layers { get; }

    internal float* FinalNorm { get; }

    /// <summary>Brings matrices from the files into memory; runners do so step by step.</summary>
    internal WeightPacking Packing { get; }

    internal WeightMatrix Head { get; }

    /// <summary>Reads a model folder's configuration and weights.</summary>
    /// <param name="folder">A Hugging Face model folder, or a GGUF file.</param>
    /// <param name="progress">Told after each tensor or group of tensors.</param>
    /// <param name="simd">Vector width to lay out for; by default the processor's best.</param>
    /// <exception cref="ModelFormatException">A file, tensor or field is missing or wrong. Nothing stays in memory.</exception>
    public static ModelWeights Load(string folder, IProgress<LoadProgress>? progress = null, SimdLevel? simd = null) =>
        Load(folder, ModelConfig.Load(folder), progress, simd);

    /// <summary>Reads the weights of a configuration already read.</summary>
    /// <exception cref="ModelFormatException">As above.</exception>
    public static ModelWeights Load(string folder, ModelConfig config, IProgress<LoadProgress>? progress = null, SimdLevel? simd = null) =>
        Load(folder, ModelShard.Whole(config), progress, simd);

    /// <summary>Reads what one rank has of a model.</summary>
    /// <exception cref="ModelFormatException">As above.</exception>
    public static ModelWeights Load(string folder, ModelShard shard, IProgress<LoadProgress>? progress = null, SimdLevel? simd = null)
    {
        using var tensors = ModelFiles.Open(folder, shard.Model);
        return WeightLoader.Load(tensors, shard, simd ?? SimdLevels.Best, progress);
    }

    /// <summary>
    /// Brings all matrices into memory as kernels want them, which runners do little by little while they compute. What is measured
    /// afterwards is as it stays.
    /// </summary>
    public void PackAll()
    {
        using var threads = new ComputeThreads(Environment.ProcessorCount);
        while (!Packing.IsDone)
        {
            if (!Packing.TryPackSome(threads)) Thread.Yield();
        }
    }

    public void Dispose()
    {
        foreach (var owned in _owned) owned.Dispose();
        _owned.Clear();
    }

    /// <summary>Reads a token's embedding as floats.</summary>
    /// <param name="token">One of the shard's.</param>
    /// <param name="target">Shape <c>[hidden]</c>.</param>
    internal void CopyEmbedding(int token, float* target)
    {
        var row = token - Shard.FirstToken;
        if (_embedding is null) Head.CopyOutput(row, target);
        else _embedding.CopyRow(row, target);
    }
}
