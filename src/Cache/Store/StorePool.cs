using ActorInference.Actors.Kv;
using ActorInference.Actors.Protocols;

namespace ActorInference.Cache.Store;

/// <summary>
/// The pages in a store's memory. A slot is referenced by the store while it has the page, and by everyone who reads it; its
/// room is free again when nobody does. Who names a slot names its generation, so nobody reads another page. Thread-safe.
/// </summary>
public sealed unsafe class StorePool : IDisposable
{
    private readonly Lock _lock = new();
    private readonly StoreMemory _memory;
    private readonly List<Slot> _slots = [];
    private readonly Stack<int> _freeSlots = [];
    private readonly Dictionary<CacheShardProtocol.TenantKey, int> _byKey = [];
    private readonly OffsetAllocator _allocator;
    private readonly TimeProvider _time;

    /// <param name="memory">The pool's own from now on.</param>
    /// <param name="time">Tells how long a page has been uncertain.</param>
    public StorePool(StoreMemory memory, TimeProvider time)
    {
        (_memory, _time) = (memory, time);
        Epoch = Guid.NewGuid();
        var kept = FindKept(memory);
        _allocator = OffsetAllocator.Restore(memory.Bytes, kept.Select(page => (page.Offset, (long)page.Page.SizeBytes)));
        foreach (var page in kept)
        {
            _byKey[page.Page.TenantKey] = _slots.Count;
            _slots.Add(new Slot { State = SlotState.Kept, Generation = 1, References = 1, Offset = page.Offset, Page = page.Page });
        }
    }

    private enum SlotState
    {
        Free,

        /// <summary>Being written; nobody else knows of it.</summary>
        Filling,

        /// <summary>Written, and no shard has said yet that it wants it.</summary>
        Uncertain,

        /// <summary>A shard has journaled it.</summary>
        Kept,

        /// <summary>Given up, but somebody still reads it.</summary>
        Leaving,
    }

    private sealed class Slot
    {
        public SlotState State;
        public int Generation;
        public int References;
        public long Offset;
        public long SinceMs;
        public StoredPage Page = null!;
    }

    /// <summary>Tells this life of the memory from others.</summary>
    public Guid Epoch { get; }

    public long CapacityBytes => _allocator.CapacityBytes;

    public string? SharedPath => _memory.SharedPath;

    public long UsedBytes
    {
        get { lock (_lock) return _allocator.UsedBytes; }
    }

    public int Pages
    {
        get { lock (_lock) return _slots.Count - _freeSlots.Count; }
    }

    public long LargestFreeBytes
    {
        get { lock (_lock) return _allocator.LargestFreeBytes(); }
    }

    /// <summary>Takes room for a page that is about to be written.</summary>
    /// <returns>False if there is none.</returns>
    public bool TryAllocate(StoredPage page, out CacheStoreProtocol.SlotUse use)
    {
        lock (_lock)
        {
            use = default;
            var offset = _allocator.Allocate(page.SizeBytes);
            if (offset < 0) return false;
            if (!_freeSlots.TryPop(out var index))
            {
                index = _slots.Count;
                _slots.Add(new Slot());
            }

            var slot = _slots[index];
            (slot.State, slot.References, slot.Offset, slot.Page) = (SlotState.Filling, 1, offset, page);
            slot.Generation++;
            use = new CacheStoreProtocol.SlotUse(index, slot.Generation);
            return true;
        }
    }

    /// <summary>The page is written and its checksum right.</summary>
    /// <param name="isKept">A shard knows of it already.</param>
    public void Written(CacheStoreProtocol.SlotUse use, bool isKept)
    {
        lock (_lock)
        {
            if (Find(use) is not { State: SlotState.Filling } slot) return;
            slot.State = isKept ? SlotState.Kept : SlotState.Uncertain;
            slot.SinceMs = Now();
            // The latest copy of a page is the one that is looked for.
            _byKey[slot.Page.TenantKey] = use.Slot;
        }
    }

    /// <returns>False if it is another use of the slot by now.</returns>
    public bool TryKeep(CacheStoreProtocol.SlotUse use, out StoredPage page)
    {
        lock (_lock)
        {
            page = null!;
            if (Find(use) is not { State: SlotState.Uncertain or SlotState.Kept } slot) return false;
            slot.State = SlotState.Kept;
            page = slot.Page;
            return true;
        }
    }

    /// <summary>Gives up a page. Unknown uses are ignored: it was done before.</summary>
    public void Free(CacheStoreProtocol.SlotUse use)
    {
        lock (_lock)
        {
            if (Find(use) is not { State: not SlotState.Leaving } slot) return;
            if (_byKey.TryGetValue(slot.Page.TenantKey, out var latest) && latest == use.Slot) _byKey.Remove(slot.Page.TenantKey);
            slot.State = SlotState.Leaving;
            Release(use.Slot);
        }
    }

    /// <summary>Keeps a page's bytes where they are.</summary>
    /// <returns>False if it is gone.</returns>
    public bool TryAddReference(int index, int generation)
    {
        lock (_lock)
        {
            if (Find(new CacheStoreProtocol.SlotUse(index, generation)) is not { State: SlotState.Uncertain or SlotState.Kept } slot) return false;
            slot.References++;
            return true;
        }
    }

    public void Release(int index)
    {
        lock (_lock)
        {
            var slot = _slots[index];
            if (--slot.References > 0) return;
            if (slot.References < 0) throw new InvalidOperationException($"Slot {index} was released more often than it was held.");
            _allocator.Free(slot.Offset);
            slot.State = SlotState.Free;
            slot.Page = null!;
            _freeSlots.Push(index);
        }
    }

