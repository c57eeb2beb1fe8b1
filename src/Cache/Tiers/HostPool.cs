using ActorInference.Actors.Kv;
using ActorInference.Cache.Radix.Eviction;

namespace ActorInference.Cache.Tiers;

/// <summary>
/// The second tier: pages in host memory, by key. Bytes are copied outside of the lock, with their pages pinned, and are
/// checked against a checksum whenever they are loaded.
/// </summary>
public sealed partial class HostPool : IPageTier, IDisposable
{
    private readonly Lock _lock = new();
    private readonly HostMemory _memory;
    private readonly HostIndex _index;
    private readonly TimeProvider _time;
    private readonly long _created;
    private readonly SightingFilter? _sightings;
    private readonly DeviceNames? _names;
    private Action<PageRun, int[]>? _onStored;
    private long _stored, _loaded, _evicted, _rotten;

    /// <param name="memory">Its pages, none of them in use; disposed with the pool.</param>
    /// <param name="policy">Says what to evict; it serves this pool only.</param>
    /// <param name="write">When pages are copied into it.</param>
    public HostPool(HostMemory memory, IEvictionPolicy policy, TierWritePolicy write, TimeProvider time)
    {
        (_memory, _time, _created) = (memory, time, time.GetTimestamp());
        _index = new HostIndex(memory.CapacityPages, memory.Layout.PageSizeTokens, policy);
        if (write == TierWritePolicy.WriteThroughSelective) _sightings = new SightingFilter();
        if (write == TierWritePolicy.WriteBack) _names = new DeviceNames();
        Adopted = Adopt();
    }

    /// <summary>
    /// Told of pages that the storage tier does not have yet, as they come in or are used again; they stay pinned until
    /// <see cref="EndWriting"/>. Null if there is no such tier. Called on the thread that offered them.
    /// </summary>
    internal Action<PageRun, int[]>? OnStored
    {
        get => Volatile.Read(ref _onStored);
        set => Volatile.Write(ref _onStored, value);
    }

    public KvPageLayout Layout => _memory.Layout;

    public IPageMemory Memory => _memory;

    public int CapacityPages => _memory.CapacityPages;

    public int Adopted { get; }

    public HostPoolCounts Counts
    {
        get { lock (_lock) return new(CapacityPages, _index.Count, _stored, _loaded, _evicted, _rotten, Adopted); }
    }

    public int Observe(KvNamespaceId space, ReadOnlySpan<int> tokens)
    {
        lock (_lock)
        {
            _index.Advance((long)_time.GetElapsedTime(_created).TotalMilliseconds);
            return _index.Observe(space, tokens);
        }
    }

    public int Find(ReadOnlySpan<KvPageKey> keys)
    {
        lock (_lock)
        {
            var found = 0;
            while (found < keys.Length && _index.Contains(keys[found])) found++;
            return found;
        }
    }

    /// <summary>As <see cref="Find"/>, and has those pages stay while what follows them is brought: room for it is made by evicting.</summary>
    internal int FindToContinue(ReadOnlySpan<KvPageKey> keys)
    {
        lock (_lock)
        {
            var found = 0;
            for (; found < keys.Length && _index.TryGet(keys[found], out var page); found++) _index.Refresh(page);
            return found;
        }
    }

    public void Offer(KvNamespaceId space, ReadOnlySpan<KvPageKey> keys, int first, int mark, IPageMemory from, ReadOnlySpan<int> pages)
    {
        CheckLayout(from);
        if (_names is not null)
        {
            lock (_lock)
            {
                _names.Remember(from, space, keys, first, mark, pages);
                TouchPresent(keys[first..], mark);
            }

            return;
        }

        Store(space, keys, first, mark, from, pages);
    }

