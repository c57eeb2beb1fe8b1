using ActorInference.Gpu.Kv;
using ActorInference.Gpu.Models;

namespace ActorInference.Gpu.Engine;

/// <summary>What a runner asks of the pool that it is given, on every kind of device.</summary>
internal static class RunnerPool
{
    /// <summary>Longest sequence in tokens: what was wanted, or all that model and pool have room for.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It was wanted longer than the model can be asked, or not positive.</exception>
    public static int ContextTokens(ModelConfig config, KvPagePool pool, int? wanted)
    {
        var pooled = (long)pool.CapacityPages * pool.Layout.PageSizeTokens;
        var context = wanted ?? (int)Math.Min(config.MaxPositionEmbeddings, pooled);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(context, "MaxContextTokens");
        ArgumentOutOfRangeException.ThrowIfGreaterThan(context, config.MaxPositionEmbeddings, "MaxContextTokens");
        return context;
    }

    /// <exception cref="ArgumentException">Its pages are of another model's shape.</exception>
    public static void CheckLayout(ModelConfig config, KvPagePool pool)
    {
        var layout = pool.Layout;
        if (layout.Layers == config.Layers && layout.KvHeads == config.KvHeads && layout.HeadDim == config.HeadDim) return;
        throw new ArgumentException($"The pool's pages hold {layout.Layers} layers of {layout.KvHeads} heads of {layout.HeadDim}; "
            + $"the model has {config.Layers} layers of {config.KvHeads} heads of {config.HeadDim}.", nameof(pool));
    }
}
