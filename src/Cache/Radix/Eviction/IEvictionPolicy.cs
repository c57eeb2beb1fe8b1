using ActorInference.Actors.Kv;

namespace ActorInference.Cache.Radix.Eviction;

/// <summary>
/// Says which leaf of one tree goes next. It knows exactly the leaves that may go: unlocked nodes without children.
/// Single owner, as the tree.
/// </summary>
public interface IEvictionPolicy
{
    /// <summary>Leaves that may go.</summary>
    int Count { get; }

    /// <summary>Whether a leaf is evicted whole, as RadixAttention does, instead of page by page from its end.</summary>
    bool TakesWholeLeaves { get; }

    /// <summary>Tells of a request before its prefix is matched.</summary>
    /// <returns>A mark that comes back in <see cref="PrefixUse.Tag"/> of the nodes it uses.</returns>
    int OnRequest(in PrefixRequest request) => 0;

    /// <summary>A node became a leaf that may go.</summary>
    void Enter(int node, in PrefixUse use);

    /// <summary>It may not go any more, or is gone.</summary>
    void Leave(int node);

    /// <returns>The least valuable leaf, which stays known; -1 if there is none.</returns>
    int Victim(long timeMs);

    /// <summary>How many pages of the victim may go before the policy is asked again, at least 1.</summary>
    int VictimPages(int node) => int.MaxValue;

    /// <summary>Pages went from the end of a leaf that stays.</summary>
    void Shrink(int node, in PrefixUse use)
    {
    }
}

/// <summary>What is known of a leaf's use.</summary>
/// <param name="LastUse">Tick of its last use; no two leaves have the same.</param>
/// <param name="LastUseMs">Time of its last use, as told to <see cref="IPrefixCache.Advance"/>.</param>
/// <param name="Hits">Requests that used it, its first one among them.</param>
/// <param name="Priority">Highest of theirs.</param>
/// <param name="Tag">What <see cref="IEvictionPolicy.OnRequest"/> said of the last of them.</param>
/// <param name="Depth">Pages from the root to its end.</param>
public readonly record struct PrefixUse(long LastUse, long LastUseMs, int Hits, int Priority, int Tag, int Depth = 0);

/// <summary>A request as a policy sees it.</summary>
public readonly ref struct PrefixRequest(KvNamespaceId space, ReadOnlySpan<int> tokens, int pageSizeTokens, long timeMs, int cachedPages, int capacityPages)
{
    public KvNamespaceId Space { get; } = space;

    /// <summary>Tokens of its full pages.</summary>
    public ReadOnlySpan<int> Tokens { get; } = tokens;

    public int PageSizeTokens { get; } = pageSizeTokens;

    public long TimeMs { get; } = timeMs;

    /// <summary>Pages that the cache holds now.</summary>
    public int CachedPages { get; } = cachedPages;

    /// <summary>Pages that it may hold.</summary>
    public int CapacityPages { get; } = capacityPages;

    /// <summary>For each full page, a hash of it with all before it, where several want them (<see cref="HashPages"/>); else empty.</summary>
    public ReadOnlySpan<ulong> PageHashes { get; private init; }

    /// <summary>The request with its pages hashed.</summary>
    /// <param name="hashes">Where they are put; made longer where that is needed.</param>
    internal PrefixRequest HashPages(ref ulong[] hashes)
    {
        var count = Tokens.Length / PageSizeTokens;
        if (count > hashes.Length) hashes = new ulong[count * 2];
        var hash = FirstHash;
        for (var i = 0; i < count; i++) hashes[i] = hash = NextHash(hash, i);
        return new PrefixRequest(Space, Tokens, PageSizeTokens, TimeMs, CachedPages, CapacityPages) { PageHashes = hashes.AsSpan(0, count) };
    }

    /// <summary>Hash of nothing.</summary>
    internal ulong FirstHash => Space.High ^ Space.Low;

    /// <param name="hash">Of all before a page.</param>
    /// <returns>With the page.</returns>
    internal ulong NextHash(ulong hash, int page) => TokenHash.Of(hash, Tokens.Slice(page * PageSizeTokens, PageSizeTokens));
}
