using System.Diagnostics;

namespace ActorInference.Cache.Radix.Eviction;

/// <summary>
/// The pages that requests named, cached or not, by a hash of each page with all before it. Follows a sample of them,
/// chosen by the hash (after SHARDS, Waldspurger et al., 2015), so that its size is bounded and a page is followed
/// always or never.
/// </summary>
internal sealed class PageHistory(ReuseModel model)
{
    private const int FirstSlots = 1 << 10;
    private const int MostSlots = 1 << 17;
    private const long FadeAfterPages = 1 << 21;
    private const int FirstFitPages = 2_048;
    private const int MostPagesBetweenFits = 1 << 16;

    /// <summary>Ages beyond so many times the cache are not worth following while there are younger ones to follow.</summary>
    private const int LongestAgeInCaches = 32;

    private Entry[] _entries = new Entry[FirstSlots];
    private (int Depth, ulong Key)[] _sampled = new (int, ulong)[64];
    private int _count;
    private ulong _sampleMask;
    private long _nextFit = FirstFitPages;
    private long _nextFade = FadeAfterPages;

    private struct Entry
    {
        public ulong Key;   // 0 is no entry.
        public long Clock;
        public long TimeMs;
        public short Class;
        public byte Turns;
        public byte Uses;
    }

    /// <summary>Pages asked for so far; what ages are counted in.</summary>
    public long Clock { get; private set; }

    /// <summary>Learns of a request.</summary>
    /// <param name="cachedPages">Pages that are cached now, for scale.</param>
    public RequestMark Observe(in PrefixRequest request, int cachedPages)
    {
        var total = request.Tokens.Length / request.PageSizeTokens;
        var sampled = Sample(request, total);
        var mark = Describe(sampled, total, request.TimeMs);
        foreach (var (depth, key) in sampled) Follow(key, depth, mark, request.TimeMs);
        Clock += total;
        if (_count * 4 > _entries.Length * 3) MakeRoom(cachedPages);
        if (Clock >= _nextFit) Fit();
        return mark;
    }

    private ReadOnlySpan<(int Depth, ulong Key)> Sample(in PrefixRequest request, int total)
    {
        var (count, hash) = (0, request.FirstHash);
        var hashes = request.PageHashes;
        for (var i = 0; i < total; i++)
        {
            hash = hashes.IsEmpty ? request.NextHash(hash, i) : hashes[i];
            // The low bits choose a place in the table, the high ones the sample.
            if (((hash >> 32) & _sampleMask) != 0) continue;
            if (count == _sampled.Length) Array.Resize(ref _sampled, count * 2);
            _sampled[count++] = (i + 1, hash | 1);
        }

        return _sampled.AsSpan(0, count);
    }

    private RequestMark Describe(ReadOnlySpan<(int Depth, ulong Key)> sampled, int total, long timeMs)
    {
        var (twice, thrice, often, turns, gap) = (0, 0, 0, 0, -1L);
        foreach (var (depth, key) in sampled)
        {
            ref var entry = ref Find(key);
            if (entry.Key == 0) continue;
            twice = depth;
            if (entry.Uses >= 2) thrice = depth;
            if (entry.Uses >= 5) often = depth;
            turns = Math.Min(entry.Turns + 1, byte.MaxValue);
            gap = turns > 1 ? timeMs - entry.TimeMs : -1;
        }

        return new RequestMark(Clock, total, twice, thrice, often, turns, gap);
    }

    private void Follow(ulong key, int depth, in RequestMark mark, long timeMs)
    {
        ref var entry = ref Find(key);
        if (entry.Key == 0)
        {
            _count++;
            entry.Key = key;
            entry.Turns = (byte)mark.Turns;
        }
        else
        {
            model.AddReuse(entry.Class, Clock - entry.Clock);
        }

        if (entry.Uses < byte.MaxValue) entry.Uses++;
        (entry.Clock, entry.TimeMs, entry.Class) = (Clock, timeMs, (short)mark.ClassAt(depth));
    }

    /// <returns>The key's entry, or the free one where it belongs. There is always a free one.</returns>
    private ref Entry Find(ulong key)
    {
        var mask = _entries.Length - 1;
        var i = (int)(key >> 1) & mask;
        while (_entries[i].Key != 0 && _entries[i].Key != key) i = (i + 1) & mask;
        return ref _entries[i];
    }

    private void MakeRoom(int cachedPages)
    {
        if (_entries.Length < MostSlots)
        {
            Rebuild(_entries.Length * 2, long.MaxValue);
            return;
        }

        var longest = (long)LongestAgeInCaches * Math.Max(cachedPages, 1_000);
        Rebuild(_entries.Length, longest);
        if (_count * 2 <= _entries.Length) return;
        _sampleMask = _sampleMask << 1 | 1;
        Rebuild(_entries.Length, longest);
    }

    private void Rebuild(int slots, long longestAge)
    {
        var old = _entries;
        _entries = new Entry[slots];
        _count = 0;
        foreach (var entry in old)
        {
            if (entry.Key == 0) continue;
            if (Clock - entry.Clock > longestAge || ((entry.Key >> 32) & _sampleMask) != 0)
            {
                model.AddLoss(entry.Class, Clock - entry.Clock);
                continue;
            }

            Find(entry.Key) = entry;
            _count++;
        }

        Debug.Assert(_count < _entries.Length, "There is always a free entry.");
    }

    private void Fit()
    {
        model.BeginFit();
        foreach (var entry in _entries)
        {
            if (entry.Key != 0) model.AddPresent(entry.Class, Clock - entry.Clock);
        }

        model.Fit();
        _nextFit = Clock + Math.Clamp(Clock / 16, FirstFitPages, MostPagesBetweenFits);
        if (Clock < _nextFade) return;
        _nextFade = Clock + FadeAfterPages;
        model.Fade();
    }
}

/// <summary>What a request was like, and down to which depth its pages had been used so often.</summary>
/// <param name="Clock">When it came.</param>
/// <param name="Pages">Of its prompt.</param>
/// <param name="Twice">Pages from the start that had been used before.</param>
/// <param name="Thrice">Those used twice before.</param>
/// <param name="Often">Those used five times before.</param>
/// <param name="Turns">Requests that it continues, one after the other.</param>
/// <param name="GapMs">Since the last of them; negative if there is none, or only one that many share.</param>
internal readonly record struct RequestMark(long Clock, int Pages, int Twice, int Thrice, int Often, int Turns, long GapMs)
{
    /// <param name="depth">Pages from the start to the end of the page, at least 1.</param>
    public int ClassAt(int depth)
    {
        var uses = depth <= Often ? 6 : depth <= Thrice ? 3 : depth <= Twice ? 2 : 1;
        return ReuseClass.Of(Turns, uses, depth >= Pages, GapMs, Pages - Twice);
    }

    /// <summary>The depth down to which pages have the same class as the one at <paramref name="depth"/>.</summary>
    public int ClassFloor(int depth)
    {
        var floor = 0;
        foreach (var border in (ReadOnlySpan<int>)[Often, Thrice, Twice, Pages - 1])
        {
            if (border < depth && border > floor) floor = border;
        }

        return floor;
    }
}
