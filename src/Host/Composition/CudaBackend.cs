using ActorInference.Actors.Kv;
using ActorInference.Gpu.Cuda;
using ActorInference.Gpu.Cuda.Devices;
using ActorInference.Gpu.Cuda.Forward;
using ActorInference.Gpu.Cuda.Memory;
using ActorInference.Gpu.Cuda.Weights;
using ActorInference.Gpu.Engine;
using ActorInference.Gpu.Kv;
using ActorInference.Gpu.Models;
using ActorInference.Host.Cli;
using ActorInference.Host.Commands;

namespace ActorInference.Host.Composition;

/// <summary>A model on a CUDA device.</summary>
public sealed class CudaBackend : IModelBackend
{
    /// <summary>Share of the device's memory, after the weights, that the pages take by default; activations and libraries have the rest.</summary>
    private const double PageShare = 0.8;

    private readonly CudaDevice _device;
    private readonly CudaWeights _weights;

    private CudaBackend(CudaDevice device, CudaWeights weights, KvPagePool pages) => (_device, _weights, Pages) = (device, weights, pages);

    public KvPagePool Pages { get; }

    public CancellationToken WhenLost => _device.WhenLost;

    /// <summary>Where compiled kernels are kept.</summary>
    internal static string KernelCache => Path.Combine(DataFolder.Default, "kernels");

    /// <exception cref="UserErrorException">The device refuses, or has not the memory.</exception>
    /// <exception cref="ModelFormatException">A file is missing or wrong.</exception>
    public static CudaBackend Load(CudaDeviceInfo info, ModelOptions options, ModelConfig config, IProgress<LoadProgress> progress)
    {
        CudaDevice? device = null;
        CudaWeights? weights = null;
        try
        {
            device = new CudaDevice(info.Index, KernelCache);
            weights = CudaWeights.Load(device, options.ModelFolder, config, progress);
            return new CudaBackend(device, weights, CreatePool(device, weights, options));
        }
        catch (Exception failure)
        {
            weights?.Dispose();
            device?.Dispose();
            if (failure is CudaMemoryException or CudaLibraryException or CudaDeviceLostException) throw new UserErrorException($"--device is 'cuda:{info.Index}': {failure.Message}", failure);
            throw;
        }
    }

    public IModelRunner CreateRunner(int threads) => new CudaModelRunner(_weights, Pages, new CudaRunnerOptions());

    public void Dispose()
    {
        Pages.Dispose();
        _weights.Dispose();
        _device.Dispose();
    }

    private static KvPagePool CreatePool(CudaDevice device, CudaWeights weights, ModelOptions options)
    {
        var config = weights.Config;
        var dtype = options.KvDtype ?? weights.Activations switch
        {
            WeightDtype.F32 => KvDtype.F32,
            WeightDtype.F16 => KvDtype.F16,
            _ => KvDtype.BF16,
        };
        var layout = new KvPageLayout(config.Layers, options.PageSizeTokens, config.KvHeads, config.HeadDim, dtype);
        var most = (long)(device.FreeBytes * PageShare);
        var capacity = KvBudget.Pages(layout, config.MaxPositionEmbeddings, options.KvPages, options.KvBytes, most);
        return new KvPagePool(layout, capacity, new ManagedPoolMemory(device, (long)capacity * layout.PageBytes));
    }
}
