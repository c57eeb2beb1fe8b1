namespace ActorInference.Actors.Kv;

/// <summary>
/// Full pages of sequences beyond the device's own pool, by their keys: the second tier, as an engine sees it. Thread-safe,
/// since the workers of one process share it; nothing allocates on its hot paths.
/// </summary>
public interface IPageTier
{
    /// <summary>Tells of a request before its pages are asked for, so that the tier learns what is used.</summary>
    /// <param name="tokens">The whole prompt.</param>
    /// <returns>A mark to be given with the request's pages.</returns>
    int Observe(KvNamespaceId space, ReadOnlySpan<int> tokens);

    /// <summary>How many of the first keys are here. They may go again before they are loaded.</summary>
    int Find(ReadOnlySpan<KvPageKey> keys);

    /// <summary>Copies pages into a pool and checks them; one that fails its checksum is forgotten, and is a miss.</summary>
    /// <param name="into">Of the same layout.</param>
    /// <param name="pages">A page for each key, which the caller holds. Shape <c>[keys]</c>.</param>
    /// <returns>The first pages have their bytes; those of the others are undefined.</returns>
    TierLoad Load(ReadOnlySpan<KvPageKey> keys, int mark, IPageMemory into, ReadOnlySpan<int> pages);

    /// <summary>As <see cref="Load"/>, but returns at once: the pages come while the caller computes.</summary>
    /// <returns>Null if there are none, or the tier or their layout does not allow it.</returns>
    IPageLoad? BeginLoad(ReadOnlySpan<KvPageKey> keys, int mark, IPageMemory into, ReadOnlySpan<int> pages) => null;

    /// <summary>
    /// Tells of full pages in a pool, computed or used again. The tier's write policy says whether it copies them, and when.
    /// </summary>
    /// <param name="space">Namespace of the keys.</param>
    /// <param name="keys">Of all the sequence's pages up to the last one told of.</param>
    /// <param name="first">Which of them are told of: those from this one on.</param>
    /// <param name="from">Where they are.</param>
    /// <param name="pages">Held by the caller; valid during the call. Shape <c>[keys - first]</c>.</param>
    void Offer(KvNamespaceId space, ReadOnlySpan<KvPageKey> keys, int first, int mark, IPageMemory from, ReadOnlySpan<int> pages);

    /// <summary>Forgets all pages but those that are being copied now.</summary>
    void Clear();
}

/// <summary>What a tier loaded.</summary>
/// <param name="Pages">Leading pages whose bytes have landed.</param>
/// <param name="StoragePages">Those of them that had come from the storage tier for this request.</param>
public readonly record struct TierLoad(int Pages, int StoragePages);

/// <summary>Prompt tokens that were found beyond the device's pool.</summary>
/// <param name="Host">In host memory.</param>
/// <param name="Storage">In the storage tier.</param>
public readonly record struct TierTokens(int Host, int Storage);

/// <summary>Brings pages nearer while a request waits.</summary>
public interface IPagePrefetch
{
    /// <summary>Whether the storage tier is asked, and written to.</summary>
    bool IsAttached { get; }

    /// <summary>Attaches the storage tier that the process knows, or detaches it; what is under way ends.</summary>
    /// <returns>False if the process knows of none.</returns>
    bool TrySetAttached(bool isAttached);

    /// <summary>Begins to bring the pages of a prompt from the storage tier into host memory.</summary>
    /// <param name="tokens">The whole prompt.</param>
    /// <param name="cachedTokens">Of it, on the device already.</param>
    /// <param name="secondsPerToken">What computing a token of a prompt takes here; 0 if that is not known yet.</param>
    /// <returns>
    /// Ends when it is no longer worth waiting: the pages have come, there are none, or a deadline has passed; never fails.
    /// Null if there is nothing to wait for.
    /// </returns>
    Task? Begin(KvNamespaceId space, ReadOnlyMemory<int> tokens, int cachedTokens, double secondsPerToken);
}
