using ActorInference.Actors.Kv;
using ActorInference.Cache.Radix.Eviction;

namespace ActorInference.Cache.Radix;

/// <summary>
/// The L1 prefix cache: a radix tree whose edges are runs of KV pages, after RadixAttention (Zheng et al., 2024), with
/// pages for its alphabet. A request costs one pass over its tokens; eviction costs O(log leaves) a leaf.
/// </summary>
/// <remarks>Pure: no clock and no I/O; order of use is a tick of its own. The hash seed changes no answer.</remarks>
public sealed partial class RadixTree : IPrefixCache
{
    private const int ReleaseBatch = 256;

    private readonly IPageReferences _references;
    private readonly IEvictionPolicy _policy;
    private readonly NodePool _nodes;
    private readonly PageSlots _slots;
    private readonly ChildTable _children;
    private readonly LockTable _locks = new();
    private readonly Dictionary<KvNamespaceId, int> _roots = [];
    private readonly Dictionary<int, KvNamespaceId> _spaces = [];   // By root; a root that is not here was cleared.
    private readonly int _pageSize;
    private readonly IPrefixWatcher? _watcher;
    private long _tick;
    private long _timeMs;

    /// <param name="options">Size; checked.</param>
    /// <param name="references">Gets one reference for each page that the tree holds.</param>
    /// <param name="policy">Says what to evict; it serves this tree only.</param>
    public RadixTree(RadixTreeOptions options, IPageReferences references, IEvictionPolicy policy)
    {
        options.Validate();
        _references = references;
        _policy = policy;
        _pageSize = options.PageSizeTokens;
        _watcher = options.Watcher;
        _runNames = _watcher is null ? [] : new ulong[ReleaseBatch];
        _runSlots = _watcher is null ? [] : new int[ReleaseBatch];
        CapacityPages = options.CapacityPages;
        _nodes = new NodePool(options.CapacityPages + 1);
        _slots = new PageSlots(options.CapacityPages, _pageSize, isNamed: _watcher is not null);
        _children = new ChildTable(_nodes, _slots, options.CapacityPages, options.HashSeed);
    }

    public int PageSizeTokens => _pageSize;

    /// <summary>Pages that the tree may hold.</summary>
    public int CapacityPages { get; }

    public int CachedPages => _slots.Used;

    public int EvictablePages { get; private set; }

    public void Advance(long timeMs) => _timeMs = Math.Max(_timeMs, timeMs);

    public PrefixMatch Match(KvNamespaceId space, ReadOnlySpan<int> tokens, Span<int> pages, int priority = 0)
    {
        var limit = MatchablePages(tokens);
        if (pages.Length < limit) throw new ArgumentException($"There is room for {pages.Length} pages; the prompt may match {limit}.", nameof(pages));

        _tick++;
        var held = new HeldPath { Space = space, Node = RadixNode.None, Priority = priority };
        held.Tag = _policy.OnRequest(new PrefixRequest(space, tokens[..(tokens.Length / _pageSize * _pageSize)], _pageSize, _timeMs, CachedPages, CapacityPages));
        if (limit > 0 && _roots.TryGetValue(space, out var root))
        {
            var end = Descend(root, tokens, limit, pages);
            if (end.Pages > 0)
            {
                held.Node = NodeEndingAt(end);
                held.Pages = end.Pages;
                LockPath(held.Node, RadixNode.None, held);
            }
        }

        return new PrefixMatch(held.Pages * _pageSize, held.Pages, _locks.Take(held));
    }

    public PrefixPeek Peek(KvNamespaceId space, ReadOnlySpan<int> tokens)
    {
        if (!_roots.TryGetValue(space, out var root)) return default;
        var end = Descend(root, tokens, MatchablePages(tokens), []);
        var (evictable, onEdge) = (0, end.EdgePages);
        for (var node = end.Node; _nodes[node].Locks == 0 && node != root; node = _nodes[node].Parent)
        {
            evictable += onEdge;
            onEdge = _nodes[_nodes[node].Parent].Pages;
        }

        return new PrefixPeek(end.Pages * _pageSize, end.Pages, evictable);
    }

    public PrefixInsert Extend(PrefixLock held, ReadOnlySpan<int> tokens, ReadOnlySpan<int> pages, Span<int> cachedPages)
    {
        ref var path = ref _locks.Get(held);
        var offered = tokens.Length / _pageSize;
        if (pages.Length < offered) throw new ArgumentException($"There are {pages.Length} pages; the tokens fill {offered}.", nameof(pages));
        if (cachedPages.Length < offered) throw new ArgumentException($"There is room for {cachedPages.Length} pages; the tokens fill {offered}.", nameof(cachedPages));
        return offered == 0 || path.Detached
            ? new PrefixInsert(0, 0, path.Pages * _pageSize)
            : Extend(ref path, tokens, pages[..offered], cachedPages);
    }

    public PrefixInsert Insert(
        KvNamespaceId space, ReadOnlySpan<int> tokens, ReadOnlySpan<int> pages, Span<int> cachedPages, int priority = 0)
    {
        var held = _locks.Take(new HeldPath { Space = space, Node = RadixNode.None, Priority = priority });
        try
        {
            return Extend(held, tokens, pages, cachedPages) with { LockedTokens = 0 };
        }
        finally
        {
            Unlock(held);
        }
    }

    public void Unlock(PrefixLock held)
    {
        ref var path = ref _locks.Get(held);
        _tick++;
        if (path.Detached)
        {
            ReleaseDetachedPath(path.Node);
        }
        else
        {
            UnlockPath(path.Node);
        }

        _locks.Free(held);
    }

    public int Evict(int pages)
    {
        var freed = 0;
        while (freed < pages)
        {
            var victim = _policy.Victim(_timeMs);
            if (victim == RadixNode.None) break;
            var count = _nodes[victim].Pages;
            if (!_policy.TakesWholeLeaves) count = Math.Min(count, Math.Min(pages - freed, _policy.VictimPages(victim)));
            EvictablePages -= count;
            freed += count;
            if (count < _nodes[victim].Pages)
            {
                TrimTail(victim, count);
                _policy.Shrink(victim, UseOf(victim));
                continue;
            }

            _policy.Leave(victim);
            RemoveLeaf(victim);
        }

        return freed;
    }

    public void Clear()
    {
        Evict(int.MaxValue);
        if (_watcher is not null) TellCleared();
        for (var slot = 0; slot < _locks.End; slot++)
        {
            if (_locks.IsHeld(slot) && _locks[slot].Node != RadixNode.None) _locks[slot].Detached = true;
        }

        _roots.Clear();
        _spaces.Clear();
    }

    private int MatchablePages(ReadOnlySpan<int> tokens) => Math.Max(0, tokens.Length - 1) / _pageSize;
}
