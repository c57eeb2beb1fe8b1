using ActorInference.Actors.Protocols;

namespace ActorInference.Cache.Store;

/// <summary>
/// Copies in stores' memory of which it is remembered for a while that they were given up: a store may have told of them just before it heard
/// of that. Whoever is believed later than that names a slot which has another page by then, and a reader sees so.
/// </summary>
internal sealed class FreedCopies
{
    /// <summary>At most so many are remembered, and at least half of them.</summary>
    public const int Most = 65_536;

    /// <summary>A message is under way for far less than this. What was given up is remembered for once to twice as long.</summary>
    public static readonly TimeSpan Memory = TimeSpan.FromSeconds(15);

    private HashSet<(Guid Epoch, CacheStoreProtocol.SlotUse Slot)> _young = [];
    private HashSet<(Guid Epoch, CacheStoreProtocol.SlotUse Slot)> _old = [];
    private long _turnedMs;

    public int Count => _young.Count + _old.Count;

    public void Add(in CacheShardProtocol.Replica replica)
    {
        if (_young.Count >= Most / 2) Turn();
        _young.Add(NameOf(replica));
    }

    public bool Contains(in CacheShardProtocol.Replica replica) => _young.Contains(NameOf(replica)) || _old.Contains(NameOf(replica));

    /// <summary>Forgets what was given up long ago.</summary>
    public void Advance(long nowMs)
    {
        if (nowMs - _turnedMs < Memory.TotalMilliseconds) return;
        _turnedMs = nowMs;
        Turn();
    }

    /// <summary>Each life of a store's memory has an epoch of its own, so the store need not be named.</summary>
    private static (Guid Epoch, CacheStoreProtocol.SlotUse Slot) NameOf(in CacheShardProtocol.Replica replica) =>
        (replica.Epoch, new CacheStoreProtocol.SlotUse(replica.Slot, replica.Generation));

    private void Turn()
    {
        (_young, _old) = (_old, _young);
        _young.Clear();
    }
}
