using ActorInference.Actors.Kv;

namespace ActorInference.Cache.Tiers;

/// <summary>Remembers roughly which keys were seen: a table of their low bits, newer ones in the place of older.</summary>
internal sealed class SightingFilter
{
    private const int Slots = 1 << 16;

    private readonly ulong[] _seen = new ulong[Slots];

    /// <returns>Whether the key was not seen lately; it is from now on.</returns>
    public bool IsFirst(KvPageKey key)
    {
        ref var slot = ref _seen[key.High & (Slots - 1)];
        if (slot == key.Low) return false;
        slot = key.Low;
        return true;
    }

    public void Clear() => Array.Clear(_seen);
}
