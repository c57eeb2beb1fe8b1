using ActorInference.Actors.Kv;
using ActorInference.Gpu.Cpu;
using ActorInference.Gpu.Engine;
using ActorInference.Gpu.Kv;
using ActorInference.Gpu.Models;

namespace ActorInference.Gpu.Benchmarks.Kernels;

/// <summary>Attention of one layer over pages; each run takes the next layer's, so that keys and values come from memory.</summary>
internal sealed unsafe class AttentionCase : KernelCase
{
    private const int PageSizeTokens = 16;
    private const int Heads = 16, KvHeads = 4, HeadDim = 64;

    /// <summary>A small number in any of the types.</summary>
    private const byte Filling = 0x3c;

    private readonly ComputeThreads _threads;
    private readonly ModelConfig _config;
    private readonly KvPagePool _pool;
    private readonly AttentionWork _attention;
    private readonly NativeBuffer _query;
    private readonly NativeBuffer _target;
    private int _layer;

    /// <param name="sequences">That attend together.</param>
    /// <param name="context">Tokens of each, the new ones with them.</param>
    /// <param name="newTokens">Tokens of each that attend: 1 in decode.</param>
    /// <param name="isShared">Whether all but the last page of each are the same pages.</param>
    /// <param name="poolBytes">About as many bytes of keys and values are gone through before any is read again.</param>
    public AttentionCase(ComputeThreads threads, KernelTable kernels, KvDtype dtype, int sequences, int context, int newTokens, bool isShared, long poolBytes)
    {
        _threads = threads;
        var layer = new KvPageLayout(1, PageSizeTokens, KvHeads, HeadDim, dtype);
        var pages = layer.PagesFor(context);
        var layers = (int)Math.Clamp(poolBytes / ((long)sequences * pages * layer.LayerBytes), 1, 64);
        _config = ModelShape.Custom(layers, Heads * HeadDim, Heads, KvHeads, HeadDim, ffn: 32, ModelShape.MinVocabSize, context).Config;
        _pool = new KvPagePool(layer with { Layers = layers }, sequences * pages);
        for (var page = 0; page < _pool.CapacityPages; page++) new Span<byte>(_pool.Address(page), _pool.Layout.PageBytes).Fill(Filling);
        var batch = new ForwardBatch();
        for (var i = 0; i < sequences; i++) batch.Add(new int[newTokens], context - newTokens, Pages(i, pages, isShared), wantLogits: false);
        var plan = new StepPlan(batch.TokenCount, AttentionWork.TileTokens(_config), AttentionWork.LeastGroups(_config, threads.Count));
        plan.Set(batch, _pool);
        _attention = new AttentionWork(kernels, ModelShard.Whole(_config), _pool, plan, threads.Count);
        _query = NativeBuffer.OfFloats((long)batch.TokenCount * _config.QuerySize);
        _target = NativeBuffer.OfFloats((long)batch.TokenCount * _config.QuerySize);
        NormalNumbers.Fill(seed: 3, first: 0, new Span<float>(_query.Data, batch.TokenCount * _config.QuerySize));
        // New tokens see all before them, and themselves.
        var seen = sequences * (newTokens * (double)context - newTokens * (newTokens - 1.0) / 2);
        Operations = 4 * seen * _config.QuerySize;
        Bytes = (double)sequences * context * 2 * KvHeads * layer.HeadBytes;
    }

    private static int[] Pages(int sequence, int count, bool isShared) =>
        [.. Enumerable.Range(0, count).Select(page => isShared && page < count - 1 ? page : sequence * count + page)];

    public override double Operations { get; }

    public override double Bytes { get; }

    public override void Run()
    {
        _attention.Run(_threads, _layer, _query.Floats, _config.QuerySize, _target.Floats, _config.QuerySize);
        _layer = (_layer + 1) % _config.Layers;
    }

    public override void Dispose()
    {
        _attention.Dispose();
        _pool.Dispose();
        _query.Dispose();
        _target.Dispose();
    }
}