    /// <summary>The device's cache has given up pages: with write-back, now they are copied.</summary>
    /// <param name="pages">The caller still holds them.</param>
    public void Demote(IPageMemory from, ReadOnlySpan<int> pages)
    {
        if (_names is null) return;
        foreach (var page in pages)
        {
            DeviceNames.Name name;
            int own;
            lock (_lock)
            {
                if (!_names.TryForget(from, page, out name) || _index.Contains(name.Key) || !TryTakePage(out own)) continue;
            }

            if (Fill(own, from, page, name.Key, name.Previous, name.Index, name.Mark, fromStorage: false))
                Tell(new PageRun(name.Space, name.Index, name.Previous, [name.Key]));
        }
    }

    /// <summary>Takes pages for what is to be brought from the storage tier.</summary>
    /// <returns>How many there were.</returns>
    internal int Reserve(Span<int> pages)
    {
        lock (_lock)
        {
            var taken = 0;
            while (taken < pages.Length && TryTakePage(out pages[taken])) taken++;
            return taken;
        }
    }

    /// <summary>Takes in reserved pages whose bytes have landed.</summary>
    internal void Publish(PageRun run, ReadOnlySpan<int> pages, int mark)
    {
        for (var i = 0; i < pages.Length; i++)
            Publish(pages[i], run.Keys[i], i == 0 ? run.Previous : run.Keys[i - 1], run.FirstIndex + i, PageChecksum.Compute(_memory.Span(pages[i])), mark, fromStorage: true);
    }

    /// <summary>Gives back reserved pages that were not needed.</summary>
    internal void Abandon(ReadOnlySpan<int> pages) => _memory.Release(pages);

    /// <returns>How many of the first pages, which are pinned, have the checksums that they were stored with.</returns>
    internal int CountSound(ReadOnlySpan<int> pages)
    {
        var sound = 0;
        while (sound < pages.Length && PageChecksum.Compute(_memory.Span(pages[sound])) == _index.Checksum(pages[sound])) sound++;
        return sound;
    }

    /// <summary>Pages that <see cref="OnStored"/> was told of may go again.</summary>
    /// <param name="written">How many of the first ones the storage tier has now.</param>
    internal void EndWriting(ReadOnlySpan<int> pages, int written)
    {
        lock (_lock)
        {
            for (var i = 0; i < pages.Length; i++)
            {
                _index.SetStored(pages[i], i < written ? StoredState.Stored : StoredState.Not);
                Unpin(pages[i], drop: false);
            }
        }
    }

    /// <summary>Forgets everything that is not being copied now.</summary>
    public void Clear()
    {
        lock (_lock)
        {
            var removed = new List<int>();
            _index.Clear(removed);
            foreach (var page in removed) Free(page);
            _sightings?.Clear();
            _names?.Clear();
        }
    }

    /// <summary>Checks every count; for tests and idle times.</summary>
    /// <param name="reserved">Pages that are reserved and not published.</param>
    public void CheckInvariants(int reserved = 0)
    {
        lock (_lock)
        {
            _index.CheckInvariants();
            if (_memory.FreePages + _index.Count + reserved != CapacityPages)
                throw new InvalidOperationException($"{_memory.FreePages} host pages are free, {_index.Count} held and {reserved} reserved; the pool has {CapacityPages}.");
        }
    }

    public void Dispose() => _memory.Dispose();

    private void Store(KvNamespaceId space, ReadOnlySpan<KvPageKey> keys, int first, int mark, IPageMemory from, ReadOnlySpan<int> pages)
    {
        // What storage is told of is one run: it ends where it has a page already, and the next begins.
        var began = first;
        for (var i = first; i <= keys.Length; i++)
        {
            if (i < keys.Length && TryStore(keys, i, mark, from, pages[i - first])) continue;
            if (i > began) Tell(new PageRun(space, began, began == 0 ? default : keys[began - 1], [.. keys[began..i]]));
            began = i + 1;
        }
    }

    /// <returns>Whether it is here now, and storage is to be told.</returns>
    private bool TryStore(ReadOnlySpan<KvPageKey> keys, int i, int mark, IPageMemory from, int page)
    {
        int own;
        lock (_lock)
        {
            if (_index.TryGet(keys[i], out var present))
            {
                _index.Touch(present, mark);
                return OnStored is not null && _index.Stored(present) == StoredState.Not;
            }

            if (_sightings?.IsFirst(keys[i]) == true || !TryTakePage(out own)) return false;
        }

        return Fill(own, from, page, keys[i], i == 0 ? default : keys[i - 1], i, mark, fromStorage: false);
    }

