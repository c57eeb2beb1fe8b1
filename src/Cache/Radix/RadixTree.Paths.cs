using ActorInference.Actors.Kv;
using ActorInference.Cache.Radix.Eviction;

namespace ActorInference.Cache.Radix;

/// <content>Walking, splitting, growing and cutting the tree's paths.</content>
public sealed partial class RadixTree
{
    /// <summary>Where a descent ended: <see cref="EdgePages"/> pages into the edge of <see cref="Node"/>.</summary>
    private readonly ref struct PathEnd(int node, int pages, int edgePages, int slot)
    {
        public readonly int Node = node;

        /// <summary>Pages matched in all.</summary>
        public readonly int Pages = pages;
        public readonly int EdgePages = edgePages;

        /// <summary>Last matched page on that edge.</summary>
        public readonly int Slot = slot;
    }

    /// <param name="start">Matching begins at its children.</param>
    /// <param name="limit">Pages of <paramref name="tokens"/> to look at.</param>
    /// <param name="pages">Receives the matched pages, or is empty.</param>
    private PathEnd Descend(int start, ReadOnlySpan<int> tokens, int limit, Span<int> pages)
    {
        var end = new PathEnd(start, 0, _nodes[start].Pages, _nodes[start].LastSlot);
        while (end.Pages < limit)
        {
            var page = tokens.Slice(end.Pages * _pageSize, _pageSize);
            var child = _children.Find(end.Node, _children.Hash(end.Node, page), page);
            if (child == RadixNode.None) break;
            var edge = Math.Min(_nodes[child].Pages, limit - end.Pages);
            var rest = tokens.Slice(end.Pages * _pageSize, edge * _pageSize);
            var matched = MatchEdge(_nodes[child].FirstSlot, rest, pages.IsEmpty ? pages : pages[end.Pages..], out var slot);
            end = new PathEnd(child, end.Pages + matched, matched, slot);
            if (matched < _nodes[child].Pages) break;
        }

        return end;
    }

    /// <summary>Compares page by page; each comparison is vectorized. The first page is known to be equal.</summary>
    private int MatchEdge(int slot, ReadOnlySpan<int> tokens, Span<int> pages, out int lastSlot)
    {
        var matched = 1;
        lastSlot = slot;
        if (!pages.IsEmpty) pages[0] = _slots.Page(slot);
        for (var at = _pageSize; at < tokens.Length; at += _pageSize)
        {
            slot = _slots.Next(slot);
            if (!_slots.Tokens(slot).SequenceEqual(tokens.Slice(at, _pageSize))) break;
            if (!pages.IsEmpty) pages[matched] = _slots.Page(slot);
            lastSlot = slot;
            matched++;
        }

        return matched;
    }

    /// <summary>The node that ends exactly there; splits an edge if there is none.</summary>
    private int NodeEndingAt(in PathEnd end) => end.EdgePages == _nodes[end.Node].Pages ? end.Node : Split(end.Node, end.EdgePages, end.Slot);

    /// <summary>Puts a new node above <paramref name="lower"/> that takes the first pages of its edge. Nothing is copied, and locks on the lower one cover both.</summary>
    private int Split(int lower, int pages, int lastSlot)
    {
        var upper = _nodes.Take();
        var secondHalf = _slots.Next(lastSlot);
        ref var below = ref _nodes[lower];
        ref var above = ref _nodes[upper];
        above = below;
        above.LastSlot = lastSlot;
        above.Pages = pages;
        above.Depth = below.Depth - below.Pages + pages;
        above.Children = 1;
        _children.Replace(lower, below.KeyHash, by: upper);

        _slots.CutBefore(secondHalf);
        below.Parent = upper;
        below.FirstSlot = secondHalf;
        below.Pages -= pages;
        below.KeyHash = _children.Hash(upper, _slots.Tokens(secondHalf));
        _children.Add(lower, below.KeyHash);
        return upper;
    }

    private PrefixInsert Extend(ref HeldPath path, ReadOnlySpan<int> tokens, ReadOnlySpan<int> pages, Span<int> cachedPages)
    {
        var present = LockPresent(ref path, tokens, pages.Length, cachedPages);
        var missing = pages.Length - present;

        // Not before the present part is locked, or it might be what is evicted.
        if (missing > _slots.Unused) Evict(missing - _slots.Unused);
        var inserted = Math.Min(missing, _slots.Unused);
        if (inserted > 0) Insert(ref path, tokens.Slice(present * _pageSize, inserted * _pageSize), pages.Slice(present, inserted));
        return new PrefixInsert(present, inserted, path.Pages * _pageSize);
    }

    /// <summary>Extends a lock over what is there already.</summary>
    /// <returns>Pages that are.</returns>
    private int LockPresent(ref HeldPath path, ReadOnlySpan<int> tokens, int offered, Span<int> cachedPages)
    {
        var known = path.Node;
        if (known == RadixNode.None && !_roots.TryGetValue(path.Space, out known)) return 0;
        var end = Descend(known, tokens, offered, cachedPages);
        if (end.Pages == 0) return 0;
        _tick++;
        var node = NodeEndingAt(end);
        LockPath(node, path.Node, path);
        path.Node = node;
        path.Pages += end.Pages;
        return end.Pages;
    }

    /// <summary>Puts pages behind the locked path, and the lock over them.</summary>
    private void Insert(ref HeldPath path, ReadOnlySpan<int> tokens, ReadOnlySpan<int> pages)
    {
        _references.AddReferences(pages);
        _tick++;
        if (path.Node == RadixNode.None)
        {
            if (!_roots.TryGetValue(path.Space, out var root)) root = AddRoot(path.Space);
            LockPath(root, RadixNode.None, path);
            path.Node = root;
        }

        path.Node = Append(path.Node, tokens, pages, path);
        path.Pages += pages.Length;
    }

