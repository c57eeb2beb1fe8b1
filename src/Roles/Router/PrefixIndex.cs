using System.Numerics;
using ActorInference.Actors.Ids;
using ActorInference.Roles.Prefixes;

namespace ActorInference.Roles.Router;

/// <summary>
/// Which worker is likely to have the pages of which prompts: a table of <see cref="PrefixBlocks"/> with the workers that were given them, or say that they have
/// them. Approximate by design: workers evict by themselves and tell later, and what it says wrongly costs time only. Holds a limited number of
/// blocks, of which the longest unused go first. Pure: no clock, and nothing but a place in a table is random.
/// </summary>
/// <remarks>A look-up is one pass over the prompt's blocks for all workers together. Allocates nothing once it is full.</remarks>
public sealed class PrefixIndex
{
    /// <summary>Workers that it knows apart; what further ones have is not noted.</summary>
    public const int MaxWorkers = 64;

    private const int None = NameTable.None;

    private readonly int _capacity;
    private readonly NameTable _blocks = new();
    private readonly Dictionary<WorkerId, int> _slots = [];
    private readonly int[] _held = new int[MaxWorkers];
    private readonly int[] _confirmed = new int[MaxWorkers];
    private Entry[] _table = new Entry[64];   // By number of the block.
    private ulong _freeSlots = ulong.MaxValue;
    private int _newest = None;
    private int _oldest = None;

    private struct Entry
    {
        public ulong Holders;
        public ulong Confirmed;   // Those of them that have said so themselves.
        public int Older;
        public int Newer;
    }

