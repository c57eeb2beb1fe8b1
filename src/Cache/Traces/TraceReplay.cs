using ActorInference.Cache.Radix;
using ActorInference.Cache.Radix.Eviction;

namespace ActorInference.Cache.Traces;

/// <summary>What a cache of some size and policy found of a trace.</summary>
/// <param name="Blocks">Capacity.</param>
/// <param name="AskedBlocks">Of all prompts.</param>
/// <param name="FoundBlocks">Of them, found as a prefix.</param>
public sealed record TraceResult(string Policy, int Blocks, int Requests, long AskedBlocks, long FoundBlocks)
{
    /// <summary>Share of blocks found, 0 to 1.</summary>
    public double HitRate => AskedBlocks == 0 ? 0 : (double)FoundBlocks / AskedBlocks;
}

/// <summary>
/// Replays a trace through the radix tree that serves requests, without a model.
/// </summary>
public static class TraceReplay
{
    /// <summary>Replays with a policy by name. Leaves are evicted whole, as the published figures have it.</summary>
    /// <param name="blocks">Capacity, at least 1.</param>
    /// <exception cref="ArgumentException">There is no such policy.</exception>
    public static TraceResult Run(IEnumerable<TraceRequest> trace, string policy, int blocks) =>
        Run(trace, policy, EvictionPolicies.Create(policy, wholeLeaves: true), blocks);

    public static TraceResult Run(IEnumerable<TraceRequest> trace, string name, IEvictionPolicy policy, int blocks)
    {
        var cache = new GhostCache(blocks, policy);
        var requests = 0;
        var (asked, found) = (0L, 0L);
        foreach (var request in trace)
        {
            requests++;
            asked += request.Blocks.Length;
            found += cache.Serve(request.Blocks, request.TimestampMs);
        }

        return new TraceResult(name, blocks, requests, asked, found);
    }
}
