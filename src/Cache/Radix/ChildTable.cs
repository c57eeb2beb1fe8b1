using System.Numerics;

namespace ActorInference.Cache.Radix;

/// <summary>
/// Finds the child of a node by its first page: one open-addressing table for the whole tree, with linear probing and
/// without tombstones.
/// </summary>
internal sealed class ChildTable
{
    private const int MinimumSize = 16;

    private readonly NodePool _nodes;
    private readonly PageSlots _slots;
    private readonly ulong _seed;
    private ulong[] _entries;   // Key hash above, node + 1 below; 0 is empty.
    private int _mask;

    public ChildTable(NodePool nodes, PageSlots slots, int capacity, ulong seed)
    {
        _nodes = nodes;
        _slots = slots;
        _seed = seed;
        var size = Math.Max(MinimumSize, (int)BitOperations.RoundUpToPowerOf2((uint)capacity) * 2);
        _entries = new ulong[size];
        _mask = size - 1;
    }

    public int Count { get; private set; }

    public uint Hash(int parent, ReadOnlySpan<int> page) => (uint)(TokenHash.Of(_seed + (uint)parent * 0xA24BAED4963EE407, page) >> 32);

    /// <returns>The child of <paramref name="parent"/> whose first page has these tokens, or <see cref="RadixNode.None"/>.</returns>
    public int Find(int parent, uint hash, ReadOnlySpan<int> page)
    {
        for (var i = (int)hash & _mask; ; i = (i + 1) & _mask)
        {
            var entry = _entries[i];
            if (entry == 0) return RadixNode.None;
            if ((uint)(entry >> 32) != hash) continue;
            var child = (int)(uint)entry - 1;
            ref var node = ref _nodes[child];
            if (node.Parent == parent && _slots.Tokens(node.FirstSlot).SequenceEqual(page)) return child;
        }
    }

    public void Add(int child, uint hash)
    {
        if (++Count * 2 > _entries.Length) Grow();
        Place(((ulong)hash << 32) | (uint)(child + 1));
    }

    public void Remove(int child, uint hash)
    {
        var hole = IndexOf(child, hash);
        _entries[hole] = 0;
        Count--;

        // Entries after the hole move up as far as their own place allows, so that a probe never meets a gap too early.
        for (var i = (hole + 1) & _mask; _entries[i] != 0; i = (i + 1) & _mask)
        {
            var home = (int)(_entries[i] >> 32) & _mask;
            if (((i - home) & _mask) < ((i - hole) & _mask)) continue;
            _entries[hole] = _entries[i];
            _entries[i] = 0;
            hole = i;
        }
    }

    /// <summary>Puts another node under the key of one that it takes the place of.</summary>
    public void Replace(int child, uint hash, int by) => _entries[IndexOf(child, hash)] = ((ulong)hash << 32) | (uint)(by + 1);

    private int IndexOf(int child, uint hash)
    {
        var wanted = ((ulong)hash << 32) | (uint)(child + 1);
        for (var i = (int)hash & _mask; ; i = (i + 1) & _mask)
        {
            if (_entries[i] == wanted) return i;
            if (_entries[i] == 0) throw new InvalidOperationException($"Node {child} is not in the child table; the tree is corrupt.");
        }
    }

    private void Grow()
    {
        var old = _entries;
        _entries = new ulong[old.Length * 2];
        _mask = _entries.Length - 1;
        foreach (var entry in old)
        {
            if (entry != 0) Place(entry);
        }
    }

    private void Place(ulong entry)
    {
        var i = (int)(entry >> 32) & _mask;
        while (_entries[i] != 0) i = (i + 1) & _mask;
        _entries[i] = entry;
    }
}
