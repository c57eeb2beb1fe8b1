using ActorInference.Actors.Kv;

namespace ActorInference.Cache.Radix;

/// <summary>A prompt whose pages are being computed now, or will be before the one in question.</summary>
public readonly record struct ComputingPrompt(KvNamespaceId Space, ReadOnlyMemory<int> Tokens);

/// <summary>Finds out whether a request should wait for a prefix that another one is computing, instead of computing it twice. Pure.</summary>
public static class PrefixSharing
{
    /// <summary>The prompt to wait for: the one that will have cached most of this one.</summary>
    /// <param name="tokens">The prompt in question. Its last token is always computed, so it is not shared.</param>
    /// <param name="cachedTokens">Of it, found already (<see cref="IPrefixCache.Peek"/>).</param>
    /// <param name="computing">
    /// Prompts under way and those chosen before this one in the same round; never the prompt itself, so two never
    /// wait for each other.
    /// </param>
    /// <param name="pageSizeTokens">Only full pages can be shared.</param>
    /// <param name="minTokens">Fewer than this gained is not worth waiting for, at least 1.</param>
    /// <param name="sharedTokens">Tokens that will be cached when that prompt is done; 0 without one.</param>
    /// <returns>Its index in <paramref name="computing"/>, the first among equals; -1 to compute now.</returns>
    /// <remarks>Cost: one vectorized comparison for each, which ends at the first difference.</remarks>
    public static int WaitFor(
        KvNamespaceId space,
        ReadOnlySpan<int> tokens,
        int cachedTokens,
        ReadOnlySpan<ComputingPrompt> computing,
        int pageSizeTokens,
        int minTokens,
        out int sharedTokens)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(pageSizeTokens);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(minTokens);
        var best = -1;
        sharedTokens = 0;
        var shareable = tokens[..Math.Max(0, tokens.Length - 1)];
        for (var i = 0; i < computing.Length; i++)
        {
            if (computing[i].Space != space) continue;
            var shared = shareable.CommonPrefixLength(computing[i].Tokens.Span) / pageSizeTokens * pageSizeTokens;
            if (shared - cachedTokens < minTokens || shared <= sharedTokens) continue;
            best = i;
            sharedTokens = shared;
        }

        return best;
    }
}
