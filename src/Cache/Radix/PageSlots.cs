namespace ActorInference.Cache.Radix;

/// <summary>
/// What the tree knows of each page it holds: its number, its tokens and its neighbours on the same edge. Arrays of a
/// fixed size: an edge is a linked run of slots, so it splits, grows and shrinks without a copy and without gaps.
/// </summary>
/// <param name="capacity">Pages.</param>
/// <param name="pageSizeTokens">Tokens of each.</param>
/// <param name="isNamed">Whether pages have a <see cref="Name"/>.</param>
internal sealed class PageSlots(int capacity, int pageSizeTokens, bool isNamed)
{
    private readonly int[] _pages = new int[capacity];
    private readonly int[] _next = new int[capacity];
    private readonly int[] _previous = new int[capacity];
    private readonly int[] _tokens = new int[capacity * pageSizeTokens];
    private readonly ulong[] _names = isNamed ? new ulong[capacity] : [];
    private int _free = RadixNode.None;
    private int _end;

    public int Used { get; private set; }

    public int Unused => capacity - Used;

    public int Page(int slot) => _pages[slot];

    public int Next(int slot) => _next[slot];

    public int Previous(int slot) => _previous[slot];

    public ReadOnlySpan<int> Tokens(int slot) => _tokens.AsSpan(slot * pageSizeTokens, pageSizeTokens);

    /// <summary>Name of all that ends with the page (<see cref="Actors.Kv.PrefixName"/>), for those that go on.</summary>
    public ref ulong Name(int slot) => ref _names[slot];

    /// <summary>Takes a slot and links it behind <paramref name="previous"/>, if that is one.</summary>
    public int Take(int page, ReadOnlySpan<int> tokens, int previous)
    {
        int slot;
        if (_free == RadixNode.None)
        {
            slot = _end++;
        }
        else
        {
            slot = _free;
            _free = _next[slot];
        }

        Used++;
        _pages[slot] = page;
        _previous[slot] = previous;
        _next[slot] = RadixNode.None;
        if (previous != RadixNode.None) _next[previous] = slot;
        tokens.CopyTo(_tokens.AsSpan(slot * pageSizeTokens, pageSizeTokens));
        return slot;
    }

    /// <summary>Frees a run's last slot. Freed from the end, a run is taken again in order, which keeps it close in memory.</summary>
    public void Free(int slot)
    {
        Used--;
        _next[slot] = _free;
        _free = slot;
    }

    /// <summary>Makes <paramref name="slot"/> the first of a run of its own.</summary>
    public void CutBefore(int slot)
    {
        _next[_previous[slot]] = RadixNode.None;
        _previous[slot] = RadixNode.None;
    }
}
