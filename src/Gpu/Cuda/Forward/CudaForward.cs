using ActorInference.Gpu.Cuda.Modules;
using ActorInference.Gpu.Cuda.Ranks;
using ActorInference.Gpu.Cuda.Weights;
using ActorInference.Gpu.Engine;
using ActorInference.Gpu.Kv;
using ActorInference.Gpu.Models;

namespace ActorInference.Gpu.Cuda.Forward;

/// <summary>Launches one step's kernels, layer by layer. Nothing here waits for the device.</summary>
internal sealed class CudaForward : IDisposable
{
    private const int Threads = 256;
    private const int GatesOfThread = 4;
    private const int RopeThreads = 128;
    private const int RopeHeads = 4;

    private readonly CudaWeights _weights;
    private readonly ModelConfig _config;
    private readonly CudaStepPlan _plan;
    private readonly CudaBuffers _buffers;
    private readonly CudaKernels _kernels;
    private readonly KernelLaunch _launch;
    private readonly CudaProducts _products;
    private readonly CudaRope _rope;
    private readonly ulong _chosen;
    private readonly DeviceGroup? _group;

    /// <param name="weights">Of the model.</param>
    /// <param name="pool">Of pages.</param>
    /// <param name="kernels">For its shape.</param>
    /// <param name="plan">What a step works on.</param>
    /// <param name="buffers">For its activations.</param>
    /// <param name="chosen">Address of the tokens that the step before chose.</param>
    /// <param name="contextTokens">Longest sequence.</param>
    /// <param name="group">Of the ranks that have the other parts of the model; null for none.</param>
    public CudaForward(CudaWeights weights, KvPagePool pool, CudaKernels kernels, CudaStepPlan plan, CudaBuffers buffers, ulong chosen, int contextTokens, DeviceGroup? group)
    {
        (_weights, _config, _plan, _buffers, _kernels, _chosen, _group) = (weights, weights.Shard.Config, plan, buffers, kernels, chosen, group);
        _launch = new KernelLaunch(weights.Device);
        _products = new CudaProducts(weights.Device, _launch, buffers, weights.Activations, kernels.ActivationDefinition);
        _rope = new CudaRope(weights.Device, _config, contextTokens);
        Attention = new CudaAttention(kernels, _launch, buffers, plan, _config, pool);
    }

    public CudaAttention Attention { get; }

    public KernelLaunch Launcher => _launch;

    /// <summary>Launches everything.</summary>
    /// <param name="rows">Rows of the plan, or more: what is beyond its own is not computed by kernels, and of no use from products.</param>
    /// <param name="logitRows">Likewise of its rows with logits.</param>
    /// <param name="singles">Likewise of its single queries.</param>
    /// <param name="splits">How the keys of single queries are cut.</param>
    /// <param name="logits">With room for the rounded rows; overwritten.</param>
    /// <param name="awaited">Whose pages are on their way; null for none.</param>
    public void Launch(int rows, int logitRows, int singles, (int Keys, int Count) splits, CudaLogits logits, ForwardBatch? awaited = null)
    {
        // The first has nothing before it in what is recorded.
        var overlaps = _launch.Overlaps;
        _launch.Overlaps = false;
        _launch.With(_buffers.Hidden).With(_weights.Embedding.Data).With(_plan.Tokens).With(_chosen).With(_plan.RowCountAt).With(_config.HiddenSize)
            .Run(_kernels.Embed, rows, 1, 1, Threads);
        _launch.Overlaps = overlaps;
        ulong delta = 0, bias = 0;
        for (var i = 0; i < _weights.Layers.Length; i++)
        {
            var layer = _weights.Layers[i];
            awaited?.AwaitLayer(i);
            Attend(layer, i, rows, singles, splits, delta, bias);
            FeedForward(layer, rows);
            (delta, bias) = (_buffers.Delta, layer.DownBias);
        }

        if (logitRows == 0) return;
        Norm(_buffers.Normed, delta, bias, _weights.FinalNorm, _plan.LogitRows, _plan.LogitCountAt, logitRows);
        _products.Run(_weights.Head, _buffers.Normed, logits.Own, logitRows);
        logits.Join(_launch, logitRows);
    }

    public void Dispose()
    {
        _products.Dispose();
        _rope.Dispose();
        _launch.Dispose();
    }

    private void Attend(CudaLayer layer, int index, int rows, int singles, (int Keys, int Count) splits, ulong delta, ulong bias)
    {
        Norm(_buffers.Normed, delta, bias, layer.AttentionNorm, 0, _plan.RowCountAt, rows);
        _products.Run(layer.Qkv, _buffers.Normed, _buffers.Qkv, rows);
        var heads = _config.Heads + 2 * _config.KvHeads;
        _launch.With(_buffers.Qkv).With(layer.QkvBias).With(layer.QueryNorm).With(layer.KeyNorm).With(_rope.Cosines).With(_rope.Sines)
            .With(_plan.Positions).With(_plan.RowPages).With(_plan.RowCountAt).With(Attention.Layer(index)).With(_config.Heads).With(_config.RmsNormEps)
            .Run(_kernels.RopeWrite, (heads + RopeHeads - 1) / RopeHeads, rows, 1, RopeThreads);
        Attention.Run(index, singles, splits);
        _products.Run(layer.Output, _buffers.Attended, _buffers.Delta, rows);
        _group?.Sum(_buffers.Delta, (long)rows * _config.HiddenSize);
    }

    private void FeedForward(CudaLayer layer, int rows)
    {
        Norm(_buffers.Normed, _buffers.Delta, layer.OutputBias, layer.FeedForwardNorm, 0, _plan.RowCountAt, rows);
        _products.Run(layer.GateUp, _buffers.Normed, _buffers.GateUp, rows);
        _launch.With(_buffers.FeedForward).With(_buffers.GateUp).With(layer.GateUpBias).With(_plan.RowCountAt).With(_config.IntermediateSize)
            .Run(_kernels.SwiGlu, (_config.IntermediateSize + GatesOfThread * Threads - 1) / (GatesOfThread * Threads), rows, 1, Threads);
        _products.Run(layer.Down, _buffers.FeedForward, _buffers.Delta, rows);
        _group?.Sum(_buffers.Delta, (long)rows * _config.HiddenSize);
    }

    private void Norm(ulong target, ulong delta, ulong bias, ulong weight, ulong rows, ulong countAt, int count) =>
        _launch.With(target).With(_buffers.Hidden).With(delta).With(bias).With(weight).With(rows).With(countAt).With(_config.HiddenSize).With(_config.RmsNormEps)
            .Run(_kernels.Norm, count, 1, 1, Threads);
}
