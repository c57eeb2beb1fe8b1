using ActorInference.Actors.Kv;
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
/// Replays a trace through the radix tree that serves requests, without a model: one token of the tree is one block.
/// Each request ends before the next begins.
/// </summary>
public static class TraceReplay
{
    private static readonly KvNamespaceId Space = new KvNamespace("trace", "1", KvDtype.F32).ComputeId();

    /// <summary>Replays with a policy by name. Leaves are evicted whole, as the published figures have it.</summary>
    /// <param name="blocks">Capacity, at least 1.</param>
    /// <exception cref="ArgumentException">There is no such policy.</exception>
    public static TraceResult Run(IEnumerable<TraceRequest> trace, string policy, int blocks) =>
        Run(trace, policy, EvictionPolicies.Create(policy, wholeLeaves: true), blocks);

    public static TraceResult Run(IEnumerable<TraceRequest> trace, string name, IEvictionPolicy policy, int blocks)
    {
        var pool = new BlockPool(blocks);
        var tree = new RadixTree(new RadixTreeOptions { PageSizeTokens = 1, CapacityPages = blocks }, pool, policy);
        var buffers = new Buffers();
        var requests = 0;
        var (asked, found) = (0L, 0L);
        foreach (var request in trace)
        {
            requests++;
            asked += request.Blocks.Length;
            tree.Advance(request.TimestampMs);
            found += Serve(tree, pool, request, buffers);
        }

        return new TraceResult(name, blocks, requests, asked, found);
    }

    /// <returns>Blocks found.</returns>
    private static int Serve(RadixTree tree, BlockPool pool, TraceRequest request, Buffers buffers)
    {
        // The tree leaves a prompt's last token to compute. A trace counts every block, so there is one token more.
        var prompt = buffers.Prompt(request.Blocks);
        var pages = buffers.Pages(request.Blocks.Length);
        var match = tree.Match(Space, prompt, pages);

        var missing = request.Blocks.AsSpan(match.PageCount);
        if (missing.Length > pool.Free) tree.Evict(missing.Length - pool.Free);
        var taken = pages[..Math.Min(missing.Length, pool.Free)];
        pool.Take(taken);
        tree.Extend(match.Lock, missing[..taken.Length], taken, taken);
        pool.Release(taken);
        tree.Unlock(match.Lock);
        return match.PageCount;
    }

    /// <summary>Memory kept between requests.</summary>
    private sealed class Buffers
    {
        private int[] _prompt = new int[256];
        private int[] _pages = new int[256];

        public ReadOnlySpan<int> Prompt(int[] blocks)
        {
            if (_prompt.Length <= blocks.Length) Array.Resize(ref _prompt, blocks.Length * 2);
            blocks.CopyTo(_prompt.AsSpan());
            _prompt[blocks.Length] = -1;
            return _prompt.AsSpan(0, blocks.Length + 1);
        }

        public Span<int> Pages(int count)
        {
            if (_pages.Length < count) Array.Resize(ref _pages, count * 2);
            return _pages.AsSpan(0, count);
        }
    }
}