    private bool Fill(int own, IPageMemory from, int page, KvPageKey key, KvPageKey previous, int index, int mark, bool fromStorage)
    {
        var copy = _memory.Span(own);
        from.Read(page, copy);
        return Publish(own, key, previous, index, PageChecksum.Compute(copy), mark, fromStorage);
    }

    private bool Publish(int own, KvPageKey key, KvPageKey previous, int index, uint checksum, int mark, bool fromStorage)
    {
        lock (_lock)
        {
            if (_index.Contains(key))
            {
                // Another worker was faster.
                _memory.Release([own]);
                return false;
            }

            _index.Add(own, key, previous, index, checksum, mark, fromStorage);
            _memory.Records?.Write(own, new HostRecords.Record(key, previous, index, checksum));
            _stored++;
            return true;
        }
    }

    private void Tell(PageRun run)
    {
        if (OnStored is not { } told) return;
        var pages = new List<int>(run.Count);
        lock (_lock)
        {
            run = WithUnstoredBefore(run);
            // Another thread may have told of some, or evicted them.
            for (var i = 0; i < run.Count && _index.TryGet(run.Keys[i], out var page) && _index.Stored(page) == StoredState.Not; i++)
            {
                _index.Pin(page);
                _index.SetStored(page, StoredState.Writing);
                pages.Add(page);
            }
        }

        if (pages.Count > 0) told(run with { Keys = run.Keys[..pages.Count] }, [.. pages]);
    }

    /// <summary>
    /// The run, and those pages before it that are here and could not be stored when they came: what follows them cannot be found there
    /// without them.
    /// </summary>
    private PageRun WithUnstoredBefore(PageRun run)
    {
        var (first, previous) = (run.FirstIndex, run.Previous);
        var before = new List<KvPageKey>();
        for (; first > 0 && _index.TryGet(previous, out var page) && _index.Stored(page) == StoredState.Not; first--)
        {
            before.Add(previous);
            previous = _index.Previous(page);
        }

        if (before.Count == 0) return run;
        before.Reverse();
        return run with { FirstIndex = first, Previous = previous, Keys = [.. before, .. run.Keys] };
    }

    private void TouchPresent(ReadOnlySpan<KvPageKey> keys, int mark)
    {
        foreach (var key in keys)
        {
            if (_index.TryGet(key, out var page)) _index.Touch(page, mark);
        }
    }

    private bool TryTakePage(out int page)
    {
        page = 0;
        Span<int> taken = [0];
        if (!_memory.TryAllocate(taken))
        {
            if (!_index.TryEvict(out var victim)) return false;
            _evicted++;
            Free(victim);
            if (!_memory.TryAllocate(taken)) return false;
        }

        page = taken[0];
        return true;
    }

    private void Unpin(int page, bool drop)
    {
        _index.Unpin(page);
        if (!drop || _index.IsPinned(page)) return;
        _index.Remove(page);
        Free(page);
    }

    /// <summary>Frees a page that the index has forgotten.</summary>
    private void Free(int page)
    {
        _memory.Records?.Clear(page);
        _memory.Release([page]);
    }

    private int Adopt()
    {
        if (_memory.Records is not { } records) return 0;
        var taken = new bool[CapacityPages];
        var adopted = 0;
        for (var page = 0; page < taken.Length; page++)
        {
            if (!records.TryRead(page, out var record) || _index.Contains(record.Key)) continue;
            taken[page] = true;
            adopted++;
            _index.Add(page, record.Key, record.Previous, record.Index, record.Checksum, mark: 0, fromStorage: false);
        }

        _memory.Adopt(taken);
        return adopted;
    }

    private void CheckLayout(IPageMemory other)
    {
        if (other.Layout != Layout) throw new ArgumentException($"The pages are of layout {other.Layout}; the host pool has {Layout}.");
    }
}