    /// <summary>Adds pages behind a locked node: to its own edge if nobody else uses that, else as a new leaf.</summary>
    private int Append(int node, ReadOnlySpan<int> tokens, ReadOnlySpan<int> pages, in HeldPath path)
    {
        ref var end = ref _nodes[node];
        var grows = end is { Parent: not RadixNode.None, Children: 0, Locks: 1, Hits: 1 };
        var first = RadixNode.None;
        var last = grows ? end.LastSlot : RadixNode.None;
        for (var i = 0; i < pages.Length; i++)
        {
            last = _slots.Take(pages[i], tokens.Slice(i * _pageSize, _pageSize), last);
            if (i == 0) first = last;
        }

        if (_watcher is not null) TellAdded(first, NameAfter(node, path.Space), end.Depth, tokens);
        if (grows)
        {
            end.LastSlot = last;
            end.Pages += pages.Length;
            end.Depth += pages.Length;
            return node;
        }

        return AddLeaf(node, first, last, pages.Length, path);
    }

    private int AddLeaf(int parent, int first, int last, int pages, in HeldPath path)
    {
        var leaf = _nodes.Take();
        var hash = _children.Hash(parent, _slots.Tokens(first));
        _nodes[parent].Children++;
        _nodes[leaf] = new RadixNode
        {
            Parent = parent,
            FirstSlot = first,
            LastSlot = last,
            Pages = pages,
            Depth = _nodes[parent].Depth + pages,
            Locks = 1,
            Hits = 1,
            Priority = path.Priority,
            Tag = path.Tag,
            KeyHash = hash,
            LastUse = _tick,
            LastUseMs = _timeMs,
        };
        _children.Add(leaf, hash);
        return leaf;
    }

    private int AddRoot(KvNamespaceId space)
    {
        var root = _nodes.Take();
        _nodes[root] = new RadixNode { Parent = RadixNode.None, FirstSlot = RadixNode.None, LastSlot = RadixNode.None };
        _roots.Add(space, root);
        _spaces.Add(root, space);
        return root;
    }

    /// <summary>Locks from <paramref name="node"/> up to, and without, <paramref name="above"/>, which is locked already; counts a use of each.</summary>
    private void LockPath(int node, int above, in HeldPath path)
    {
        while (node != above)
        {
            ref var locked = ref _nodes[node];
            if (locked.Locks++ == 0 && locked.Parent != RadixNode.None)
            {
                EvictablePages -= locked.Pages;
                if (locked.Children == 0) _policy.Leave(node);
            }

            locked.Hits++;
            locked.LastUse = _tick;
            locked.LastUseMs = _timeMs;
            locked.Tag = path.Tag;
            locked.Priority = Math.Max(locked.Priority, path.Priority);
            node = locked.Parent;
        }
    }

    private void UnlockPath(int node)
    {
        while (node != RadixNode.None)
        {
            ref var unlocked = ref _nodes[node];
            unlocked.LastUse = _tick;
            unlocked.LastUseMs = _timeMs;
            if (--unlocked.Locks == 0 && unlocked.Parent != RadixNode.None)
            {
                EvictablePages += unlocked.Pages;
                if (unlocked.Children == 0) Offer(node);
            }

            node = unlocked.Parent;
        }
    }

    private void ReleaseDetachedPath(int node)
    {
        while (node != RadixNode.None)
        {
            ref var unlocked = ref _nodes[node];
            var parent = unlocked.Parent;
            if (--unlocked.Locks == 0)
            {
                if (parent == RadixNode.None) _nodes.Free(node);
                else RemoveLeaf(node);
            }

            node = parent;
        }
    }

    /// <summary>Takes a leaf that the policy does not know (any more) out of the tree, and offers a parent that became one.</summary>
    private void RemoveLeaf(int leaf)
    {
        TrimTail(leaf, _nodes[leaf].Pages);
        var parent = _nodes[leaf].Parent;
        _children.Remove(leaf, _nodes[leaf].KeyHash);
        _nodes.Free(leaf);

        ref var above = ref _nodes[parent];
        if (--above.Children > 0) return;
        if (above.Parent == RadixNode.None)
        {
            // The root of a cleared namespace is not found here; it goes with the lock that passes through it.
            if (!_spaces.Remove(parent, out var space)) return;
            _roots.Remove(space);
            _nodes.Free(parent);
        }
        else if (above.Locks == 0)
        {
            Offer(parent);
        }
    }

    private void TrimTail(int node, int pages)
    {
        Span<int> released = stackalloc int[ReleaseBatch];
        ref var trimmed = ref _nodes[node];
        while (pages > 0)
        {
            var batch = Math.Min(pages, released.Length);
            trimmed.Pages -= batch;
            trimmed.Depth -= batch;
            if (_watcher is not null && !trimmed.IsCleared) TellRemoved(trimmed.LastSlot, batch, trimmed.Depth);
            for (var i = 0; i < batch; i++)
            {
                var slot = trimmed.LastSlot;
                released[i] = _slots.Page(slot);
                trimmed.LastSlot = _slots.Previous(slot);
                _slots.Free(slot);
            }

            _references.Release(released[..batch]);
            pages -= batch;
        }
    }

    private void Offer(int node)
    {
        var use = UseOf(node);
        _policy.Enter(node, use);
    }

    private PrefixUse UseOf(int node)
    {
        ref var leaf = ref _nodes[node];
        return new PrefixUse(leaf.LastUse, leaf.LastUseMs, leaf.Hits, leaf.Priority, leaf.Tag, leaf.Depth);
    }
}
