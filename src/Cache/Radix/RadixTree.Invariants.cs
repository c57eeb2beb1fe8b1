namespace ActorInference.Cache.Radix;

/// <content>The integrity check.</content>
public sealed partial class RadixTree
{
    public void CheckInvariants()
    {
        var locks = CountLocks();
        var children = CountChildren();
        var (pages, evictable, leaves, edges, roots) = (0, 0, 0, 0, 0);
        for (var node = 0; node < _nodes.End; node++)
        {
            if (_nodes.IsFree(node)) continue;
            var seen = _nodes[node];
            Require(seen.Locks == locks[node], node, $"counts {seen.Locks} locks; {locks[node]} cover it");
            Require(seen.Children == children[node], node, $"counts {seen.Children} children; {children[node]} name it");
            if (seen.Parent == RadixNode.None)
            {
                roots++;
                CheckRoot(node, seen);
                continue;
            }

            edges++;
            CheckEdge(node, seen);
            pages += seen.Pages;
            if (seen.Locks > 0) continue;
            evictable += seen.Pages;
            if (seen.Children == 0) leaves++;
        }

        Require(pages == CachedPages, "CachedPages", CachedPages, pages);
        Require(evictable == EvictablePages, "EvictablePages", EvictablePages, evictable);
        Require(edges == _children.Count, "Entries of the child table", _children.Count, edges);
        Require(edges + roots == _nodes.Count, "Nodes in use", _nodes.Count, edges + roots);
        Require(leaves == _policy.Count, "Leaves that the policy knows", _policy.Count, leaves);
        Require(_roots.Count == _spaces.Count, "Namespaces", _roots.Count, _spaces.Count);
    }

    private int[] CountLocks()
    {
        var counts = new int[_nodes.End];
        for (var slot = 0; slot < _locks.End; slot++)
        {
            if (!_locks.IsHeld(slot)) continue;
            var pages = 0;
            for (var node = _locks[slot].Node; node != RadixNode.None; node = _nodes[node].Parent)
            {
                counts[node]++;
                pages += _nodes[node].Pages;
            }

            Require(pages == _locks[slot].Pages, $"Pages of lock {slot}", _locks[slot].Pages, pages);
        }

        return counts;
    }

    private int[] CountChildren()
    {
        var counts = new int[_nodes.End];
        for (var node = 0; node < _nodes.End; node++)
        {
            if (!_nodes.IsFree(node) && _nodes[node].Parent != RadixNode.None) counts[_nodes[node].Parent]++;
        }

        return counts;
    }

    private void CheckRoot(int node, in RadixNode root)
    {
        var live = _spaces.TryGetValue(node, out var space);
        Require(!live || (_roots.TryGetValue(space, out var known) && known == node), node, $"is not the root that {space} names");
        Require(root.Pages == 0, node, $"is a root with {root.Pages} pages");
        Require(root.Children > 0, node, "is a root without children");
        Require(live || root.Locks > 0, node, "is the root of a cleared namespace, and nothing locks it");
    }

    private void CheckEdge(int node, in RadixNode edge)
    {
        var parent = _nodes[edge.Parent];
        var first = _slots.Tokens(edge.FirstSlot);
        Require(edge.Pages > 0, node, "has no pages");
        Require(edge.Depth == parent.Depth + edge.Pages, node, $"is {edge.Depth} pages deep; its parent is {parent.Depth}");
        Require(edge.Locks <= parent.Locks, node, $"is locked {edge.Locks} times, its parent {parent.Locks}");
        Require(edge.Locks > 0 || edge.LastUse <= parent.LastUse, node, "was used after its parent");
        Require(edge.KeyHash == _children.Hash(edge.Parent, first), node, "has a stale key");
        Require(_children.Find(edge.Parent, edge.KeyHash, first) == node, node, "is not found under its parent");

        var (slot, count) = (edge.FirstSlot, 1);
        for (; slot != edge.LastSlot && count <= edge.Pages; count++)
        {
            Require(_slots.Previous(_slots.Next(slot)) == slot, node, $"is linked wrongly at slot {slot}");
            slot = _slots.Next(slot);
        }

        Require(count == edge.Pages, node, $"counts {edge.Pages} pages; {count} are linked");
    }

    private static void Require(bool holds, int node, string fault)
    {
        if (!holds) throw new InvalidOperationException($"The radix tree is corrupt: node {node} {fault}.");
    }

    private static void Require(bool holds, string what, int counted, int found)
    {
        if (!holds) throw new InvalidOperationException($"The radix tree is corrupt: {what} is counted as {counted}; {found} are there.");
    }
}
