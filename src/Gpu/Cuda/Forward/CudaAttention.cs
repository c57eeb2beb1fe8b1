using System.Numerics;
using ActorInference.Actors.Kv;
using ActorInference.Gpu.Cuda.Modules;
using ActorInference.Gpu.Kv;
using ActorInference.Gpu.Models;

namespace ActorInference.Gpu.Cuda.Forward;

/// <summary>Launches attention: single queries split along their keys, chunks of prompts in tiles.</summary>
internal sealed unsafe class CudaAttention(CudaKernels kernels, KernelLaunch launch, CudaBuffers buffers, CudaStepPlan plan, ModelConfig config, KvPagePool pool)
{
    private const int Threads = 128;

    /// <summary>Keys of a split, unless their shares would not fit: the same whatever the batch, so that sums are formed alike.</summary>
    private const int SplitKeys = 256;

    /// <summary>What this device has of a page: its heads.</summary>
    private readonly KvPageLayout _layout = pool.Layout with { KvHeads = config.KvHeads };
    private readonly ulong _pages = (ulong)pool.Address(0);
    private readonly int _stride = config.QuerySize + 2 * config.KvSize;
    private readonly float _scale = 1 / MathF.Sqrt(config.HeadDim);

    /// <summary>Keys and values of a layer.</summary>
    public KvLayerArgument Layer(int layer)
    {
        var size = _layout.Dtype.HeadBytes(1);
        return new KvLayerArgument(
            _pages + (ulong)layer * (ulong)_layout.LayerBytes, _layout.PageBytes / size, _layout.PlaneBytes / size, BitOperations.Log2((uint)_layout.PageSizeTokens), _layout.KvHeads);
    }

    /// <summary>How the keys of so many single queries are cut.</summary>
    /// <returns>Keys of a split, and how many splits the longest has at most; a power of two.</returns>
    public (int Keys, int Count) Splits(int queries, int longest)
    {
        for (var keys = SplitKeys; ; keys *= 2)
        {
            var count = (int)BitOperations.RoundUpToPowerOf2((uint)((longest + keys - 1) / keys));
            if (count == 1 || (long)queries * config.Heads * count * (config.HeadDim + 2) * sizeof(float) <= CudaBuffers.PartialBytes) return (keys, count);
        }
    }

    /// <param name="layer">Keys and values that the step's own are written to already.</param>
    /// <param name="singles">Single queries, padded perhaps.</param>
    /// <param name="splits">How their keys are cut.</param>
    public void Run(int layer, int singles, (int Keys, int Count) splits)
    {
        var kv = Layer(layer);
        if (singles > 0)
        {
            Decode(kv, plan.Singles, plan.SingleCountAt, singles, splits);
            if (splits.Count > 1)
            {
                launch.With(buffers.Attended).With(buffers.Partial).With(plan.Singles).With(plan.SingleCountAt).With(plan.Positions).With(config.Heads).With(splits.Count).With(splits.Keys)
                    .Run(kernels.AttentionJoin, singles, config.Heads, 1, Threads);
            }
        }

        if (plan.PlainCount > 0) Decode(kv, plan.Plain, plan.PlainCountAt, plan.PlainCount, (1 << 30, 1));
        if (plan.TileCount == 0) return;
        launch.With(buffers.Attended).With(buffers.Qkv).With(plan.Tiles).With(plan.PageStarts).With(plan.Pages).With(kv).With(_stride).With(_scale)
            .Run(kernels.AttentionPrefill!, plan.TileCount, config.KvHeads, 1, Threads, kernels.PrefillSharedBytes);
    }

    private void Decode(KvLayerArgument kv, ulong rows, ulong count, int queries, (int Keys, int Count) splits) =>
        launch.With(buffers.Attended).With(buffers.Partial).With(buffers.Qkv).With(rows).With(count).With(plan.Positions).With(plan.PageStarts)
            .With(plan.Pages).With(kv).With(_stride).With(_scale).With(splits.Keys)
            .Run(kernels.AttentionDecode, queries, config.KvHeads, splits.Count, Threads);
}
