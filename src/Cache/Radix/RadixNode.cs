namespace ActorInference.Cache.Radix;

/// <summary>One edge of the tree with the node at its end: a run of pages, linked through <see cref="PageSlots"/>.</summary>
internal struct RadixNode
{
    public const int None = -1;

    /// <summary>Node that this one continues; <see cref="None"/> for the root of a namespace, which has no pages.</summary>
    public int Parent;
    public int FirstSlot;
    public int LastSlot;
    public int Pages;

    /// <summary>Pages from the root to the end of this node.</summary>
    public int Depth;
    public int Children;

    /// <summary>Locks that cover this node; never fewer than those of any child.</summary>
    public int Locks;

    /// <summary>Requests that used it, the one that inserted it among them.</summary>
    public int Hits;
    public int Priority;

    /// <summary>What the eviction policy said of the last request that used it.</summary>
    public int Tag;

    /// <summary>Hash of parent and first page, under which <see cref="ChildTable"/> knows it.</summary>
    public uint KeyHash;

    /// <summary>Whether it was cleared while somebody locked it, and the watcher was told that it has gone.</summary>
    public bool IsCleared;

    /// <summary>Tick of the last use.</summary>
    public long LastUse;
    public long LastUseMs;
}

/// <summary>Nodes in one array, named by their index. A reference into it lasts until the next <see cref="Take"/>.</summary>
internal sealed class NodePool(int capacity)
{
    private RadixNode[] _nodes = new RadixNode[capacity];
    private int _free = RadixNode.None;

    /// <summary>Nodes in use.</summary>
    public int Count { get; private set; }

    /// <summary>All indexes ever taken are below it.</summary>
    public int End { get; private set; }

    public ref RadixNode this[int node] => ref _nodes[node];

    public int Take()
    {
        Count++;
        if (_free == RadixNode.None)
        {
            if (End == _nodes.Length) Array.Resize(ref _nodes, _nodes.Length * 2);
            return End++;
        }

        var node = _free;
        _free = _nodes[node].FirstSlot;
        return node;
    }

    public void Free(int node)
    {
        Count--;
        _nodes[node] = new RadixNode { Parent = Freed, FirstSlot = _free };
        _free = node;
    }

    public bool IsFree(int node) => _nodes[node].Parent == Freed;

    private const int Freed = -2;
}