    /// <summary>The bytes of a slot that the caller holds.</summary>
    public Span<byte> Bytes(int index)
    {
        lock (_lock) return new Span<byte>(_memory.Address + _slots[index].Offset, _slots[index].Page.SizeBytes);
    }

    /// <inheritdoc cref="Bytes"/>
    public Memory<byte> MemoryOf(int index)
    {
        lock (_lock) return new UnmanagedBytes(_memory.Address + _slots[index].Offset, _slots[index].Page.SizeBytes).Memory;
    }

    /// <summary>Where a slot that the caller holds is, as shards are told of it.</summary>
    public CacheShardProtocol.Replica Locate(Actors.Ids.StoreId store, CacheStoreProtocol.SlotUse use)
    {
        lock (_lock) return new CacheShardProtocol.Replica(store, Epoch, use.Slot, use.Generation, _slots[use.Slot].Offset);
    }

    /// <exception cref="InvalidOperationException">Nobody holds the slot.</exception>
    public int GenerationOf(int index)
    {
        lock (_lock)
        {
            if ((uint)index >= (uint)_slots.Count || _slots[index].State == SlotState.Free) throw new InvalidOperationException($"Nobody holds slot {index}.");
            return _slots[index].Generation;
        }
    }

    /// <summary>The page of a key, with a reference for the caller.</summary>
    public bool TryHold(in CacheShardProtocol.TenantKey key, out CacheStoreProtocol.SlotUse use)
    {
        lock (_lock)
        {
            use = default;
            if (!_byKey.TryGetValue(key, out var index) || _slots[index].State is not (SlotState.Uncertain or SlotState.Kept)) return false;
            _slots[index].References++;
            use = new CacheStoreProtocol.SlotUse(index, _slots[index].Generation);
            return true;
        }
    }

    /// <summary>What is held: the certain ones, and those uncertain ones that have been for so long.</summary>
    public List<(CacheStoreProtocol.SlotUse Use, StoredPage Page, bool IsCertain)> List(bool withCertain, TimeSpan uncertainFor)
    {
        var list = new List<(CacheStoreProtocol.SlotUse, StoredPage, bool)>();
        lock (_lock)
        {
            var before = Now() - (long)uncertainFor.TotalMilliseconds;
            for (var i = 0; i < _slots.Count; i++)
            {
                var slot = _slots[i];
                if ((slot.State == SlotState.Kept && withCertain) || (slot.State == SlotState.Uncertain && slot.SinceMs <= before))
                    list.Add((new CacheStoreProtocol.SlotUse(i, slot.Generation), slot.Page, slot.State == SlotState.Kept));
            }
        }

        return list;
    }

    /// <summary>Writes down what is where, for the next process; only where the memory is kept for it.</summary>
    /// <exception cref="IOException">What was written down before stays.</exception>
    public void WriteIndex()
    {
        if (_memory.IndexPath is not { } path) return;
        List<IndexedPage> pages;
        lock (_lock) pages = [.. _slots.Where(slot => slot.State == SlotState.Kept).Select(slot => new IndexedPage(slot.Page, slot.Offset))];
        var next = path + ".next";
        File.WriteAllBytes(next, BucketIndex.Write(pages, tag: 0));
        File.Move(next, path, overwrite: true);
    }

    /// <summary>Compares all counts.</summary>
    /// <exception cref="InvalidOperationException">Says what is wrong.</exception>
    public void CheckInvariants()
    {
        lock (_lock)
        {
            _allocator.CheckInvariants();
            var used = _slots.Where(slot => slot.State != SlotState.Free).Sum(slot => OffsetAllocator.Rounded(slot.Page.SizeBytes));
            if (used != _allocator.UsedBytes) throw new InvalidOperationException($"Slots have {used} bytes, and {_allocator.UsedBytes} are allocated.");
            if (_slots.Any(slot => slot.State != SlotState.Free && slot.References < 1)) throw new InvalidOperationException("Nobody holds a slot that is not free.");
        }
    }

    public void Dispose() => _memory.Dispose();

    /// <summary>What an earlier process left and is still right: what was written over since then is not.</summary>
    private static List<IndexedPage> FindKept(StoreMemory memory)
    {
        var found = new List<IndexedPage>();
        if (!memory.WasKept || memory.IndexPath is not { } path || !File.Exists(path)) return found;
        var end = 0L;
        foreach (var page in (BucketIndex.Read(File.ReadAllBytes(path), out _, out _) ?? []).OrderBy(page => page.Offset))
        {
            if (page.Offset < end || page.Offset % OffsetAllocator.Unit != 0 || page.Page.SizeBytes <= 0 || page.Offset + page.Page.SizeBytes > memory.Bytes) continue;
            if (PageChecksum.Compute(new ReadOnlySpan<byte>(memory.Address + page.Offset, page.Page.SizeBytes)) != page.Page.Checksum) continue;
            found.Add(page);
            end = page.Offset + OffsetAllocator.Rounded(page.Page.SizeBytes);
        }

        return found;
    }

    private Slot? Find(CacheStoreProtocol.SlotUse use) =>
        (uint)use.Slot < (uint)_slots.Count && _slots[use.Slot] is { State: not SlotState.Free } slot && slot.Generation == use.Generation ? slot : null;

    private long Now() => _time.GetUtcNow().ToUnixTimeMilliseconds();
}

/// <summary>A page in a store: whose, which, and the checksum of its bytes. Of their shape a store knows nothing but the size.</summary>
public sealed record StoredPage(string Tenant, CacheShardProtocol.NewPage Page, uint Checksum)
{
    public int SizeBytes => Page.SizeBytes;

    public CacheShardProtocol.TenantKey TenantKey => new(Tenant, Page.Key);
}
