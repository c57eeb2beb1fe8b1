using ActorInference.Actors.Kv;

namespace ActorInference.Cache.Tiers;

/// <summary>The keys of pages in device pools, for when they are given up. Not thread-safe.</summary>
internal sealed class DeviceNames
{
    private readonly Dictionary<KvPoolId, Name[]> _names = [];

    public readonly record struct Name(KvNamespaceId Space, KvPageKey Key, KvPageKey Previous, int Index, int Mark, int Generation);

    public void Remember(IPageMemory memory, KvNamespaceId space, ReadOnlySpan<KvPageKey> keys, int first, int mark, ReadOnlySpan<int> pages)
    {
        if (!_names.TryGetValue(memory.Id, out var names)) _names[memory.Id] = names = new Name[memory.CapacityPages];
        for (var i = first; i < keys.Length; i++)
            names[pages[i - first]] = new Name(space, keys[i], i == 0 ? default : keys[i - 1], i, mark, memory.Generation(pages[i - first]));
    }

    /// <returns>False if the page has no name, or was another one then.</returns>
    public bool TryForget(IPageMemory memory, int page, out Name name)
    {
        name = default;
        if (!_names.TryGetValue(memory.Id, out var names) || names[page].Key == default) return false;
        name = names[page];
        names[page] = default;
        return memory.Generation(page) == name.Generation;
    }

    public void Clear()
    {
        foreach (var names in _names.Values) Array.Clear(names);
    }
}

/// <summary>A device pool's references for a cache whose given-up pages go to host memory.</summary>
/// <param name="pool">The device's.</param>
/// <param name="host">Where they go.</param>
public sealed class DemotingReferences(IPageMemory pool, HostPool host) : IPageReferences
{
    public void AddReferences(ReadOnlySpan<int> pages) => pool.AddReferences(pages);

    public void Release(ReadOnlySpan<int> pages)
    {
        host.Demote(pool, pages);
        pool.Release(pages);
    }
}
