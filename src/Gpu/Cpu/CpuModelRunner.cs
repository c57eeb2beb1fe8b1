using System.Diagnostics;
using ActorInference.Actors.Kv;
using ActorInference.Gpu.Engine;
using ActorInference.Gpu.Kv;
using ActorInference.Gpu.Models;
using ActorInference.Gpu.Ranks;

namespace ActorInference.Gpu.Cpu;

/// <summary>
/// Runs a model on the processor. A row's result is the same whether its token comes alone or among others, in one
/// chunk or several, and whatever the page size.
/// </summary>
/// <remarks>
/// Weights and pool are the caller's and must outlive the runner; several runners may share them. One that has a part of the model only computes
/// together with the other ranks, which must be given the same batches; logits are rank 0's.
/// </remarks>
public sealed unsafe class CpuModelRunner : IModelRunner
{
    private readonly ModelWeights _weights;
    private readonly ComputeThreads _threads;
    private readonly RunnerBuffers _buffers;
    private readonly RopeTable _rope;
    private readonly RopeTable _localRope;
    private readonly KernelTable _kernels;
    private readonly GemmEnd _gate;
    private readonly MixtureWork? _mixture;
    private readonly StepPlan _plan;
    private readonly MatrixProducts _products;
    private readonly NormWork _norm;
    private readonly RotateWork _rotate;
    private readonly AttentionWork _attention;
    private readonly RankJoin? _ranks;
    private long _lastStepTicks;

