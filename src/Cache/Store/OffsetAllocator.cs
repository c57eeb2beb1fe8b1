using System.Numerics;

namespace ActorInference.Cache.Store;

/// <summary>
/// Divides a range of bytes: finds a free part by its size class in constant time (two-level segregated fit, M. Masmano et al.
/// 2004: 32 classes for each power of two), splits it, and merges neighbours when one is freed. Not thread-safe.
/// </summary>
public sealed class OffsetAllocator
{
    /// <summary>Every part begins and ends at a multiple of this.</summary>
    public const int Unit = 256;

    private const int SubclassBits = 5;
    private const int Subclasses = 1 << SubclassBits;
    private const int Classes = 48;

    private readonly Dictionary<long, Part> _byOffset = [];
    private readonly HashSet<Part>[] _free = new HashSet<Part>[Classes * Subclasses];
    private readonly uint[] _subclassMap = new uint[Classes];
    private ulong _classMap;

    private sealed class Part(long offset, long units)
    {
        public long Offset { get; } = offset;

        public long Units { get; set; } = units;

        public bool IsFree { get; set; }

        public Part? Before { get; set; }

        public Part? After { get; set; }
    }

    /// <param name="capacityBytes">At least <see cref="Unit"/>; what exceeds a multiple of it is left out.</param>
    public OffsetAllocator(long capacityBytes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacityBytes, Unit);
        CapacityBytes = capacityBytes / Unit * Unit;
        var all = new Part(0, capacityBytes / Unit);
        _byOffset.Add(0, all);
        AddFree(all);
    }

    public long CapacityBytes { get; }

    /// <summary>Bytes of the parts that are allocated, as they were asked for and rounded up.</summary>
    public long UsedBytes { get; private set; }

    /// <summary>Bytes of a part that was asked to have <paramref name="bytes"/>.</summary>
    public static long Rounded(long bytes) => (bytes + Unit - 1) / Unit * Unit;

    /// <returns>Where the part begins; -1 if no free part is large enough.</returns>
    public long Allocate(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bytes);
        var units = Rounded(bytes) / Unit;
        if (FindFree(units) is not { } part) return -1;
        RemoveFree(part);
        if (part.Units > units) Split(part, units);
        UsedBytes += units * Unit;
        return part.Offset;
    }

    /// <summary>An allocator as it was in an earlier life.</summary>
    /// <param name="taken">What is allocated, by ascending offset.</param>
    /// <exception cref="ArgumentException">Two of them overlap, or one lies outside; parts begin at multiples of <see cref="Unit"/>.</exception>
    public static OffsetAllocator Restore(long capacityBytes, IEnumerable<(long Offset, long Bytes)> taken)
    {
        var allocator = new OffsetAllocator(capacityBytes);
        var tail = allocator._byOffset[0];
        foreach (var (offset, bytes) in taken)
        {
            var units = Rounded(bytes) / Unit;
            if (tail is null || offset < tail.Offset || offset % Unit != 0 || bytes <= 0 || offset + units * Unit > allocator.CapacityBytes)
                throw new ArgumentException($"{bytes} bytes at {offset} overlap others or lie outside of {allocator.CapacityBytes}.", nameof(taken));
            tail = allocator.TakeOfTail(tail, offset, units);
        }

        return allocator;
    }

    private Part? TakeOfTail(Part tail, long offset, long units)
    {
        RemoveFree(tail);
        if (tail.Offset < offset)
        {
            var gap = tail;
            Split(gap, (offset - gap.Offset) / Unit);
            AddFree(gap);
            tail = gap.After!;
            RemoveFree(tail);
        }

        UsedBytes += units * Unit;
        if (tail.Units == units) return null;
        Split(tail, units);
        return tail.After;
    }

    /// <exception cref="ArgumentException">No part that is allocated begins there.</exception>
    public void Free(long offset)
    {
        if (!_byOffset.TryGetValue(offset, out var part) || part.IsFree) throw new ArgumentException($"Nothing is allocated at {offset}.", nameof(offset));
        UsedBytes -= part.Units * Unit;
        if (part.After is { IsFree: true } after)
        {
            RemoveFree(after);
            Absorb(part, after);
        }

        if (part.Before is { IsFree: true } before)
        {
            RemoveFree(before);
            Absorb(before, part);
            part = before;
        }

        AddFree(part);
    }

    /// <summary>Bytes of the largest free part. Cost grows with the free parts of its class.</summary>
    public long LargestFreeBytes()
    {
        if (_classMap == 0) return 0;
        var top = BitOperations.Log2(_classMap);
        var sub = BitOperations.Log2(_subclassMap[top]);
        return _free[top * Subclasses + sub].Max(part => part.Units) * Unit;
    }

    /// <summary>Checks every count and link.</summary>
    /// <exception cref="InvalidOperationException">Says what is wrong.</exception>
    public void CheckInvariants()
    {
        var (units, used, parts) = (0L, 0L, 0);
        for (var part = _byOffset[0]; part is not null; part = part.After)
        {
            if (part.Offset != units * Unit) throw new InvalidOperationException($"A part begins at {part.Offset}, and the one before it ends at {units * Unit}.");
            if (part.IsFree && part.After is { IsFree: true }) throw new InvalidOperationException($"Two free neighbours at {part.Offset} are not merged.");
            if (part.IsFree && !_free[ClassOf(part.Units)].Contains(part)) throw new InvalidOperationException($"A free part at {part.Offset} is in no list.");
            units += part.Units;
            used += part.IsFree ? 0 : part.Units;
            parts++;
        }

        if (units * Unit != CapacityBytes) throw new InvalidOperationException($"All parts have {units * Unit} bytes of {CapacityBytes}.");
        if (used * Unit != UsedBytes) throw new InvalidOperationException($"{used * Unit} bytes are used, and {UsedBytes} counted.");
        if (parts != _byOffset.Count) throw new InvalidOperationException($"{parts} parts are linked, and {_byOffset.Count} known.");
    }

    /// <summary>A part of a higher class always fits; within its own class only some do, of which a few are tried.</summary>
    private Part? FindFree(long units)
    {
        const int tries = 8;
        var own = ClassOf(units);
        if (_free[own] is { Count: > 0 } alike)
        {
            var tried = 0;
            foreach (var part in alike)
            {
                if (part.Units >= units) return part;
                if (++tried == tries) break;
            }
        }

        var (top, sub) = (own / Subclasses, own % Subclasses);
        var subs = sub + 1 < Subclasses ? _subclassMap[top] & (uint.MaxValue << (sub + 1)) : 0;
        if (subs == 0)
        {
            var tops = top + 1 < 64 ? _classMap & (ulong.MaxValue << (top + 1)) : 0;
            if (tops == 0) return LastResort(own, units);
            top = BitOperations.TrailingZeroCount(tops);
            subs = _subclassMap[top];
        }

        return First(_free[top * Subclasses + BitOperations.TrailingZeroCount(subs)]);
    }

    private Part? LastResort(int own, long units)
    {
        if (_free[own] is not { Count: > 0 } alike) return null;
        foreach (var part in alike)
        {
            if (part.Units >= units) return part;
        }

        return null;
    }

    private static Part? First(HashSet<Part> parts)
    {
        foreach (var part in parts) return part;
        return null;
    }

    private static int ClassOf(long units)
    {
        if (units < Subclasses) return (int)units;
        var top = BitOperations.Log2((ulong)units);
        return (top - SubclassBits + 1) * Subclasses + (int)((units >> (top - SubclassBits)) & (Subclasses - 1));
    }

    private void AddFree(Part part)
    {
        part.IsFree = true;
        var index = ClassOf(part.Units);
        (_free[index] ??= []).Add(part);
        _subclassMap[index / Subclasses] |= 1u << (index % Subclasses);
        _classMap |= 1UL << (index / Subclasses);
    }

    private void RemoveFree(Part part)
    {
        part.IsFree = false;
        var index = ClassOf(part.Units);
        _free[index].Remove(part);
        if (_free[index].Count > 0) return;
        _subclassMap[index / Subclasses] &= ~(1u << (index % Subclasses));
        if (_subclassMap[index / Subclasses] == 0) _classMap &= ~(1UL << (index / Subclasses));
    }

    /// <summary>Cuts a part that is in no list; the rest of it becomes a free one.</summary>
    private void Split(Part part, long units)
    {
        var rest = new Part(part.Offset + units * Unit, part.Units - units) { Before = part, After = part.After };
        if (part.After is not null) part.After.Before = rest;
        part.After = rest;
        part.Units = units;
        _byOffset.Add(rest.Offset, rest);
        AddFree(rest);
    }

    private void Absorb(Part part, Part next)
    {
        part.Units += next.Units;
        part.After = next.After;
        if (next.After is not null) next.After.Before = part;
        _byOffset.Remove(next.Offset);
    }
}
