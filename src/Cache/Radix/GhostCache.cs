using ActorInference.Actors.Kv;
using ActorInference.Cache.Radix.Eviction;

namespace ActorInference.Cache.Radix;

/// <summary>The radix tree that serves requests, over blocks that have names only: one token of it is one block. Each request ends before the next begins.</summary>
internal sealed class GhostCache(BlockPool pool, RadixTree tree)
{
    private static readonly KvNamespaceId Space = new KvNamespace("ghost", "1", KvDtype.F32).ComputeId();

    private int[] _prompt = new int[256];
    private int[] _pages = new int[256];

    /// <param name="capacity">Blocks that it may hold, at least 1.</param>
    public static GhostCache Create(int capacity, IEvictionPolicy policy)
    {
        var pool = new BlockPool(capacity);
        return new GhostCache(pool, new RadixTree(new RadixTreeOptions { PageSizeTokens = 1, CapacityPages = capacity }, pool, policy));
    }

    public int CachedBlocks => tree.CachedPages;

    /// <param name="blocks">The prompt's; equal names after equal prefixes are equal blocks.</param>
    /// <returns>Blocks found.</returns>
    public int Serve(ReadOnlySpan<int> blocks, long timeMs)
    {
        tree.Advance(timeMs);
        // The tree leaves a prompt's last token to compute. Every block counts here, so there is one token more.
        var match = tree.Match(Space, Prompt(blocks), Pages(blocks.Length));

        var missing = blocks[match.PageCount..];
        if (missing.Length > pool.Free) tree.Evict(missing.Length - pool.Free);
        var taken = Pages(Math.Min(missing.Length, pool.Free));
        pool.Take(taken);
        tree.Extend(match.Lock, missing[..taken.Length], taken, taken);
        pool.Release(taken);
        tree.Unlock(match.Lock);
        return match.PageCount;
    }

    private ReadOnlySpan<int> Prompt(ReadOnlySpan<int> blocks)
    {
        if (_prompt.Length <= blocks.Length) Array.Resize(ref _prompt, blocks.Length * 2);
        blocks.CopyTo(_prompt);
        _prompt[blocks.Length] = -1;
        return _prompt.AsSpan(0, blocks.Length + 1);
    }

    private Span<int> Pages(int count)
    {
        if (_pages.Length < count) Array.Resize(ref _pages, count * 2);
        return _pages.AsSpan(0, count);
    }
}