    /// <param name="weights">All of a model, or what one rank has.</param>
    /// <param name="pool">Its pages have all heads of the model.</param>
    /// <param name="options">Checked.</param>
    /// <param name="group">The ranks, if the model is divided; the caller disposes it.</param>
    /// <exception cref="ArgumentException">The pool's pages don't fit the model, an option is out of range, or weights and group are not of one rank.</exception>
    public CpuModelRunner(ModelWeights weights, KvPagePool pool, CpuRunnerOptions options, RankGroup? group = null)
    {
        var config = weights.Shard.Config;
        RunnerPool.CheckLayout(weights.Config, pool);
        if (group is null && weights.Shard.Ranks > 1) throw new ArgumentException($"The weights are one part of {weights.Shard.Ranks}; they need a group of ranks.", nameof(group));
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.Threads);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.MaxBatchTokens);
        _weights = weights;
        Pages = pool;
        MaxBatchTokens = options.MaxBatchTokens;
        if (!KvDtypes.Contains(pool.Layout.Dtype))
            throw new ArgumentException($"Keys and values of {pool.Layout.Dtype} are for CUDA devices; the processor computes with {string.Join(", ", KvDtypes)}.", nameof(pool));
        MaxContextTokens = RunnerPool.ContextTokens(config, pool, options.MaxContextTokens);
        var kernels = KernelTable.For(weights.Simd);
        _buffers = new RunnerBuffers(config, MaxBatchTokens);
        _rope = new RopeTable(config.Rope, config.HeadDim, MaxContextTokens);
        _localRope = config.LocalRope is { } local ? new RopeTable(local, config.HeadDim, MaxContextTokens) : _rope;
        _kernels = kernels;
        _gate = config.IsGemma ? GemmEnd.GeGlu : GemmEnd.SwiGlu;
        _plan = new StepPlan(MaxBatchTokens, AttentionWork.TileTokens(config), AttentionWork.LeastGroups(config, options.Threads));
        _products = new MatrixProducts(kernels, options.Threads);
        _norm = new NormWork(kernels, config.HiddenSize, _buffers.HiddenColumns, config.RmsNormEps);
        _rotate = new RotateWork(kernels, weights.Shard, pool, _plan);
        if (config.Experts > 0) _mixture = new MixtureWork(kernels, config, _products, MaxBatchTokens);
        _attention = new AttentionWork(kernels, weights.Shard, pool, _plan, options.Threads);
        if (group is not null) _ranks = new RankJoin(group, kernels, weights.Shard, MaxBatchTokens);
        _threads = new ComputeThreads(options.Threads);
    }

    /// <summary>Types of keys and values that the processor computes with.</summary>
    public static IReadOnlyList<KvDtype> KvDtypes { get; } = [KvDtype.F32, KvDtype.F16, KvDtype.BF16, KvDtype.Q8_0];

    public int VocabSize => _weights.Config.VocabSize;

    public int MaxContextTokens { get; }

    public int MaxBatchTokens { get; }

    public KvPagePool Pages { get; }

    public bool AwaitsLayers => true;

    /// <summary>Whether logits come to this rank.</summary>
    private bool HasLogits => _weights.Shard.Rank == 0;

    public void Forward(ForwardBatch batch)
    {
        ForwardBatchCheck.Check(batch, this);
        PackWeights();
        var start = Stopwatch.GetTimestamp();
        _plan.Set(batch, Pages);
        if (HasLogits) _buffers.ReserveLogits(_plan.LogitCount);
        Embed(batch.AllTokens);
        for (var layer = 0; layer < _weights.Config.Layers; layer++)
        {
            Attend(_weights.Layers[layer], layer);
            FeedForward(_weights.Layers[layer]);
        }

        Project();
        _lastStepTicks = Stopwatch.GetTimestamp() - start;
    }

    public bool TryPrepare() => _weights.Packing.TryPackSome(_threads);

    public Span<float> Logits(int index, int nth = 0)
    {
        if (!HasLogits) throw new InvalidOperationException($"This is rank {_weights.Shard.Rank}; logits are rank 0's.");
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
        _localRope.Dispose();
        _mixture?.Dispose();
        _buffers.Dispose();
    }

    /// <summary>Brings weights from the file into memory, for as long as the step before this one took: the first one waits for none.</summary>
    private void PackWeights()
    {
        var packing = _weights.Packing;
        if (packing.IsDone) return;
        var until = Stopwatch.GetTimestamp() + _lastStepTicks;
        while (Stopwatch.GetTimestamp() < until && packing.TryPackSome(_threads))
        {
        }
    }

    private void Embed(ReadOnlySpan<int> tokens)
    {
        var config = _weights.Config;
        _ranks?.Embed(tokens, _weights, _buffers.Hidden);
        for (var row = 0; row < tokens.Length; row++)
        {
            var hidden = _buffers.Hidden + (nint)row * _buffers.HiddenColumns;
            if (_ranks is null) _weights.CopyEmbedding(tokens[row], hidden);
            if (config.IsGemma) _kernels.Scale(hidden, MathF.Sqrt(config.HiddenSize), hidden, config.HiddenSize);
        }
    }

    private void Attend(LayerWeights layer, int index)
    {
        var b = _buffers;
        _norm.Run(_threads, b.Hidden, layer.AttentionNorm, b.Normed, _plan.Rows);
        ProjectQkv(layer);
        _rotate.Run(_threads, layer, _weights.Config.WindowOf(index) is null ? _rope : _localRope, index, b.Qkv, b.QkvColumns);
        _plan.Batch.AwaitLayer(index);
        _attention.Run(_threads, index, b.Qkv, b.QkvColumns, b.Attended, b.AttendedColumns);
        Join(b.Attended, b.AttendedColumns, layer.Output, layer.OutputBias, layer.PostAttentionNorm);
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
        if (layer.Router is not null)
        {
            Mix(layer);
            return;
        }

        var dense = layer.FeedForward[0];
        _products.Run(_threads, b.Normed, b.HiddenColumns, _plan.Rows, dense.GateUp, dense.GateUpBias, b.FeedForward, b.FeedForwardColumns, _gate);
        Join(b.FeedForward, b.FeedForwardColumns, dense.Down, dense.DownBias, layer.PostFeedForwardNorm);
    }

    private void Mix(LayerWeights layer)
    {
        var b = _buffers;
        if (_ranks is null)
        {
            _mixture!.Run(_threads, layer, b.Normed, b.Hidden, b.HiddenColumns, _plan.Rows);
            return;
        }

        _ranks.ClearMine(_plan.Rows);
        _mixture!.Run(_threads, layer, b.Normed, _ranks.Mine, b.HiddenColumns, _plan.Rows);
        _ranks.Sum(_threads, b.Hidden, _plan.Rows, adds: true);
    }

    /// <summary>Adds a product to the residual stream, normalized before if the model does so.</summary>
    private void Join(float* x, nint ldx, WeightMatrix weights, float* bias, float* norm)
    {
        var b = _buffers;
        if (_ranks is not null)
        {
            _products.Run(_threads, x, ldx, _plan.Rows, weights, bias, _ranks.Mine, b.HiddenColumns, GemmEnd.Store);
            _ranks.Sum(_threads, norm == null ? b.Hidden : b.Normed, _plan.Rows, adds: norm == null);
            if (norm != null) _norm.RunAdd(_threads, b.Normed, norm, b.Hidden, _plan.Rows);
            return;
        }

        if (norm == null)
        {
            _products.Run(_threads, x, ldx, _plan.Rows, weights, bias, b.Hidden, b.HiddenColumns, GemmEnd.Add);
            return;
        }

        _products.Run(_threads, x, ldx, _plan.Rows, weights, bias, b.Normed, b.HiddenColumns, GemmEnd.Store);
        _norm.RunAdd(_threads, b.Normed, norm, b.Hidden, _plan.Rows);
    }

    /// <summary>Logits, for the rows that want them.</summary>
    private void Project()
    {
        var b = _buffers;
        _norm.RunGathered(_plan.LogitRows, b.Hidden, _weights.FinalNorm, b.Normed);
        if (_ranks is not null) _ranks.Logits(_threads, _products, b.Normed, _plan.LogitCount, _weights.Head, b.Logits, b.LogitColumns);
        else _products.Run(_threads, b.Normed, b.HiddenColumns, _plan.LogitCount, _weights.Head, null, b.Logits, b.LogitColumns, GemmEnd.Store);
        if (HasLogits && _weights.Config.LogitSoftcap is > 0 and var cap)
        {
            for (var row = 0; row < _plan.LogitCount; row++) _kernels.SoftCap(b.Logits + (nint)row * b.LogitColumns, b.LogitColumns, cap);
        }
    }
}
