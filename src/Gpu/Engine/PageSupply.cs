using ActorInference.Actors.Kv;
using ActorInference.Gpu.Kv;

namespace ActorInference.Gpu.Engine;

/// <summary>
/// Where the pages of sequences come from and go back to: the pool and, if there is one, the cache of prefixes. A
/// sequence has a reference of its own to each of its pages, cached or not; the cache's lock only keeps a page from being
/// evicted while that would free nothing.
/// </summary>
/// <param name="pool">All pages.</param>
/// <param name="cache">Of this engine alone; null for none.</param>
/// <param name="tier">Where pages are found that the pool no longer has; null for none.</param>
/// <param name="time">Measures what loading takes.</param>
/// <param name="ahead">Computes ahead of what is known, with pages that are not to come free meanwhile; null if the runner does not.</param>
/// <param name="overlapLoadBytes"><see cref="EngineOptions.OverlapLoadBytes"/>; 0 where the runner awaits no layers.</param>
internal sealed class PageSupply(
    KvPagePool pool, IPrefixCache? cache, IPageTier? tier, TimeProvider time, ISamplingRunner? ahead = null, long overlapLoadBytes = 0)
{
    private readonly TransferCost _loading = new(time);
    private int[] _cachedPages = new int[256];

    public KvPagePool Pool => pool;

    /// <summary>What a token of a prompt takes to compute, lately; 0 before the first.</summary>
    public double SecondsPerPromptToken { get; set; }

    /// <summary>Pages of a sequence that generates which the tier is told of in one step, at least 1.</summary>
    public int DecodeTierPages { get; init; } = int.MaxValue;

    public bool HasCache => cache is not null;

    /// <summary>Pages that the cache holds.</summary>
    public int CachedPages => cache?.CachedPages ?? 0;

    /// <summary>Pages that come free when the cache gives them up, unless somebody outside of the engine holds them too.</summary>
    public int EvictablePages => cache?.EvictablePages ?? 0;

    /// <summary>Tells the cache the time.</summary>
    public void Advance(TimeSpan sinceStart) => cache?.Advance((long)sinceStart.TotalMilliseconds);

    /// <summary>What the cache has of a sequence that waits.</summary>
    public PrefixPeek Peek(Sequence sequence) => Peek(sequence.Space, sequence.Tokens);

    public PrefixPeek Peek(KvNamespaceId space, ReadOnlySpan<int> tokens) => cache?.Peek(space, tokens) ?? default;

    /// <summary>Gives a sequence without pages those that the cache has of it; they count as computed.</summary>
    /// <remarks>To be undone by <see cref="Release"/>, even if there are none.</remarks>
    public void TakeCached(Sequence sequence)
    {
        if (cache is null) return;
        var match = cache.Match(sequence.Space, sequence.Tokens, sequence.PageRoom, sequence.Priority);
        pool.AddReferences(sequence.PageRoom[..match.PageCount]);
        sequence.TakeCached(match);
    }

    /// <summary>
    /// Brings the pages that follow the cached ones from the second tier, into pages that were reserved for the sequence in
    /// any case: at once, or, where there are many, while the next step computes. A page is copied in a thousandth of the time that it
    /// takes to compute (docs/performance.md); where that is not so, it is computed.
    /// </summary>
    public void LoadBack(Sequence sequence)
    {
        if (tier is null) return;
        var prompt = sequence.Tokens;
        sequence.TierMark = tier.Observe(sequence.Space, prompt);
        var (first, loadable) = (sequence.PageCount, (prompt.Length - 1) / pool.Layout.PageSizeTokens);
        if (first > 0) Tell(sequence, first);
        if (sequence.Mode == SequenceMode.Decode || loadable <= first) return;
        var keys = sequence.Keys(loadable)[first..];
        var found = tier.Find(keys);
        if (found == 0 || !_loading.IsWorth(found, found * pool.Layout.PageSizeTokens * SecondsPerPromptToken) || !sequence.TryAllocate(pool, found)) return;
        var targets = sequence.Pages.Slice(first, found);
        if (MayOverlap(found) && tier.BeginLoad(keys[..found], sequence.TierMark, pool, targets) is { } begun)
        {
            sequence.Load = begun;
            TakeLoaded(sequence, found, new TierLoad(begun.Pages, begun.StoragePages));
            return;
        }

        var started = time.GetTimestamp();
        var load = tier.Load(keys[..found], sequence.TierMark, pool, targets);
        if (load.Pages > 0) _loading.Observe(load.Pages, time.GetElapsedTime(started).TotalSeconds);
        TakeLoaded(sequence, found, load);
        Remember(sequence);
    }

    /// <summary>The step that a sequence's pages came for is over: if they are right, they are its own from now on.</summary>
    /// <returns>False if not: what was computed with them is void, and so is the sequence's state until it is <see cref="Release"/>d.</returns>
    public bool TryEndLoad(Sequence sequence)
    {
        if (sequence.Load is not { } load) return true;
        sequence.Load = null;
        var right = load.End(out var elapsed);
        if (right > 0) _loading.Observe(right, elapsed.TotalSeconds);
        return right == load.Pages;
    }

    /// <summary>
    /// Gives the cache the full pages of a sequence that it does not know yet, to be shared from now on. Where it has them
    /// already the sequence goes on with the cache's, and its own are free. The tier is told, too: of a sequence that generates as far as
    /// <see cref="DecodeTierPages"/> goes, since others wait for their next token meanwhile; of the rest with its next tokens.
    /// </summary>
    public void Remember(Sequence sequence) =>
        Remember(sequence, sequence.Mode == SequenceMode.Decode || (sequence.Mode == SequenceMode.Generate && sequence.OutputCount > 0) ? DecodeTierPages : int.MaxValue);

    /// <summary>As <see cref="Remember(Sequence)"/>, with all that the tier was not told of yet: there is no next time.</summary>
    public void RememberAll(Sequence sequence) => Remember(sequence, int.MaxValue);

    private void Remember(Sequence sequence, int mostTold)
    {
        if (sequence.Load is not null) return;   // Nobody knows yet whether they are right.
        if (cache is not null && sequence.FullPages > sequence.OfferedCount) Cache(cache, sequence);
        var untold = sequence.FullPages - sequence.ToldCount;
        if (tier is not null && untold > 0) Tell(sequence, sequence.ToldCount + Math.Min(untold, mostTold));
    }

    private void Cache(IPrefixCache cache, Sequence sequence)
    {
        sequence.OfferedCount = sequence.FullPages;
        var first = sequence.CachedCount;
        var count = sequence.FullPages - first;
        var scratch = Scratch(count);
        var insert = cache.Extend(sequence.Lock, sequence.TokensOf(first, count), sequence.Pages.Slice(first, count), scratch);
        Share(sequence, first, scratch[..insert.PresentPages]);
        sequence.CachedCount = first + insert.PresentPages + insert.InsertedPages;
    }

    /// <summary>Frees pages of the cache, the least valuable first.</summary>
    /// <returns>Pages that came free: at least as many as wanted, unless there are too few.</returns>
    public int MakeRoom(int pages)
    {
        if (cache is null || pages <= 0) return 0;
        var before = pool.FreePages;
        var freed = 0;

        // A page that somebody outside holds too does not come free, hence the loop.
        while (freed < pages && cache.Evict(pages - freed) > 0) freed = pool.FreePages - before;
        return freed;
    }

    /// <summary>Takes all pages from a sequence. What the cache has of it remains there.</summary>
    public void Release(Sequence sequence)
    {
        ahead?.Finish();
        sequence.Load?.End(out _);
        sequence.Load = null;
        if (sequence.IsLocked) cache!.Unlock(sequence.Lock);
        sequence.ReleasePages(pool);
    }

    private bool MayOverlap(int pages) => overlapLoadBytes > 0 && (long)pages * pool.Layout.PageBytes >= overlapLoadBytes;

    /// <param name="reserved">Pages that were taken for what was to come.</param>
    private void TakeLoaded(Sequence sequence, int reserved, TierLoad load)
    {
        if (load.Pages < reserved) sequence.GiveBack(pool, reserved - load.Pages);
        sequence.ComputedCount = sequence.PageCount * pool.Layout.PageSizeTokens;
        sequence.ToldCount = sequence.PageCount;
        var storage = load.StoragePages * pool.Layout.PageSizeTokens;
        sequence.Tiers = new TierTokens(load.Pages * pool.Layout.PageSizeTokens - storage, storage);
    }

    private void Tell(Sequence sequence, int pages)
    {
        var first = sequence.ToldCount;
        sequence.ToldCount = pages;
        tier!.Offer(sequence.Space, sequence.Keys(pages), first, sequence.TierMark, pool, sequence.Pages[first..pages]);
    }

    private void Share(Sequence sequence, int first, ReadOnlySpan<int> cachedPages)
    {
        if (cachedPages.IsEmpty) return;
        ahead?.Finish();
        pool.AddReferences(cachedPages);
        pool.Release(sequence.Pages.Slice(first, cachedPages.Length));
        sequence.Replace(first, cachedPages);
    }

    private Span<int> Scratch(int pages)
    {
        if (_cachedPages.Length < pages) _cachedPages = new int[2 * pages];
        return _cachedPages.AsSpan(0, pages);
    }
}