    /// <param name="capacityBlocks">At least 1.</param>
    public PrefixIndex(int capacityBlocks)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(capacityBlocks);
        _capacity = capacityBlocks;
    }

    /// <summary>Blocks that somebody has.</summary>
    public int Count => _blocks.Count;

    /// <summary>Blocks that a worker has.</summary>
    public int HeldBy(WorkerId worker) => _slots.TryGetValue(worker, out var slot) ? _held[slot] : 0;

    /// <summary>Those of them that it has said itself to have.</summary>
    public int ConfirmedBy(WorkerId worker) => _slots.TryGetValue(worker, out var slot) ? _confirmed[slot] : 0;

    /// <summary>How many of a prompt's first blocks each worker has.</summary>
    public PrefixHolders Match(ReadOnlySpan<ulong> blocks)
    {
        var holders = new PrefixHolders(_slots);
        var left = ~_freeSlots;
        for (var i = 0; i < blocks.Length && left != 0; i++)
        {
            _blocks.WarmUp(blocks, i);
            var entry = _blocks.Find(blocks[i]);
            var here = entry == None ? 0 : left & _table[entry].Holders;
            if (here == left) continue;
            holders.End(left & ~here, i);
            left = here;
        }

        holders.End(left, blocks.Length);
        return holders;
    }

    /// <summary>Notes that a worker has a prompt's pages, or will soon.</summary>
    public void Hold(WorkerId worker, ReadOnlySpan<ulong> blocks)
    {
        if (blocks.IsEmpty || !TrySlot(worker, out var slot)) return;

        // The last first: what is evicted is then the end of a prompt, without which its beginning is still of use.
        blocks = blocks[..Math.Min(blocks.Length, _capacity)];
        for (var i = blocks.Length - 1; i >= 0; i--)
        {
            WarmDown(blocks, i);
            ref var entry = ref Touch(blocks[i]);
            if ((entry.Holders & (1UL << slot)) != 0) continue;
            entry.Holders |= 1UL << slot;
            _held[slot]++;
        }
    }

    /// <summary>A worker says that it has blocks, each after those that it begins with.</summary>
    public void Confirm(WorkerId worker, ReadOnlySpan<ulong> blocks)
    {
        if (blocks.IsEmpty || !TrySlot(worker, out var slot)) return;
        var mask = 1UL << slot;
        blocks = blocks[..Math.Min(blocks.Length, _capacity)];
        for (var i = blocks.Length - 1; i >= 0; i--)
        {
            WarmDown(blocks, i);
            // To be told of is no use.
            var place = _blocks.Find(blocks[i]);
            if (place == None) place = Add(blocks[i]);
            ref var entry = ref _table[place];
            if ((entry.Confirmed & mask) != 0) continue;
            entry.Confirmed |= mask;
            _confirmed[slot]++;
            if ((entry.Holders & mask) != 0) continue;
            entry.Holders |= mask;
            _held[slot]++;
        }
    }

    /// <summary>A worker says that it has blocks no longer.</summary>
    public void Deny(WorkerId worker, ReadOnlySpan<ulong> blocks)
    {
        if (!_slots.TryGetValue(worker, out var slot)) return;
        for (var i = 0; i < blocks.Length; i++)
        {
            _blocks.WarmUp(blocks, i);
            var entry = _blocks.Find(blocks[i]);
            if (entry != None) Leave(entry, slot);
        }
    }

    /// <summary>Forgets what a worker has said itself: it will say anew what it has.</summary>
    public void Doubt(WorkerId worker)
    {
        if (_slots.TryGetValue(worker, out var slot)) LeaveOldest(slot, _confirmed[slot], static (entry, mask) => (entry.Confirmed & mask) != 0);
    }

    /// <summary>Forgets what a worker was given longest ago and has not said to have, as far as it is more than it can have been given.</summary>
    public void TrimUnconfirmed(WorkerId worker, int mostBlocks)
    {
        if (!_slots.TryGetValue(worker, out var slot)) return;
        var unconfirmed = _held[slot] - _confirmed[slot];
        if (unconfirmed > mostBlocks + mostBlocks / 8) LeaveOldest(slot, unconfirmed - mostBlocks, static (entry, mask) => (entry.Holders & ~entry.Confirmed & mask) != 0);
    }

    /// <summary>Forgets all that a worker has.</summary>
    public void Forget(WorkerId worker)
    {
        if (!_slots.Remove(worker, out var slot)) return;
        TrimSlot(slot, 0);
        _freeSlots |= 1UL << slot;
    }

    /// <summary>Forgets what a worker has had longest, as far as it is more than it can have.</summary>
    public void Trim(WorkerId worker, int mostBlocks)
    {
        // A little more is let be: each time costs a pass.
        if (_slots.TryGetValue(worker, out var slot) && _held[slot] > mostBlocks + mostBlocks / 8) TrimSlot(slot, mostBlocks);
    }

    /// <exception cref="InvalidOperationException">Its parts do not agree.</exception>
    public void CheckInvariants()
    {
        Span<int> held = stackalloc int[MaxWorkers];
        Span<int> confirmed = stackalloc int[MaxWorkers];
        var (count, newer) = (0, None);
        for (var i = _newest; i != None; newer = i, i = _table[i].Older)
        {
            count++;
            Require(_table[i].Newer == newer, "the order is broken");
            Require(_table[i].Holders != 0, "a block has no holder");
            Require((_table[i].Confirmed & ~_table[i].Holders) == 0, "a block is confirmed by one who does not have it");
            Require((_table[i].Holders & _freeSlots) == 0, "a worker that is gone has a block");
            Require(_blocks.Find(_blocks.Name(i)) == i, "a block is not found");
            Tally(_table[i].Holders, held);
            Tally(_table[i].Confirmed, confirmed);
        }

        Require(newer == _oldest, "the order has another end");
        Require(count == Count && count <= _capacity, $"there are {count} of {Count} blocks, at most {_capacity}");
        _blocks.CheckInvariants();
        Require(held.SequenceEqual(_held) && confirmed.SequenceEqual(_confirmed), "the blocks of a worker are miscounted");
    }

    private static void Tally(ulong workers, Span<int> counts)
    {
        for (; workers != 0; workers &= workers - 1) counts[BitOperations.TrailingZeroCount(workers)]++;
    }

    private static void Require(bool condition, string what)
    {
        if (!condition) throw new InvalidOperationException($"In the prefix index {what}.");
    }

    private bool TrySlot(WorkerId worker, out int slot)
    {
        if (_slots.TryGetValue(worker, out slot)) return true;
        if (_freeSlots == 0) return false;
        slot = BitOperations.TrailingZeroCount(_freeSlots);
        _freeSlots &= ~(1UL << slot);
        _slots.Add(worker, slot);
        return true;
    }

    private void TrimSlot(int slot, int most) => LeaveOldest(slot, _held[slot] - most, static (entry, mask) => (entry.Holders & mask) != 0);

    /// <summary>Takes a worker from so many blocks for which a condition holds, the longest unused first.</summary>
    private void LeaveOldest(int slot, int blocks, Func<Entry, ulong, bool> condition)
    {
        for (var i = _oldest; i != None && blocks > 0;)
        {
            var newer = _table[i].Newer;
            if (condition(_table[i], 1UL << slot))
            {
                Leave(i, slot);
                blocks--;
            }

            i = newer;
        }
    }

    /// <summary>A worker has a block no longer, if it had it.</summary>
    private void Leave(int i, int slot)
    {
        ref var entry = ref _table[i];
        var mask = 1UL << slot;
        if ((entry.Holders & mask) == 0) return;
        if ((entry.Confirmed & mask) != 0) _confirmed[slot]--;
        _held[slot]--;
        entry.Holders &= ~mask;
        entry.Confirmed &= ~mask;
        if (entry.Holders == 0) Remove(i);
    }

    /// <summary>In a loop that goes down through blocks that are touched: as <see cref="NameTable.WarmDown"/>, and the same for those that have to go instead.</summary>
    private void WarmDown(ReadOnlySpan<ulong> blocks, int i)
    {
        var warmed = _blocks.WarmDown(blocks, i);
        if (warmed == 0 || Count + warmed <= _capacity) return;
        Span<ulong> oldest = stackalloc ulong[NameTable.WarmNames];
        var count = 0;
        for (var old = _oldest; old != None && count < warmed; old = _table[old].Newer) oldest[count++] = _blocks.Name(old);
        _blocks.Warm(oldest[..count]);
    }

    /// <summary>Finds or makes a block's entry; it is the newest then.</summary>
    private ref Entry Touch(ulong block)
    {
        var i = _blocks.Find(block);
        if (i == None)
        {
            i = Add(block);
        }
        else if (i != _newest)
        {
            Unlink(i);
            Link(i);
        }

        return ref _table[i];
    }

    /// <summary>Makes a block's entry, the newest one.</summary>
    private int Add(ulong block)
    {
        if (Count == _capacity) Evict(_oldest);
        var i = _blocks.Add(block, out _);
        if (i == _table.Length) Array.Resize(ref _table, Math.Min(2 * _table.Length, _capacity));
        _table[i] = default;
        Link(i);
        return i;
    }

    private void Evict(int i)
    {
        for (var mask = _table[i].Holders; mask != 0; mask &= mask - 1) _held[BitOperations.TrailingZeroCount(mask)]--;
        for (var mask = _table[i].Confirmed; mask != 0; mask &= mask - 1) _confirmed[BitOperations.TrailingZeroCount(mask)]--;
        Remove(i);
    }

    private void Remove(int i)
    {
        Unlink(i);
        _blocks.Remove(i);
    }

    private void Link(int i)
    {
        (_table[i].Older, _table[i].Newer) = (_newest, None);
        if (_newest != None) _table[_newest].Newer = i;
        else _oldest = i;
        _newest = i;
    }

    private void Unlink(int i)
    {
        var (older, newer) = (_table[i].Older, _table[i].Newer);
        if (older != None) _table[older].Newer = newer;
        else _oldest = newer;
        if (newer != None) _table[newer].Older = older;
        else _newest = older;
    }
}

/// <summary>How many of a prompt's first blocks each worker has.</summary>
public sealed class PrefixHolders
{
    /// <summary>For a prompt that nobody is asked about.</summary>
    public static readonly PrefixHolders Nobody = new(new Dictionary<WorkerId, int>());

    private readonly Dictionary<WorkerId, int> _slots;
    private readonly int[] _blocks = new int[PrefixIndex.MaxWorkers];

    internal PrefixHolders(Dictionary<WorkerId, int> slots) => _slots = slots;

    public int BlocksOf(WorkerId worker) => _slots.TryGetValue(worker, out var slot) ? _blocks[slot] : 0;

    /// <summary>These workers have so many.</summary>
    internal void End(ulong workers, int blocks)
    {
        for (; workers != 0; workers &= workers - 1) _blocks[BitOperations.TrailingZeroCount(workers)] = blocks;
    }
}
