using System.Diagnostics.CodeAnalysis;
using ActorInference.Actors.Kv;
using ActorInference.Cache.Radix;
using ActorInference.Cache.Radix.Eviction;

namespace ActorInference.Cache.Tiers;

/// <summary>What is known of whether the storage tier has a page too.</summary>
internal enum StoredState : byte
{
    Not,
    Writing,

    /// <summary>It had it when it was last asked or written to, which may be long ago (<see cref="HostIndex.IsToBeWritten"/>).</summary>
    Stored,
}

/// <summary>
/// Which pages a host pool holds, by key, and which goes next: the same policies as the device's tree, with a leaf for
/// each page that none continues. A page may be here without the one before it, which comes later or not at all.
/// Not thread-safe.
/// </summary>
internal sealed class HostIndex(int capacityPages, int pageSizeTokens, IEvictionPolicy policy)
{
    private readonly Dictionary<KvPageKey, int> _pages = new(capacityPages);
    private readonly Dictionary<KvPageKey, int> _orphans = [];   // How many continue a page that is not here.
    private readonly Entry[] _entries = new Entry[capacityPages];
    private long _tick;
    private long _timeMs;
    private int _losses;
    private long _settledMs;

    private struct Entry
    {
        public KvPageKey Key;
        public KvPageKey Previous;
        public int Index;
        public int Children;
        public int Pins;
        public int Uses;
        public int Mark;
        public uint Checksum;
        public bool FromStorage;
        public StoredState Stored;
        public bool MayBeStored;
        public int SeenLosses;   // And when, at the last word of the storage tier.
        public long SeenMs;
        public bool IsHeld;
        public long LastUse;
    }

    public int Count => _pages.Count;

    /// <summary>How long the storage tier is taken to have what it had.</summary>
    public TimeSpan RecheckAfter { get; set; } = TimeSpan.MaxValue;

    /// <summary>How long after a loss the storage tier itself may not know of it everywhere.</summary>
    public TimeSpan SettleAfter { get; set; } = TimeSpan.Zero;

    public void Advance(long timeMs) => _timeMs = Math.Max(_timeMs, timeMs);

    public int Observe(KvNamespaceId space, ReadOnlySpan<int> tokens) =>
        policy.OnRequest(new PrefixRequest(space, tokens[..(tokens.Length / pageSizeTokens * pageSizeTokens)], pageSizeTokens, _timeMs, Count, capacityPages));

    public bool Contains(KvPageKey key) => _pages.ContainsKey(key);

    public bool TryGet(KvPageKey key, out int page) => _pages.TryGetValue(key, out page);

    public uint Checksum(int page) => _entries[page].Checksum;

    /// <summary>Key of the page that this one continues; default for the first of a sequence.</summary>
    public KvPageKey Previous(int page) => _entries[page].Previous;

    /// <summary>The storage tier may have lost anything: of no page it is known any more that it is there.</summary>
    public void Doubt()
    {
        _losses++;
        _settledMs = _timeMs + (long)SettleAfter.TotalMilliseconds;
    }

    /// <summary>Whether the storage tier should be asked for the page, or given it, and neither is under way.</summary>
    public bool IsToBeWritten(int page)
    {
        ref var entry = ref _entries[page];
        return entry.Stored == StoredState.Not || (entry.Stored == StoredState.Stored && IsInDoubt(entry));
    }

    /// <summary>Whether the storage tier had the page once, or an earlier process may have given it.</summary>
    public bool MayBeStored(int page) => _entries[page].MayBeStored;

    public void BeginWriting(int page)
    {
        ref var entry = ref _entries[page];
        // What is lost from now on may be this.
        (entry.Stored, entry.SeenLosses, entry.SeenMs) = (StoredState.Writing, _losses, _timeMs);
    }

    public void EndWriting(int page, bool isStored)
    {
        ref var entry = ref _entries[page];
        entry.Stored = isStored ? StoredState.Stored : StoredState.Not;
        entry.MayBeStored |= isStored;
    }

    /// <summary>Whether the page came from the storage tier and nobody has used it yet.</summary>
    public bool IsFromStorage(int page) => _entries[page].FromStorage;

    /// <summary>As <see cref="IsFromStorage"/>; it is used from now on.</summary>
    public bool TakeFromStorage(int page)
    {
        var came = _entries[page].FromStorage;
        _entries[page].FromStorage = false;
        return came;
    }

    /// <summary>Counts a use of a page, by a request with this mark.</summary>
    public void Touch(int page, int mark)
    {
        ref var entry = ref _entries[page];
        var mayGo = MayGo(entry);
        if (mayGo) policy.Leave(page);
        Use(ref entry, mark);
        if (mayGo) Enter(page);
    }

    /// <summary>Puts a page that is about to be used among the last to go, and counts no use.</summary>
    public void Refresh(int page)
    {
        ref var entry = ref _entries[page];
        var mayGo = MayGo(entry);
        if (mayGo) policy.Leave(page);
        entry.LastUse = ++_tick;
        if (mayGo) Enter(page);
    }

