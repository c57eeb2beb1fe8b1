using System.Diagnostics;
using ActorInference.Actors.Kv;

namespace ActorInference.Actors.Tracing;

/// <summary>What spans say of cached tokens.</summary>
public static class CachedTiers
{
    /// <summary>Says where the cached tokens of a prompt were.</summary>
    /// <param name="cachedTokens">Of all tiers.</param>
    /// <param name="tiers">Of those, the ones from beyond the device's pool.</param>
    public static Activity SetCachedTiers(this Activity span, int cachedTokens, TierTokens tiers) => span
        .SetTag(SpanTags.CachedTokens, cachedTokens)
        .SetTag(SpanTags.CachedL1, cachedTokens - tiers.Host - tiers.Storage)
        .SetTag(SpanTags.CachedL2, tiers.Host)
        .SetTag(SpanTags.CachedL3, tiers.Storage);
}
