namespace ActorInference.Actors.Kv;

/// <summary>
/// Remembers which KV pages hold which prefixes, so that nobody computes them twice. One owner, no thread safety, no
/// I/O; nothing but growth of its tables allocates.
/// </summary>
/// <remarks>
/// A request's way: <see cref="Match"/> when it is scheduled, <see cref="Extend"/> after each prefilled chunk and as
/// generated pages fill, <see cref="Unlock"/> when it ends. The lock keeps the covered pages from eviction; who hands
/// such a page to somebody else takes a reference of his own.
/// </remarks>
public interface IPrefixCache
{
    /// <summary>Tokens in a page.</summary>
    int PageSizeTokens { get; }

    /// <summary>Pages that the cache holds a reference to.</summary>
    int CachedPages { get; }

    /// <summary>Those of them that no lock covers, and that <see cref="Evict"/> could free now.</summary>
    int EvictablePages { get; }

    /// <summary>Tells the time, for policies that weigh age. Order of use does not depend on it.</summary>
    /// <param name="timeMs">Milliseconds since any fixed moment; a value below an earlier one is ignored.</param>
    void Advance(long timeMs);

    /// <summary>
    /// Finds the longest cached prefix and locks it. At least the last token is left to compute, because its logits are
    /// wanted.
    /// </summary>
    /// <param name="space">Only prefixes inserted under the same namespace match.</param>
    /// <param name="tokens">The whole prompt. Shape <c>[promptTokens]</c>.</param>
    /// <param name="pages">Receives the matched pages in token order; at least <c>(promptTokens - 1) / pageSize</c> long.</param>
    /// <param name="priority">Of the request; the policy <c>priority</c> keeps pages of higher ones longer.</param>
    /// <exception cref="ArgumentException"><paramref name="pages"/> is too short; nothing has changed.</exception>
    PrefixMatch Match(KvNamespaceId space, ReadOnlySpan<int> tokens, Span<int> pages, int priority = 0);

    /// <summary>What <see cref="Match"/> would find now. Changes nothing, not even what is evicted next.</summary>
    PrefixPeek Peek(KvNamespaceId space, ReadOnlySpan<int> tokens);

    /// <summary>Adds the pages that follow a locked prefix, and extends the lock over them.</summary>
    /// <param name="held">The request's lock; it stays the same handle.</param>
    /// <param name="tokens">
    /// Tokens after the locked ones (<see cref="PrefixMatch.MatchedTokens"/>, later <see cref="PrefixInsert.LockedTokens"/>).
    /// A tail that fills no page is left out.
    /// </param>
    /// <param name="pages">The caller's page of each full page of <paramref name="tokens"/>, held by him. Shape <c>[tokens / pageSize]</c> or longer.</param>
    /// <param name="cachedPages">
    /// Receives the cache's pages of the present part. Same shape as <paramref name="pages"/>. Where it differs, the
    /// caller goes on with the cache's page and releases his own. May be the same memory as <paramref name="pages"/>.
    /// </param>
    /// <returns>Fewer inserted pages than offered if the cache is full of locked ones, or was cleared since the match.</returns>
    /// <exception cref="InvalidOperationException">
    /// The lock was unlocked already, and nothing has changed; or somebody does not hold a page that he offers, and the lock
    /// covers the present part only.
    /// </exception>
    /// <remarks>A full cache evicts to make room.</remarks>
    /// <exception cref="ArgumentException">A span is too short; nothing has changed.</exception>
    PrefixInsert Extend(PrefixLock held, ReadOnlySpan<int> tokens, ReadOnlySpan<int> pages, Span<int> cachedPages);

    /// <summary>Adds the full pages of a whole sequence without a lock, as for pages that came from elsewhere.</summary>
    /// <inheritdoc cref="Extend" path="/param[@name='pages' or @name='cachedPages']"/>
    PrefixInsert Insert(
        KvNamespaceId space, ReadOnlySpan<int> tokens, ReadOnlySpan<int> pages, Span<int> cachedPages, int priority = 0);

    /// <summary>Ends a request's hold; its pages may be evicted from now on.</summary>
    /// <exception cref="InvalidOperationException">The lock was unlocked already.</exception>
    void Unlock(PrefixLock held);

    /// <summary>Frees unlocked pages, least valuable first, a page never before those that continue it.</summary>
    /// <param name="pages">How many are wanted.</param>
    /// <returns>Pages freed: at least as many as wanted, unless there are too few.</returns>
    int Evict(int pages);

    /// <summary>
    /// Forgets everything: nothing matches from now on. Pages under a lock are released when their last lock goes.
    /// </summary>
    void Clear();

    /// <summary>Checks every count and link; for tests and idle times. Cost grows with the cached pages.</summary>
    /// <exception cref="InvalidOperationException">Says what is wrong.</exception>
    void CheckInvariants();
}
