using ActorInference.Actors.Kv;
using ActorInference.Gpu.ChatTemplates;
using ActorInference.Gpu.Cuda;
using ActorInference.Gpu.Cuda.Devices;
using ActorInference.Gpu.Cuda.Ranks;
using ActorInference.Gpu.Kv;
using ActorInference.Gpu.Models;
using ActorInference.Gpu.Tokenization;
using ActorInference.Host.Cli;
using ActorInference.Host.Commands;
using ActorInference.Host.Serving;

namespace ActorInference.Host.Composition;

/// <summary>A model in memory, with the KV pages that the workers of this process share. Outlives them.</summary>
public sealed class LoadedModel : IDisposable
{
    private LoadedModel(ServedModel served, IModelBackend backend)
    {
        Served = served;
        Backend = backend;
    }

    public ServedModel Served { get; }

    /// <summary>Where it computes.</summary>
    public IModelBackend Backend { get; }

    public KvPagePool Pages => Backend.Pages;

    /// <summary>Reads the folder: what is small first, so that a broken file is found before the weights are read.</summary>
    /// <param name="options">Which model, and how much memory for pages.</param>
    /// <param name="progress">Told of the weights.</param>
    /// <param name="note">Told where it runs, if that was left open.</param>
    /// <param name="shared">Whether other processes of this host may map the pages; those of a device they never can.</param>
    /// <exception cref="ModelFormatException">A file is missing or wrong.</exception>
    /// <exception cref="UserErrorException">The pages don't fit, or the device is not to be had.</exception>
    public static LoadedModel Load(ModelOptions options, IProgress<LoadProgress> progress, Action<string> note, bool shared = false)
    {
        var config = ModelConfig.Load(options.ModelFolder);
        var served = LoadServed(options);
        var device = options.Device.Resolve(CudaProbe.Look, CudaSupport.Missing(config, options.KvDtype), note);
        if (device is not null && MissingForRanks(options, device) is { } missing)
        {
            if (options.Device.Kind == DeviceKind.Cuda)
                throw new UserErrorException($"--tensor-parallel is '{options.Ranks}' with --device '{options.Device}'; expected devices that can compute one model together: {missing}.");
            note($"The model runs on the processor: it is to be divided over {options.Ranks} ranks, and {missing}.");
            device = null;
        }

        IModelBackend backend = device is null ? LoadOnCpu(options, config, progress, shared) : CudaBackend.Load(device, options, config, progress);
        var pooled = (long)backend.Pages.CapacityPages * options.PageSizeTokens;
        if (pooled < served.ContextTokens)
            options.Warn($"{backend.Pages.CapacityPages} KV pages of {options.PageSizeTokens} tokens take {pooled} tokens, prompt and answer together; the model would take {served.ContextTokens}.");
        return new LoadedModel(served with { ContextTokens = (int)Math.Min(served.ContextTokens, pooled) }, backend);
    }

    /// <summary>What the edge needs of a model whose weights are in other processes.</summary>
    /// <exception cref="ModelFormatException">A file is missing or wrong.</exception>
    public static ServedModel LoadServed(ModelOptions options)
    {
        var folder = options.ModelFolder;
        var config = ModelConfig.Load(folder);
        var tokenizer = Tokenizer.Load(folder);
        if (tokenizer.VocabSize > config.VocabSize)
        {
            throw new ModelFormatException(
                Path.Combine(folder, "tokenizer.json"), "vocabulary", $"{tokenizer.VocabSize} tokens", $"at most vocab_size of config.json, {config.VocabSize}");
        }

        return new ServedModel
        {
            Name = options.ModelName,
            Folder = folder,
            Tokenizer = tokenizer,
            ChatTemplate = ChatTemplate.Load(folder),
            VocabSize = config.VocabSize,
            ContextTokens = config.MaxPositionEmbeddings,
            PageSizeTokens = options.PageSizeTokens,
            EosTokenIds = !config.EosTokenIds.IsEmpty ? config.EosTokenIds : tokenizer.EosTokenId is { } eos ? [eos] : [],
            Defaults = Advice(GenerationDefaults.Load(folder, config.VocabSize)),
            Created = DateTimeOffset.UtcNow,
        };
    }

    public void Dispose() => Backend.Dispose();

    /// <returns>Null if the model is not divided, or can be.</returns>
    private static string? MissingForRanks(ModelOptions options, CudaDeviceInfo first) =>
        options.Ranks is { } ranks and > 1 ? RankedCudaRunner.Missing(CudaProbe.Look(), first.Index, ranks) : null;

    private static IModelBackend LoadOnCpu(ModelOptions options, ModelConfig config, IProgress<LoadProgress> progress, bool shared)
    {
        if (options.KvDtype == KvDtype.F8) throw new UserErrorException("--kv-dtype is 'f8'; expected f32, f16, bf16 or q8_0 on the processor: f8 is for CUDA devices.");
        var shard = RankedBackend.Divide(options, config);
        var layout = new KvPageLayout(config.Layers, options.PageSizeTokens, config.KvHeads, config.HeadDim, options.KvDtype ?? KvDtype.F32);
        var capacity = KvBudget.Pages(layout, config.MaxPositionEmbeddings, options.KvPages, options.KvBytes);
        var weights = ModelWeights.Load(options.ModelFolder, shard, progress);
        if (shard.Ranks > 1) weights.PackAll();   // As the other ranks do.
        return shard.Ranks > 1
            ? new RankedBackend(weights, CreatePool(layout, capacity, shared: true, "Give fewer by --kv-pages."), options)
            : new CpuBackend(weights, CreatePool(layout, capacity, shared, "Give fewer by --kv-pages, or use --transport tcp."));
    }

    private static KvPagePool CreatePool(KvPageLayout layout, int capacity, bool shared, string advice)
    {
        try
        {
            return new KvPagePool(layout, capacity, shared);
        }
        catch (IOException cause) when (shared)
        {
            throw new UserErrorException($"{capacity} KV pages of {layout.PageBytes} bytes do not fit into shared memory: {cause.Message} {advice}", cause);
        }
    }

    private static SamplingDefaults Advice(GenerationDefaults file) =>
        new(file.DoSample == false ? 0 : file.Temperature, file.TopP, file.TopK, RepetitionPenalty: file.RepetitionPenalty);
}
