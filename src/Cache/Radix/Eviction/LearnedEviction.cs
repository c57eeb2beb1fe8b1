namespace ActorInference.Cache.Radix.Eviction;

/// <summary>
/// Evicts what will earn the fewest hits for the room it takes, by what was learned of requests so far: how many turns a
/// conversation has had, how fast they came, how often a page was used, how old it is. The least valuable of a random
/// sample of leaves goes, page by page from its end as long as the pages are alike.
/// </summary>
/// <remarks>Learns from every request, hit or miss, and from nothing later. The sample's seed is fixed: a replay repeats itself.</remarks>
public sealed class LearnedEviction : IEvictionPolicy
{
    private const int SampleSize = 128;
    private const int MarkCount = 1 << 12;   // A power of two.
    private const int Absent = -1;

    private readonly ReuseModel _model = new();
    private readonly PageHistory _history;
    private (int Sequence, RequestMark Mark)[] _marks = new (int, RequestMark)[MarkCount];
    private Leaf[] _leaves = new Leaf[64];
    private int[] _places = [];
    private int _requests;
    private ulong _random = 0x9E3779B97F4A7C15;

    private record struct Leaf(int Node, int Class, int Pages, long Clock, long LastUse);

    public LearnedEviction() => _history = new PageHistory(_model);

    public int Count { get; private set; }

    public bool TakesWholeLeaves => false;

    public int OnRequest(in PrefixRequest request)
    {
        var sequence = _requests++;
        var place = sequence & (_marks.Length - 1);
        if (place == 0 && sequence != 0 && _marks.Length <= 2 * Count)
        {
            GrowMarks();
            place = sequence & (_marks.Length - 1);
        }

        _marks[place] = (sequence, _history.Observe(request, request.CachedPages));
        return sequence;
    }

    public void Enter(int node, in PrefixUse use)
    {
        if (node >= _places.Length) GrowPlaces(node);
        if (Count == _leaves.Length) Array.Resize(ref _leaves, _leaves.Length * 2);
        _places[node] = Count;
        _leaves[Count++] = Describe(node, use);
    }

    public void Leave(int node)
    {
        var place = _places[node];
        _places[node] = Absent;
        var moved = _leaves[--Count];
        if (moved.Node == node) return;
        _leaves[place] = moved;
        _places[moved.Node] = place;
    }

    public void Shrink(int node, in PrefixUse use) => _leaves[_places[node]] = Describe(node, use);

    public int Victim(long timeMs)
    {
        if (Count == 0) return RadixNode.None;
        if (Count <= SampleSize) return Least(0, Count, step: 1);
        return Least((int)(Next() % (uint)Count), SampleSize, step: 0);
    }

    public int VictimPages(int node) => _leaves[_places[node]].Pages;

    /// <param name="place">First one looked at.</param>
    /// <param name="count">How many.</param>
    /// <param name="step">From one to the next; 0 for random ones.</param>
    private int Least(int place, int count, int step)
    {
        var (least, leastValue) = (place, float.MaxValue);
        for (var i = 0; i < count; i++)
        {
            ref var leaf = ref _leaves[place];
            var value = _model.Value(leaf.Class, _history.Clock - leaf.Clock);
            if (value < leastValue || (value == leastValue && leaf.LastUse < _leaves[least].LastUse)) (least, leastValue) = (place, value);
            place = step == 0 ? (int)(Next() % (uint)Count) : Math.Min(place + step, Count - 1);
        }

        return _leaves[least].Node;
    }

    private Leaf Describe(int node, in PrefixUse use)
    {
        var mark = MarkOf(use);
        return new Leaf(node, mark.ClassAt(use.Depth), Math.Max(1, use.Depth - mark.ClassFloor(use.Depth)), mark.Clock, use.LastUse);
    }

    /// <summary>The request that used it last; if that was too long ago to be known, one as old as any that is.</summary>
    private RequestMark MarkOf(in PrefixUse use)
    {
        var (sequence, mark) = _marks[use.Tag & (_marks.Length - 1)];
        if (sequence == use.Tag) return mark;
        var oldest = _marks[_requests & (_marks.Length - 1)].Mark;
        return new RequestMark(oldest.Clock, use.Depth + 1, use.Hits > 1 ? use.Depth : 0, 0, 0, 1, -1);
    }

    private void GrowMarks()
    {
        var old = _marks;
        _marks = new (int, RequestMark)[old.Length * 2];
        foreach (var entry in old) _marks[entry.Sequence & (_marks.Length - 1)] = entry;
    }

    private void GrowPlaces(int node)
    {
        var known = _places.Length;
        Array.Resize(ref _places, Math.Max(64, Math.Max(node + 1, known * 2)));
        _places.AsSpan(known).Fill(Absent);
    }

    /// <summary>xorshift64* (Vigna, 2016).</summary>
    private uint Next()
    {
        _random ^= _random >> 12;
        _random ^= _random << 25;
        _random ^= _random >> 27;
        return (uint)((_random * 0x2545F4914F6CDD1D) >> 32);
    }
}
