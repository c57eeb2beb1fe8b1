using ActorInference.Gpu.Kv;
using ActorInference.Gpu.Models;

namespace ActorInference.Gpu.Cpu;

/// <summary>
/// Takes each row's fresh query, key and value to where attention wants them: heads normalized if the model does so,
/// queries and keys rotated to their position, keys and values written to their page.
/// </summary>
/// <param name="shard">Whose heads these are; the pages have all heads.</param>
internal sealed unsafe class RotateWork(KernelTable kernels, ModelShard shard, KvPagePool pool, StepPlan plan) : ComputeWork
{
    private const int ItemRows = 4;
    private const int SerialRows = 8;

    private readonly KvPagePool _pool = pool;
    private LayerWeights _weights = null!;
    private RopeTable _rope = null!;
    private float* _qkv;
    private nint _ldqkv;
    private int _layer;

    /// <param name="qkv">Queries, keys and values of each row, side by side. Shape <c>[rows, ldqkv]</c>. Overwritten.</param>
    public void Run(ComputeThreads threads, LayerWeights weights, RopeTable rope, int layer, float* qkv, nint ldqkv)
    {
        (_weights, _rope, _layer, _ldqkv) = (weights, rope, layer, ldqkv);
        _qkv = qkv;
        threads.Run(this, (plan.Rows + ItemRows - 1) / ItemRows, plan.Rows > SerialRows);
    }

    public override void Execute(int item, int worker)
    {
        for (var row = item * ItemRows; row < Math.Min(plan.Rows, (item + 1) * ItemRows); row++) Row(row);
    }

    private void Row(int row)
    {
        var config = shard.Config;
        var position = plan.Positions[row];
        float* cos = _rope.Cos(position), sin = _rope.Sin(position);
        var query = _qkv + row * _ldqkv;
        var key = query + config.QuerySize;
        Heads(query, config.Heads, _weights.QueryNorm, cos, sin);
        Heads(key, config.KvHeads, _weights.KeyNorm, cos, sin);
        var page = plan.Pages[row];
        var first = plan.Slots[row] * _pool.Layout.KvHeads + shard.FirstKvHead;
        KvElements.Store(_pool.Layout, key, _pool.Keys(page, _layer), first, config.KvHeads);
        KvElements.Store(_pool.Layout, key + config.KvSize, _pool.Values(page, _layer), first, config.KvHeads);
    }

    private void Heads(float* x, int heads, float* norm, float* cos, float* sin)
    {
        for (var head = 0; head < heads; head++, x += shard.Config.HeadDim)
        {
            if (norm != null) kernels.HeadNorm(x, norm, shard.Config.HeadDim, shard.Config.RmsNormEps);
            kernels.Rotate(x, cos, sin, _rope.Half);
        }
    }
}
