using ActorInference.Actors.Kv;
using ActorInference.Cache.Radix.Eviction;

namespace ActorInference.Cache.Radix;

/// <summary>A worker's prefix cache without pages: the radix tree that serves requests, one token of which is one block. Each request ends before the next begins.</summary>
public sealed class GhostCache
{
    /// <summary>Namespace of its blocks.</summary>
    public static readonly KvNamespaceId Space = new KvNamespace("ghost", "1", KvDtype.F32).ComputeId();

    private readonly BlockPool _pool;
    private readonly RadixTree _tree;
    private int[] _prompt = new int[256];
    private int[] _pages = new int[256];

    /// <param name="capacity">Blocks that it may hold, at least 1.</param>
    /// <param name="policy">It serves this cache only.</param>
    /// <param name="watcher">Told of each block that comes or goes; null for nobody.</param>
    public GhostCache(int capacity, IEvictionPolicy policy, IPrefixWatcher? watcher = null)
    {
        _pool = new BlockPool(capacity);
        _tree = new RadixTree(new RadixTreeOptions { PageSizeTokens = 1, CapacityPages = capacity, Watcher = watcher }, _pool, policy);
    }

    public int CachedBlocks => _tree.CachedPages;

    /// <summary>Serves a request's prompt, and keeps it as far as there is room.</summary>
    /// <param name="blocks">The prompt's; equal names after equal prefixes are equal blocks.</param>
    /// <param name="timeMs">Since the beginning.</param>
    /// <returns>Blocks found.</returns>
    public int Serve(ReadOnlySpan<int> blocks, long timeMs)
    {
        _tree.Advance(timeMs);
        // The tree leaves a prompt's last token to compute. Every block counts here, so there is one token more.
        var match = _tree.Match(Space, Prompt(blocks), Pages(blocks.Length));

        var missing = blocks[match.PageCount..];
        if (missing.Length > _pool.Free) _tree.Evict(missing.Length - _pool.Free);
        var taken = Pages(Math.Min(missing.Length, _pool.Free));
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
