using ActorInference.Actors.Kv;

namespace ActorInference.Cache.Radix;

/// <summary>A request that waits for prefill, as far as its turn depends on it.</summary>
/// <param name="Id">The caller's name for it.</param>
/// <param name="Arrival">Its place in the order of arrival; no two have the same.</param>
/// <param name="CachedTokens">Of its prompt, by <see cref="IPrefixCache.Peek"/>.</param>
/// <param name="WaitedMs">Since it arrived.</param>
public readonly record struct QueuedRequest(int Id, long Arrival, int CachedTokens, long WaitedMs);

/// <summary>Who is served next. Pure, in place, without allocation.</summary>
public static class RequestOrder
{
    /// <summary>First come, first served.</summary>
    public static void Fcfs(Span<QueuedRequest> queue) => queue.Sort(new ByArrival());

    /// <summary>
    /// Longest cached prefix first, which uses a prefix before it is evicted. Waiting counts as cached tokens, so a
    /// request is overtaken only by those that arrive within <c>longest prompt / agingTokensPerSecond</c> seconds.
    /// </summary>
    /// <param name="agingTokensPerSecond">What a second of waiting is worth, above 0.</param>
    public static void LongestPrefix(Span<QueuedRequest> queue, double agingTokensPerSecond)
    {
        if (!(agingTokensPerSecond > 0))
        {
            throw new ArgumentOutOfRangeException(
                nameof(agingTokensPerSecond), agingTokensPerSecond, "Aging must be above 0 tokens a second, or a request without cached tokens may wait for ever.");
        }

        queue.Sort(new ByPrefixAndAge(agingTokensPerSecond / 1000));
    }

    private readonly struct ByArrival : IComparer<QueuedRequest>
    {
        public int Compare(QueuedRequest x, QueuedRequest y) => x.Arrival.CompareTo(y.Arrival);
    }

    private readonly struct ByPrefixAndAge(double tokensPerMs) : IComparer<QueuedRequest>
    {
        public int Compare(QueuedRequest x, QueuedRequest y)
        {
            var order = Worth(y).CompareTo(Worth(x));
            return order != 0 ? order : x.Arrival.CompareTo(y.Arrival);
        }

        private double Worth(QueuedRequest request) => request.CachedTokens + request.WaitedMs * tokensPerMs;
    }
}
