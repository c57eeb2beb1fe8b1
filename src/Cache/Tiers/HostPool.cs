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
            Advance();
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

            StoreAgain(space, keys, first);
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

            if (Fill(own, from, page, new Content(name.Key, name.Previous, name.Index, name.Mark)))
                Tell(new PageRun(name.Space, name.Index, name.Previous, [name.Key]), isAgain: false);
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

    /// <summary>What is to be in a page.</summary>
    private readonly record struct Content(KvPageKey Key, KvPageKey Previous, int Index, int Mark);

    private void Store(KvNamespaceId space, ReadOnlySpan<KvPageKey> keys, int first, int mark, IPageMemory from, ReadOnlySpan<int> pages)
    {
        // What storage is told of is one run: it ends where it has a page already, and the next begins.
        var (began, isAgain) = (first, true);
        for (var i = first; i <= keys.Length; i++)
        {
            if (i < keys.Length && TryStore(keys, i, mark, from, pages[i - first], ref isAgain)) continue;
            if (i > began) Tell(RunOf(space, keys, began, i), isAgain);
            (began, isAgain) = (i + 1, true);
        }
    }

    /// <param name="isAgain">Set to false if it was not here before.</param>
    /// <returns>Whether it is here now, and storage is to be told.</returns>
    private bool TryStore(ReadOnlySpan<KvPageKey> keys, int i, int mark, IPageMemory from, int page, ref bool isAgain)
    {
        int own;
        lock (_lock)
        {
            if (_index.TryGet(keys[i], out var present))
            {
                _index.Touch(present, mark);
                return OnStored is not null && _index.IsToBeWritten(present);
            }

            if (_sightings?.IsFirst(keys[i]) == true || !TryTakePage(out own)) return false;
        }

        if (!Fill(own, from, page, new Content(keys[i], i == 0 ? default : keys[i - 1], i, mark))) return false;
        isAgain = false;
        return true;
    }

    private bool Fill(int own, IPageMemory from, int page, in Content content)
    {
        var copy = _memory.Span(own);
        uint checksum;
        if (from.HasBytes)
        {
            checksum = PageChecksum.Copy(from.Bytes(page).Span, copy);
        }
        else
        {
            from.Read(page, copy);
            checksum = PageChecksum.Compute(copy);
        }

        return Publish(own, content, checksum, fromStorage: false);
    }

    private bool Publish(int own, in Content content, uint checksum, bool fromStorage)
    {
        lock (_lock)
        {
            if (_index.Contains(content.Key))
            {
                // Another worker was faster.
                _memory.Release([own]);
                return false;
            }

            _index.Add(own, content.Key, content.Previous, content.Index, checksum, content.Mark, fromStorage);
            _memory.Records?.Write(own, new HostRecords.Record(content.Key, content.Previous, content.Index, checksum));
            _stored++;
            return true;
        }
    }

    private void Advance() => _index.Advance((long)_time.GetElapsedTime(_created).TotalMilliseconds);

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
            _index.Add(page, record.Key, record.Previous, record.Index, record.Checksum, mark: 0, fromStorage: false, mayBeStored: true);
        }

        _memory.Adopt(taken);
        return adopted;
    }

    private void CheckLayout(IPageMemory other)
    {
        if (other.Layout != Layout) throw new ArgumentException($"The pages are of layout {other.Layout}; the host pool has {Layout}.");
    }
}