    /// <summary>Keeps a page from eviction until <see cref="Unpin"/>.</summary>
    public void Pin(int page)
    {
        if (MayGo(_entries[page])) policy.Leave(page);
        _entries[page].Pins++;
    }

    public void Unpin(int page)
    {
        if (--_entries[page].Pins == 0 && MayGo(_entries[page])) Enter(page);
    }

    /// <summary>Takes in a page that is not here.</summary>
    /// <param name="mayBeStored">Whether the storage tier may have it, though it did not come from there.</param>
    public void Add(int page, KvPageKey key, KvPageKey previous, int index, uint checksum, int mark, bool fromStorage, bool mayBeStored = false)
    {
        ref var entry = ref _entries[page];
        entry = new Entry
        {
            Key = key, Previous = previous, Index = index, Checksum = checksum, FromStorage = fromStorage, IsHeld = true,
            Stored = fromStorage ? StoredState.Stored : StoredState.Not, MayBeStored = fromStorage || mayBeStored, SeenLosses = _losses, SeenMs = _timeMs,
        };
        _pages.Add(key, page);
        if (_orphans.Remove(key, out var children)) entry.Children = children;
        CountChild(previous, 1);
        Use(ref entry, mark);
        if (MayGo(entry)) Enter(page);
    }

    /// <summary>Chooses what goes next and forgets it.</summary>
    public bool TryEvict(out int page)
    {
        page = policy.Victim(_timeMs);
        if (page == RadixNode.None) return false;
        Remove(page);
        return true;
    }

    /// <summary>Forgets a page that nobody has pinned.</summary>
    public void Remove(int page)
    {
        ref var entry = ref _entries[page];
        if (MayGo(entry)) policy.Leave(page);
        _pages.Remove(entry.Key);
        if (entry.Children > 0) _orphans[entry.Key] = entry.Children;
        var previous = entry.Previous;
        entry = default;
        CountChild(previous, -1);
    }

    public bool IsPinned(int page) => _entries[page].Pins > 0;

    /// <summary>Forgets every page that nobody has pinned.</summary>
    public void Clear(List<int> removed)
    {
        foreach (var page in _pages.Values)
        {
            if (_entries[page].Pins == 0) removed.Add(page);
        }

        foreach (var page in removed) Remove(page);
    }

    /// <exception cref="InvalidOperationException">A count or link is wrong.</exception>
    public void CheckInvariants()
    {
        var leaves = 0;
        var children = new Dictionary<KvPageKey, int>();
        foreach (var (key, page) in _pages)
        {
            ref var entry = ref _entries[page];
            if (!entry.IsHeld || entry.Key != key) Fault($"page {page} is not the one that {key} names");
            if (MayGo(entry)) leaves++;
            if (entry.Previous != default) children[entry.Previous] = children.GetValueOrDefault(entry.Previous) + 1;
        }

        foreach (var (key, page) in _pages)
        {
            if (_entries[page].Children != children.GetValueOrDefault(key)) Fault($"page {page} counts {_entries[page].Children} that continue it; {children.GetValueOrDefault(key)} do");
        }

        foreach (var (key, count) in _orphans)
        {
            if (_pages.ContainsKey(key) || children.GetValueOrDefault(key) != count) Fault($"{count} pages are counted to continue {key}, which is not here");
        }

        if (leaves != policy.Count) Fault($"the policy knows {policy.Count} pages that may go; {leaves} may");
    }

    [DoesNotReturn]
    private static void Fault(string what) => throw new InvalidOperationException($"The host pool's index is corrupt: {what}.");

    private bool IsInDoubt(in Entry entry) =>
        entry.SeenLosses != _losses
        || (entry.SeenMs < _settledMs && _timeMs >= _settledMs)   // What was said between may have been said by one who did not know.
        || _timeMs - entry.SeenMs >= RecheckAfter.TotalMilliseconds;

    private static bool MayGo(in Entry entry) => entry is { IsHeld: true, Children: 0, Pins: 0 };

    private void Use(ref Entry entry, int mark)
    {
        entry.Uses++;
        entry.Mark = mark;
        entry.LastUse = ++_tick;
    }

    private void Enter(int page)
    {
        ref var entry = ref _entries[page];
        policy.Enter(page, new PrefixUse(entry.LastUse, _timeMs, entry.Uses, 0, entry.Mark, entry.Index + 1));
    }

    private void CountChild(KvPageKey parent, int change)
    {
        if (parent == default) return;
        if (_pages.TryGetValue(parent, out var page))
        {
            ref var entry = ref _entries[page];
            if (MayGo(entry)) policy.Leave(page);
            entry.Children += change;
            if (MayGo(entry)) Enter(page);
            return;
        }

        var count = _orphans.GetValueOrDefault(parent) + change;
        if (count == 0) _orphans.Remove(parent);
        else _orphans[parent] = count;
    }
}
