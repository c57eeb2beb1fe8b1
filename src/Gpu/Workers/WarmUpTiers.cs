using ActorInference.Actors.Kv;

namespace ActorInference.Gpu.Workers;

/// <summary>Where a warm-up keeps pages, like the tiers of its worker and apart from them.</summary>
/// <param name="Cache">Over the runner's pool; empty.</param>
/// <param name="Tier">Behind it; empty.</param>
/// <param name="Memory">What the tier has taken.</param>
public sealed record WarmUpTiers(IPrefixCache Cache, IPageTier Tier, IDisposable Memory) : IDisposable
{
    public void Dispose() => Memory.Dispose();
}
