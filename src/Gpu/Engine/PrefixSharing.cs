namespace ActorInference.Gpu.Engine;

/// <summary>
/// Says whether a sequence should wait for a prefix that another one is computing, instead of computing it too. It waits
/// for older ones only, and only until they are past what is shared, so its wait ends.
/// </summary>
internal static class PrefixSharing
{
    /// <param name="waiting">Not started yet.</param>
    /// <param name="cachedTokens">Of it, cached already.</param>
    /// <param name="running">Sequences that compute.</param>
    /// <param name="pageSizeTokens">Only full pages can be shared.</param>
    /// <param name="minTokens">Fewer than this gained is not worth a wait, at least 1.</param>
    /// <remarks>Cost: a vectorized comparison with each one in prefill, which ends at the first difference.</remarks>
    public static bool IsBeingComputed(Sequence waiting, int cachedTokens, List<Sequence> running, int pageSizeTokens, int minTokens)
    {
        // The last token is computed in any case.
        var shareable = waiting.Tokens[..^1];
        if (shareable.Length - cachedTokens < minTokens) return false;
        foreach (var other in running)
        {
            if (other.PendingCount <= 1 || other.Id.Value > waiting.Id.Value || other.Space != waiting.Space) continue;
            var shared = shareable.CommonPrefixLength(other.Tokens) / pageSizeTokens * pageSizeTokens;
            if (shared - cachedTokens >= minTokens && (other.ComputedCount < shared || other.Load is not null)) return true;
        }

        return false;
    }
}
