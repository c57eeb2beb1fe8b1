using ActorInference.Cache.Radix;
using ActorInference.Cache.Radix.Eviction;

namespace ActorInference.Cache.Traces;

/// <summary>One worker's prefix cache in a simulation: its tree without its pages.</summary>
/// <param name="policy">It serves this cache only.</param>
/// <param name="blocks">Capacity, at least 1.</param>
public sealed class TraceCache(IEvictionPolicy policy, int blocks)
{
    private readonly GhostCache _cache = GhostCache.Create(blocks, policy);

    public int CachedBlocks => _cache.CachedBlocks;

    /// <summary>Serves a request, which ends before the next begins; its blocks are cached then, as far as there is room.</summary>
    /// <param name="timeMs">Since the beginning.</param>
    /// <returns>Blocks of the prompt that were found.</returns>
    public int Serve(ReadOnlySpan<int> prompt, long timeMs) => _cache.Serve(prompt, timeMs);
}
