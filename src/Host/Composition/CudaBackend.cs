using ActorInference.Gpu.Cuda;
using ActorInference.Gpu.Cuda.Devices;
using ActorInference.Gpu.Cuda.Forward;
using ActorInference.Gpu.Cuda.Ranks;
using ActorInference.Gpu.Engine;
using ActorInference.Gpu.Kv;
using ActorInference.Gpu.Models;
using ActorInference.Gpu.Ranks;
using ActorInference.Host.Cli;
using ActorInference.Host.Commands;

namespace ActorInference.Host.Composition;

/// <summary>
/// A model on a CUDA device, or divided over several: this process has rank 0's part and the pages, and each runner has processes of its own for the other ranks.
/// </summary>
public sealed class CudaBackend : IModelBackend
{
    /// <summary>Share of the device's memory, after the weights, that the pages take by default; activations and libraries have the rest.</summary>
    private const double PageShare = 0.8;

    private readonly CudaModel _model;
    private readonly ModelOptions _options;
    private readonly CancellationTokenSource _lost;

    private CudaBackend(CudaModel model, KvPagePool pages, ModelOptions options)
    {
        (_model, Pages, _options) = (model, pages, options);
        _lost = CancellationTokenSource.CreateLinkedTokenSource([model.Device.WhenLost, .. pages.Storage is RankedPoolMemory ranked ? ranked.WhenLost : []]);
    }

    public KvPagePool Pages { get; }

    public CancellationToken WhenLost => _lost.Token;

    /// <summary>Where compiled kernels are kept.</summary>
    internal static string KernelCache => Path.Combine(DataFolder.Default, "kernels");

    /// <exception cref="UserErrorException">The device refuses, or has not the memory.</exception>
    /// <exception cref="ModelFormatException">A file is missing or wrong.</exception>
    public static CudaBackend Load(CudaDeviceInfo info, ModelOptions options, ModelConfig config, IProgress<LoadProgress> progress)
    {
        CudaModel? model = null;
        try
        {
            model = CudaModel.Load(info.Index, options.ModelFolder, KernelCache, config, progress, shard: RankedBackend.Divide(options, config));
            return new CudaBackend(model, CreatePool(model, options), options);
        }
        catch (Exception failure)
        {
            model?.Dispose();
            if (failure is CudaMemoryException or CudaLibraryException or CudaDeviceLostException) throw new UserErrorException($"--device is 'cuda:{info.Index}': {failure.Message}", failure);
            throw;
        }
    }

    /// <exception cref="RankFailedException">A rank did not start.</exception>
    public IModelRunner CreateRunner(int threads) => Pages.Storage is not RankedPoolMemory memory
        ? new CudaModelRunner(_model.Weights, Pages, new CudaRunnerOptions())
        : RankedCudaRunner.Start(_model.Weights, Pages, memory, new CudaRunnerOptions(), new RankOptions
        {
            Program = invitation => OwnProgram.Start(RankCommand.Arguments(_options.ModelFolder, invitation)),
            StartDeadline = _options.RankStartDeadline,
            StepDeadline = _options.RankStepDeadline,
        });

    public void Dispose()
    {
        _lost.Dispose();
        Pages.Dispose();
        _model.Dispose();
    }

    /// <summary>As large as was asked for, or an error; where nothing was, as large as can be had.</summary>
    private static KvPagePool CreatePool(CudaModel model, ModelOptions options)
    {
        var layout = model.Layout(options.PageSizeTokens, options.KvDtype);
        // Each rank's device has its part of every page.
        var most = (long)(model.Device.FreeBytes * PageShare) * model.Weights.Shard.Ranks;
        var capacity = KvBudget.Pages(layout, model.Config.MaxPositionEmbeddings, options.KvPages, options.KvBytes, most);
        return options.KvPages is null && options.KvBytes is null
            ? model.CreateLargestPool(layout, capacity)
            : model.CreatePool(layout, capacity);
    }
}
