using ActorInference.Gpu.Engine;
using ActorInference.Gpu.Kv;
using ActorInference.Gpu.Models;

namespace ActorInference.Gpu.Cpu;

/// <summary>
/// Runs a model on the processor. A row's result is the same whether its token comes alone or among others, in one
/// chunk or several, and whatever the page size.
/// </summary>
/// <remarks>Weights and pool are the caller's and must outlive the runner; several runners may share them.</remarks>
public sealed unsafe class CpuModelRunner : IModelRunner
{
    private readonly ModelWeights _weights;
    private readonly ComputeThreads _threads;
    private readonly RunnerBuffers _buffers;
    private readonly RopeTable _rope;
    private readonly StepPlan _plan;
    private readonly MatrixProducts _products;
    private readonly NormWork _norm;
    private readonly RotateWork _rotate;
    private readonly AttentionWork _attention;

    /// <exception cref="ArgumentException">The pool's pages don't fit the model, or an option is out of range.</exception>
    public CpuModelRunner(ModelWeights weights, KvPagePool pool, CpuRunnerOptions options)
    {
        var config = weights.Config;
        CheckLayout(config, pool);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.Threads);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.MaxBatchTokens);
        _weights = weights;
        Pages = pool;
        MaxBatchTokens = options.MaxBatchTokens;
        MaxContextTokens = ContextTokens(config, pool, options);
        var kernels = KernelTable.For(weights.Simd);
        _buffers = new RunnerBuffers(config, MaxBatchTokens);
        _rope = new RopeTable(config.Rope, config.HeadDim, MaxContextTokens);
        _plan = new StepPlan(MaxBatchTokens, AttentionWork.TileTokens(config));
        _products = new MatrixProducts(kernels, options.Threads);
        _norm = new NormWork(kernels, config.HiddenSize, _buffers.HiddenColumns, config.RmsNormEps);
        _rotate = new RotateWork(kernels, config, pool, _rope, _plan);
        _attention = new AttentionWork(kernels, config, pool, _plan, options.Threads);
        _threads = new ComputeThreads(options.Threads);
    }

    public int VocabSize => _weights.Config.VocabSize;

    public int MaxContextTokens { get; }

    public int MaxBatchTokens { get; }

    public KvPagePool Pages { get; }

    public void Forward(ForwardBatch batch)
    {
        ForwardBatchCheck.Check(batch, this);
        _plan.Set(batch, Pages);
        _buffers.ReserveLogits(_plan.LogitCount);
        Embed(batch.AllTokens);
        for (var layer = 0; layer < _weights.Config.Layers; layer++)
        {
            Attend(_weights.Layers[layer], layer);
            FeedForward(_weights.Layers[layer]);
        }

        Project();
    }

    public Span<float> Logits(int index, int nth = 0)
    {
        var row = _plan.LogitIndex(index, nth);
        if (row < 0) throw new ArgumentOutOfRangeException(nameof(index), index, $"Its token {nth} did not ask for logits.");
        return new Span<float>(_buffers.Logits + (nint)row * _buffers.LogitColumns, VocabSize);
    }

    public void Dispose()
    {
        _threads.Dispose();
        _products.Dispose();
        _attention.Dispose();
        _rope.Dispose();
        _buffers.Dispose();
    }

    private void Embed(ReadOnlySpan<int> tokens)
    {
        for (var row = 0; row < tokens.Length; row++)
            _weights.CopyEmbedding(tokens[row], _buffers.Hidden + (nint)row * _buffers.HiddenColumns);
    }

    private void Attend(LayerWeights layer, int index)
    {
        var b = _buffers;
        _norm.Run(_threads, b.Hidden, layer.AttentionNorm, b.Normed, _plan.Rows);
        ProjectQkv(layer);
        _rotate.Run(_threads, layer, index, b.Qkv, b.QkvColumns);
        _attention.Run(_threads, index, b.Qkv, b.QkvColumns, b.Attended, b.AttendedColumns);
        _products.Run(_threads, b.Attended, b.AttendedColumns, _plan.Rows, layer.Output, layer.OutputBias, b.Hidden, b.HiddenColumns, GemmEnd.Add);
    }

    private void ProjectQkv(LayerWeights layer)
    {
        var b = _buffers;
        var column = 0;
        foreach (var part in layer.Qkv)
        {
            // A part's padding is overwritten by the next one.
            var bias = layer.QkvBias == null ? null : layer.QkvBias + column;
            _products.Run(_threads, b.Normed, b.HiddenColumns, _plan.Rows, part, bias, b.Qkv + column, b.QkvColumns, GemmEnd.Store);
            column += part.Outputs;
        }
    }

    private void FeedForward(LayerWeights layer)
    {
        var b = _buffers;
        _norm.Run(_threads, b.Hidden, layer.FeedForwardNorm, b.Normed, _plan.Rows);
        _products.Run(_threads, b.Normed, b.HiddenColumns, _plan.Rows, layer.GateUp, layer.GateUpBias, b.FeedForward, b.FeedForwardColumns, GemmEnd.SwiGlu);
        _products.Run(_threads, b.FeedForward, b.FeedForwardColumns, _plan.Rows, layer.Down, layer.DownBias, b.Hidden, b.HiddenColumns, GemmEnd.Add);
    }

    /// <summary>Logits, for the rows that want them.</summary>
    private void Project()
    {
        var b = _buffers;
        _norm.RunGathered(_plan.LogitRows, b.Hidden, _weights.FinalNorm, b.Normed);
        _products.Run(_threads, b.Normed, b.HiddenColumns, _plan.LogitCount, _weights.Head, null, b.Logits, b.LogitColumns, GemmEnd.Store);
    }

    private static int ContextTokens(ModelConfig config, KvPagePool pool, CpuRunnerOptions options)
    {
        var pooled = (long)pool.CapacityPages * pool.Layout.PageSizeTokens;
        var context = options.MaxContextTokens ?? (int)Math.Min(config.MaxPositionEmbeddings, pooled);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(context, nameof(options.MaxContextTokens));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(context, config.MaxPositionEmbeddings, nameof(options.MaxContextTokens));
        return context;
    }

    private static void CheckLayout(ModelConfig config, KvPagePool pool)
    {
        var layout = pool.Layout;
        if (layout.Layers != config.Layers || layout.KvHeads != config.KvHeads || layout.HeadDim != config.HeadDim)
        {
            throw new ArgumentException($"The pool's pages hold {layout.Layers} layers of {layout.KvHeads} heads of {layout.HeadDim}; "
                + $"the model has {config.Layers} layers of {config.KvHeads} heads of {config.HeadDim}.", nameof(pool));
        }
    }
}
