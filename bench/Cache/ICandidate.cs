using ActorInference.Actors.Kv;
using ActorInference.Cache.Radix;
using ActorInference.Cache.Radix.Eviction;

namespace ActorInference.Bench.Cache;

/// <summary>What is compared: one request at a time is matched, extended and unlocked. A full cache evicts the longest unused.</summary>
internal interface ICandidate
{
    /// <returns>Pages found, which stay until <see cref="Unlock"/>.</returns>
    int Match(ReadOnlySpan<int> tokens);

    /// <summary>Adds the rest of the prompt's full pages.</summary>
    /// <param name="matched">What <see cref="Match"/> returned.</param>
    void Extend(ReadOnlySpan<int> tokens, int matched);

    void Unlock();
}

/// <summary>The radix tree.</summary>
/// <param name="watcher">Told of each page that comes or goes; null for nobody.</param>
internal sealed class TreeCandidate(int capacityPages, int pageSize, string policy = "lru", IPrefixWatcher? watcher = null) : ICandidate
{
    public static readonly KvNamespaceId Space = new KvNamespace("bench", "1", KvDtype.F16).ComputeId();

    private readonly RadixTree _tree = new(
        new RadixTreeOptions { CapacityPages = capacityPages, PageSizeTokens = pageSize, HashSeed = 1, Watcher = watcher }, new NoPages(), EvictionPolicies.Create(policy));
    private readonly int[] _found = new int[16_384];
    private readonly int[] _own = new int[16_384];
    private PrefixLock _lock;

    public int Match(ReadOnlySpan<int> tokens)
    {
        var match = _tree.Match(Space, tokens, _found);
        _lock = match.Lock;
        return match.PageCount;
    }

    public void Extend(ReadOnlySpan<int> tokens, int matched) => _tree.Extend(_lock, tokens[(matched * pageSize)..], _own, _found);

    public void Unlock() => _tree.Unlock(_lock);

    private sealed class NoPages : IPageReferences
    {
        public void AddReferences(ReadOnlySpan<int> pages)
        {
        }

        public void Release(ReadOnlySpan<int> pages)
        {
        }
    }
}
