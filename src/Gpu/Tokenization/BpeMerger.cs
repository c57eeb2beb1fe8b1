using System.Runtime.InteropServices;

namespace ActorInference.Gpu.Tokenization;

/// <summary>
/// Merges the symbols of one piece in place, by rank and from the left: a scan for short pieces, for long ones a heap of
/// candidates over a linked list. One caller at a time; memory is kept for the next piece.
/// </summary>
internal sealed class BpeMerger
{
    private const int ScannedSymbols = 32;

    /// <summary>Pairs of neighbours by priority (rank, position). Most become stale before their turn, and are skipped then.</summary>
    private readonly PriorityQueue<long, ulong> _candidates = new();
    private readonly List<int> _symbols = [];
    private int[] _previous = [];
    private int[] _next = [];

    /// <summary>Pairs that were looked at since the beginning, the measure of work.</summary>
    public long PairsExamined { get; private set; }

    public int CapacitySymbols => Math.Max(_symbols.Capacity, _candidates.EnsureCapacity(0));

    /// <summary>The piece to merge: emptied and filled by the caller, shortened by <see cref="Merge"/>.</summary>
    public List<int> Symbols => _symbols;

    public static long Pair(int left, int right) => ((long)left << 32) | (uint)right;

    /// <summary>Merges the adjacent pair of lowest rank, the leftmost of equals, until no pair can be merged.</summary>
    public void Merge(Dictionary<long, BpeMerge> merges)
    {
        var symbols = CollectionsMarshal.AsSpan(_symbols);
        var count = symbols.Length <= ScannedSymbols ? MergeByScan(symbols, merges) : MergeByHeap(symbols, merges);
        CollectionsMarshal.SetCount(_symbols, count);
    }

    private int MergeByScan(Span<int> symbols, Dictionary<long, BpeMerge> merges)
    {
        while (true)
        {
            var (best, bestMerge) = (-1, new BpeMerge(int.MaxValue, 0));
            for (var i = 0; i + 1 < symbols.Length; i++)
            {
                if (!merges.TryGetValue(Pair(symbols[i], symbols[i + 1]), out var merge) || merge.Rank >= bestMerge.Rank) continue;
                (best, bestMerge) = (i, merge);
            }

            PairsExamined += symbols.Length;
            if (best < 0) return symbols.Length;
            symbols[best] = bestMerge.Id;
            symbols[(best + 2)..].CopyTo(symbols[(best + 1)..]);
            symbols = symbols[..^1];
        }
    }

    private int MergeByHeap(Span<int> symbols, Dictionary<long, BpeMerge> merges)
    {
        Link(symbols.Length);
        for (var i = 0; i + 1 < symbols.Length; i++) Offer(i, symbols, merges);
        while (_candidates.TryDequeue(out var pair, out var priority))
        {
            var left = (int)(uint)priority;
            var right = symbols[left] < 0 ? -1 : _next[left];
            if (right < 0 || Pair(symbols[left], symbols[right]) != pair) continue;   // One of the two has been merged meanwhile.
            symbols[left] = merges[pair].Id;
            symbols[right] = -1;
            _next[left] = _next[right];
            if (_next[left] >= 0) _previous[_next[left]] = left;
            Offer(left, symbols, merges);
            if (_previous[left] >= 0) Offer(_previous[left], symbols, merges);
        }

        var kept = 0;
        for (var i = 0; i >= 0; i = _next[i]) symbols[kept++] = symbols[i];
        return kept;
    }

    private void Link(int count)
    {
        if (_next.Length < count) (_previous, _next) = (new int[count * 2], new int[count * 2]);
        for (var i = 0; i < count; i++) (_previous[i], _next[i]) = (i - 1, i + 1);
        _next[count - 1] = -1;
    }

    private void Offer(int left, ReadOnlySpan<int> symbols, Dictionary<long, BpeMerge> merges)
    {
        if (_next[left] < 0) return;
        PairsExamined++;
        var pair = Pair(symbols[left], symbols[_next[left]]);
        if (merges.TryGetValue(pair, out var merge)) _candidates.Enqueue(pair, ((ulong)(uint)merge.Rank << 32) | (uint)left);
    }
}

/// <summary>What a pair of tokens becomes; the pair of lowest rank goes first.</summary>
internal readonly record struct BpeMerge(int Rank, int Id);
