using ActorInference.Actors.Kv;
using ActorInference.Gpu.Cuda.Devices;
using ActorInference.Gpu.Cuda.Memory;
using ActorInference.Gpu.Cuda.Ranks;
using ActorInference.Gpu.Cuda.Weights;
using ActorInference.Gpu.Kv;
using ActorInference.Gpu.Models;

namespace ActorInference.Gpu.Cuda;

/// <summary>A model's weights on a device that is this process's, and memory there for its pages. Disposed after its pools and runners.</summary>
public sealed class CudaModel : IDisposable
{
    /// <summary>Tries for a pool, each for seven eighths of the one before.</summary>
    private const int PoolTries = 8;

    private CudaModel(CudaDevice device, CudaWeights weights) => (Device, Weights) = (device, weights);

    public CudaDevice Device { get; }

    public CudaWeights Weights { get; }

    public ModelConfig Config => Weights.Config;

    /// <param name="index">Of the device.</param>
    /// <param name="model">A Hugging Face model folder, or a GGUF file.</param>
    /// <param name="kernelCache">Where compiled kernels are kept; null to keep none.</param>
    /// <param name="config">Of the model; null to read it.</param>
    /// <param name="progress">Told after each tensor.</param>
    /// <param name="deadline">For each step; null for the device's own.</param>
    /// <param name="shard">Which part of the model; null for all of it.</param>
    /// <exception cref="ModelFormatException">A file, tensor or field is missing or wrong. Nothing stays in memory.</exception>
    /// <exception cref="CudaLibraryException">A library is missing, or refuses.</exception>
    /// <exception cref="CudaMemoryException">The weights do not fit. Nothing stays in memory.</exception>
    /// <exception cref="CudaDeviceLostException">The device does not answer.</exception>
    public static CudaModel Load(
        int index, string model, string? kernelCache, ModelConfig? config = null, IProgress<LoadProgress>? progress = null, TimeSpan? deadline = null, ModelShard? shard = null)
    {
        var device = new CudaDevice(index, kernelCache) { Deadline = deadline ?? CudaDevice.DefaultDeadline };
        try
        {
            return new CudaModel(device, CudaWeights.Load(device, model, shard ?? ModelShard.Whole(config ?? ModelConfig.Load(model)), progress));
        }
        catch
        {
            device.Dispose();
            throw;
        }
    }

    /// <summary>Pages of this model.</summary>
    /// <param name="pageSizeTokens">Tokens of a page.</param>
    /// <param name="dtype">Of keys and values; null for that of the activations.</param>
    public KvPageLayout Layout(int pageSizeTokens, KvDtype? dtype = null)
    {
        var fitting = Weights.Activations switch
        {
            WeightDtype.F32 => KvDtype.F32,
            WeightDtype.F16 => KvDtype.F16,
            _ => KvDtype.BF16,
        };
        return new KvPageLayout(Config.Layers, pageSizeTokens, Config.KvHeads, Config.HeadDim, dtype ?? fitting);
    }

    /// <summary>Where the model is a part of one, the pages are whole all the same: the other parts of them are on the devices after this one.</summary>
    /// <exception cref="CudaMemoryException">The memory is not to be had. Nothing stays allocated.</exception>
    /// <exception cref="CudaLibraryException">Other processes cannot reach it, as other ranks have to.</exception>
    public KvPagePool CreatePool(KvPageLayout layout, int pages)
    {
        IPoolMemory memory = Weights.Shard.Ranks == 1 ? new CudaPoolMemory(Device, layout, pages) : new RankedPoolMemory(Device, Weights.Shard.Ranks, layout, pages);
        return new KvPagePool(layout, pages, memory);
    }

    /// <summary>A pool of fewer pages where so many are not to be had: others use the device too, or its memory is in pieces.</summary>
    /// <param name="layout">Of a page.</param>
    /// <param name="most">Pages at most.</param>
    /// <exception cref="CudaMemoryException">Not even about a third of them. Nothing stays allocated.</exception>
    public KvPagePool CreateLargestPool(KvPageLayout layout, int most)
    {
        for (var (pages, tries) = (most, 1); ; pages = Math.Max(1, (int)(pages * 7L / 8)), tries++)
        {
            try
            {
                return CreatePool(layout, pages);
            }
            catch (CudaMemoryException) when (tries < PoolTries && pages > 1)
            {
                // Fewer are tried for; the last failure is the caller's.
            }
        }
    }

    public void Dispose()
    {
        Weights.Dispose();
        Device.Dispose();
    }
}
