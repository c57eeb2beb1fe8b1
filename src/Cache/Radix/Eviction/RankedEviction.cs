namespace ActorInference.Cache.Radix.Eviction;

/// <summary>A leaf's worth in a policy that does not change while nobody uses it: by class, then by last use.</summary>
public readonly record struct EvictionRank(long Class, long LastUse)
{
    public bool IsBelow(EvictionRank other) => Class != other.Class ? Class < other.Class : LastUse < other.LastUse;
}

/// <summary>A policy whose ranks are fixed: a four-way heap over the leaves, with each node's place in it.</summary>
/// <param name="rank">Worth of a leaf; the lowest goes first.</param>
/// <param name="takesWholeLeaves"><see cref="IEvictionPolicy.TakesWholeLeaves"/>.</param>
public sealed class RankedEviction(Func<PrefixUse, EvictionRank> rank, bool takesWholeLeaves = false) : IEvictionPolicy
{
    private const int Arity = 4;
    private const int Absent = -1;

    private Entry[] _heap = new Entry[64];
    private int[] _places = [];

    private readonly record struct Entry(EvictionRank Rank, int Node);

    public int Count { get; private set; }

    public bool TakesWholeLeaves => takesWholeLeaves;

    public void Enter(int node, in PrefixUse use)
    {
        if (node >= _places.Length) GrowPlaces(node);
        if (Count == _heap.Length) Array.Resize(ref _heap, _heap.Length * 2);
        SiftUp(Count++, new Entry(rank(use), node));
    }

    public void Leave(int node)
    {
        var place = _places[node];
        _places[node] = Absent;
        var moved = _heap[--Count];
        if (moved.Node == node) return;
        if (place > 0 && moved.Rank.IsBelow(_heap[(place - 1) / Arity].Rank)) SiftUp(place, moved);
        else SiftDown(place, moved);
    }

    public int Victim(long timeMs) => Count == 0 ? RadixNode.None : _heap[0].Node;

    private void GrowPlaces(int node)
    {
        var known = _places.Length;
        Array.Resize(ref _places, Math.Max(64, Math.Max(node + 1, known * 2)));
        _places.AsSpan(known).Fill(Absent);
    }

    private void SiftUp(int place, Entry entry)
    {
        while (place > 0)
        {
            var parent = (place - 1) / Arity;
            if (!entry.Rank.IsBelow(_heap[parent].Rank)) break;
            Put(place, _heap[parent]);
            place = parent;
        }

        Put(place, entry);
    }

    private void SiftDown(int place, Entry entry)
    {
        while (true)
        {
            var first = place * Arity + 1;
            if (first >= Count) break;
            var least = first;
            for (var child = first + 1; child < Math.Min(first + Arity, Count); child++)
            {
                if (_heap[child].Rank.IsBelow(_heap[least].Rank)) least = child;
            }

            if (!_heap[least].Rank.IsBelow(entry.Rank)) break;
            Put(place, _heap[least]);
            place = least;
        }

        Put(place, entry);
    }

    private void Put(int place, Entry entry)
    {
        _heap[place] = entry;
        _places[entry.Node] = place;
    }
}
