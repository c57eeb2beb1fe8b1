namespace ActorInference.Actors.Kv;

/// <summary>
/// Keeps the pages of one request's prefix in an <see cref="IPrefixCache"/> until it is unlocked, exactly once.
/// The default value is no lock.
/// </summary>
public readonly record struct PrefixLock(int Slot, int Generation)
{
    public static PrefixLock None => default;
}

/// <summary>What a cache holds of a prompt.</summary>
/// <param name="MatchedTokens">Leading tokens whose keys and values are cached; a multiple of the page size.</param>
/// <param name="PageCount">Pages that hold them, written to the caller's span.</param>
/// <param name="Lock">To be unlocked when the request ends, even if nothing matched.</param>
public readonly record struct PrefixMatch(int MatchedTokens, int PageCount, PrefixLock Lock);

/// <summary>What a cache would find of a prompt now.</summary>
/// <param name="MatchedTokens">As in <see cref="PrefixMatch"/>.</param>
/// <param name="PageCount">Pages that hold them.</param>
/// <param name="EvictablePages">Of those pages, the ones that no lock covers: a match takes them out of <see cref="IPrefixCache.EvictablePages"/>.</param>
public readonly record struct PrefixPeek(int MatchedTokens, int PageCount, int EvictablePages);

/// <summary>What an insertion did with the caller's full pages: <c>[present | inserted | left out]</c>, in this order.</summary>
/// <param name="PresentPages">Leading pages whose tokens were cached before; the caller's own copies are duplicates.</param>
/// <param name="InsertedPages">Pages after those that the cache took in, with a reference of its own to each.</param>
/// <param name="LockedTokens">Tokens from the prompt's start that the request's lock now covers; 0 without a lock.</param>
public readonly record struct PrefixInsert(int PresentPages, int InsertedPages, int LockedTokens);
