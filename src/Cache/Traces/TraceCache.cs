using ActorInference.Actors.Kv;
using ActorInference.Cache.Radix;
using ActorInference.Cache.Radix.Eviction;

namespace ActorInference.Cache.Traces;

/// <summary>A worker's prefix cache without pages: the radix tree that serves requests, one token of which is one block.</summary>
public sealed class TraceCache
{
    private static readonly KvNamespaceId Space = new KvNamespace("trace", "1", KvDtype.F32).ComputeId();

    private readonly BlockPool _pool;
    private readonly RadixTree _tree;
    private int[] _prompt = new int[256];
    private int[] _pages = new int[256];

    /// <param name="policy">It serves this cache only.</param>
    /// <param name="blocks">Capacity, at least 1.</param>
    public TraceCache(IEvictionPolicy policy, int blocks)
    {
        _pool = new BlockPool(blocks);
        _tree = new RadixTree(new RadixTreeOptions { PageSizeTokens = 1, CapacityPages = blocks }, _pool, policy);
    }

    public int CachedBlocks => _tree.CachedPages;

    /// <summary>Serves a request, which ends before the next begins.</summary>
    /// <param name="blocks">Of its prompt; they are cached then, as far as there is room.</param>
    /// <param name="timeMs">Since the beginning.</param>
    /// <returns>Blocks that were found.</returns>
    public int Serve(ReadOnlySpan<int> blocks, long timeMs)
    {
        // The tree leaves a prompt's last token to compute. A trace counts every block, so there is one token more.
        var prompt = Prompt(blocks);
        var pages = Pages(blocks.Length);
        _tree.Advance(timeMs);
        var match = _tree.Match(Space, prompt, pages);

        var missing = blocks[match.PageCount..];
        if (missing.Length > _pool.Free) _tree.Evict(missing.Length - _pool.Free);
        var taken = pages[..Math.Min(missing.Length, _pool.Free)];
        _pool.Take(taken);
        _tree.Extend(match.Lock, missing[..taken.Length], taken, taken);
        _pool.Release(taken);
        _tree.Unlock(match.Lock);
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
