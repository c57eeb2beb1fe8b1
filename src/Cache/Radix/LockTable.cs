using ActorInference.Actors.Kv;

namespace ActorInference.Cache.Radix;

/// <summary>One request's hold on the path from <see cref="Node"/> to its root.</summary>
internal struct HeldPath
{
    public KvNamespaceId Space;

    /// <summary>Deepest locked node, or <see cref="RadixNode.None"/> while nothing is locked.</summary>
    public int Node;

    /// <summary>Pages from the root to the end of <see cref="Node"/>.</summary>
    public int Pages;
    public int Priority;
    public int Tag;

    /// <summary>Odd while held; a handle with another generation is an old one.</summary>
    public int Generation;
    public int NextFree;

    /// <summary>The tree was cleared meanwhile: nothing finds these nodes any more, and they go with their last lock.</summary>
    public bool Detached;
}

/// <summary>The locks of a tree. A handle is used once: unlocking by an old one is told, not obeyed.</summary>
internal sealed class LockTable
{
    private HeldPath[] _held = new HeldPath[64];
    private int _free = RadixNode.None;

    public int End { get; private set; }

    public ref HeldPath this[int slot] => ref _held[slot];

    public bool IsHeld(int slot) => (_held[slot].Generation & 1) == 1;

    public PrefixLock Take(in HeldPath path)
    {
        var slot = _free;
        if (slot == RadixNode.None)
        {
            if (End == _held.Length) Array.Resize(ref _held, _held.Length * 2);
            slot = End++;
        }
        else
        {
            _free = _held[slot].NextFree;
        }

        var generation = _held[slot].Generation + 1;
        _held[slot] = path;
        _held[slot].Generation = generation;
        return new PrefixLock(slot, generation);
    }

    /// <exception cref="InvalidOperationException">The handle is not, or no longer, one of this table.</exception>
    public ref HeldPath Get(PrefixLock held)
    {
        if (held.Slot < 0 || held.Slot >= End || _held[held.Slot].Generation != held.Generation || (held.Generation & 1) == 0)
            throw new InvalidOperationException($"Prefix lock {held.Slot}/{held.Generation} is not held; it was unlocked before, or belongs to another cache.");
        return ref _held[held.Slot];
    }

    public void Free(PrefixLock held)
    {
        ref var path = ref Get(held);
        path.Generation++;
        path.NextFree = _free;
        _free = held.Slot;
    }
}
