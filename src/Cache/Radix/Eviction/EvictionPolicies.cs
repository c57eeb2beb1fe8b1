namespace ActorInference.Cache.Radix.Eviction;

/// <summary>The policies by name.</summary>
public static class EvictionPolicies
{
    /// <summary>Uses that make a prefix worth protecting in <c>slru</c>: its own request's and one more.</summary>
    private const int ProtectedHits = 2;

    /// <summary>Names that <see cref="Create"/> knows.</summary>
    public static IReadOnlyList<string> Names { get; } = ["lru", "lfu", "slru", "priority", "adaptive"];

    /// <summary>A policy for one tree.</summary>
    /// <param name="name">
    /// <c>lru</c>: longest unused first. <c>lfu</c>: fewest requests first. <c>slru</c>: what one request alone used
    /// first. <c>priority</c>: lowest request priority first. Ties go to the longest unused. <c>adaptive</c>: what will
    /// earn the fewest hits for its room, by what it has learned, while that finds more than <c>lru</c> (<see cref="AdaptiveEviction"/>).
    /// </param>
    /// <param name="wholeLeaves">Evict leaves whole, as RadixAttention does, and not only as many pages as are wanted.</param>
    /// <exception cref="ArgumentException">There is no such policy.</exception>
    public static IEvictionPolicy Create(string name, bool wholeLeaves = false) => name switch
    {
        "lru" => LongestUnusedFirst(wholeLeaves),
        "lfu" => new RankedEviction(static use => new EvictionRank(use.Hits, use.LastUse), wholeLeaves),
        "slru" => new RankedEviction(static use => new EvictionRank(use.Hits >= ProtectedHits ? 1 : 0, use.LastUse), wholeLeaves),
        "priority" => new RankedEviction(static use => new EvictionRank(use.Priority, use.LastUse), wholeLeaves),
        "adaptive" => new AdaptiveEviction(wholeLeaves),
        _ => throw new ArgumentException($"Eviction policy is '{name}'; it must be one of {string.Join(", ", Names)}.", nameof(name)),
    };

    internal static RankedEviction LongestUnusedFirst(bool wholeLeaves = false) => new(static use => new EvictionRank(0, use.LastUse), wholeLeaves);
}
