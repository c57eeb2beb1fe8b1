using ActorInference.Gpu.Cuda;
using ActorInference.Gpu.Cuda.Devices;
using ActorInference.Gpu.Cuda.Forward;
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

    private readonly CudaModel _model;

    private CudaBackend(CudaModel model, KvPagePool pages) => (_model, Pages) = (model, pages);

    public KvPagePool Pages { get; }

    public CancellationToken WhenLost => _model.Device.WhenLost;

    /// <summary>Where compiled kernels are kept.</summary>
    internal static string KernelCache => Path.Combine(DataFolder.Default, "kernels");

    /// <exception cref="UserErrorException">The device refuses, or has not the memory.</exception>
    /// <exception cref="ModelFormatException">A file is missing or wrong.</exception>
    public static CudaBackend Load(CudaDeviceInfo info, ModelOptions options, ModelConfig config, IProgress<LoadProgress> progress)
    {
        CudaModel? model = null;
        try
        {
            model = CudaModel.Load(info.Index, options.ModelFolder, KernelCache, config, progress);
            return new CudaBackend(model, CreatePool(model, options));
        }
        catch (Exception failure)
        {
            model?.Dispose();
            if (failure is CudaMemoryException or CudaLibraryException or CudaDeviceLostException) throw new UserErrorException($"--device is 'cuda:{info.Index}': {failure.Message}", failure);
            throw;
        }
    }

    public IModelRunner CreateRunner(int threads) => new CudaModelRunner(_model.Weights, Pages, new CudaRunnerOptions());

    public void Dispose()
    {
        Pages.Dispose();
        _model.Dispose();
    }

    /// <summary>As large as was asked for, or an error; where nothing was, as large as can be had.</summary>
    private static KvPagePool CreatePool(CudaModel model, ModelOptions options)
    {
        var layout = model.Layout(options.PageSizeTokens, options.KvDtype);
        var most = (long)(model.Device.FreeBytes * PageShare);
        var capacity = KvBudget.Pages(layout, model.Config.MaxPositionEmbeddings, options.KvPages, options.KvBytes, most);
        return options.KvPages is null && options.KvBytes is null
            ? model.CreateLargestPool(layout, capacity)
            : model.CreatePool(layout, capacity);
    }
}
