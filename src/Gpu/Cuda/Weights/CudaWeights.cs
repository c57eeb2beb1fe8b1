using ActorInference.Gpu.Cuda.Devices;
using ActorInference.Gpu.Models;

namespace ActorInference.Gpu.Cuda.Weights;

/// <summary>
/// A model's weights on a device. Read-only, so that the runners of one process share them; whoever loaded them disposes them, after the
/// runners and before the device.
/// </summary>
public sealed class CudaWeights : IDisposable
{
    private readonly List<IDisposable> _owned;

    internal CudaWeights(CudaDevice device, ModelShard shard, WeightDtype activations, CudaLayer[] layers, ulong finalNorm, CudaMatrix embedding, CudaMatrix head, List<IDisposable> owned)
    {
        Device = device;
        Shard = shard;
        Activations = activations;
        Layers = layers;
        FinalNorm = finalNorm;
        Embedding = embedding;
        Head = head;
        _owned = owned;
    }

    /// <summary>The whole model's.</summary>
    public ModelConfig Config => Shard.Model;

    /// <summary>Which part of it this is. Every rank has the whole embedding table, and of the output head as many tokens as every other.</summary>
    public ModelShard Shard { get; }

    /// <summary>Type of activations between products, and of plain matrices: F32, F16 or BF16.</summary>
    public WeightDtype Activations { get; }

    /// <summary>Memory that the matrices take.</summary>
    public long LengthBytes => _owned.OfType<CudaMatrix>().Sum(matrix => matrix.LengthBytes);

    /// <summary>Bytes of the matrices that one token's way through the model reads, the output head included.</summary>
    public long MatmulBytes =>
        Layers.Sum(layer => layer.Qkv.LengthBytes + layer.Output.LengthBytes + layer.GateUp.LengthBytes + layer.Down.LengthBytes) + Head.LengthBytes;

    internal CudaDevice Device { get; }

    internal CudaLayer[] Layers { get; }

    internal ulong FinalNorm { get; }

    /// <summary>Plain.</summary>
    internal CudaMatrix Embedding { get; }

    /// <summary>The embedding table itself or a part of it, if the model ties them.</summary>
    internal CudaMatrix Head { get; }

    /// <summary>Reads a model's weights into the device's memory.</summary>
    /// <param name="device">Outlives them.</param>
    /// <param name="model">A Hugging Face model folder, or a GGUF file.</param>
    /// <param name="shard">Which part of it.</param>
    /// <param name="progress">Told after each tensor.</param>
    /// <exception cref="ModelFormatException">A file, tensor or field is missing or wrong. Nothing stays in memory.</exception>
    /// <exception cref="CudaMemoryException">They do not fit. Nothing stays in memory.</exception>
    public static CudaWeights Load(CudaDevice device, string model, ModelShard shard, IProgress<LoadProgress>? progress = null)
    {
        using var tensors = ModelFiles.Open(model, shard.Model);
        return CudaWeightLoader.Load(device, tensors, shard, progress);
    }

    public void Dispose()
    {
        foreach (var owned in _owned) Device.Release(owned);
        _owned.Clear();
    }
}
