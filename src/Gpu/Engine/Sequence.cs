using ActorInference.Actors.Generation;
using ActorInference.Actors.Kv;
using ActorInference.Gpu.Kv;
using ActorInference.Gpu.Sampling;

namespace ActorInference.Gpu.Engine;

/// <summary>One sequence's tokens and pages. Room for all of them is taken at the start.</summary>
internal sealed class Sequence
{
    private readonly int[] _tokens;
    private KvPageKey[] _keys = [];
    private int _keyCount;
    private readonly int[] _pages;
    private readonly int _promptCount;
    private readonly KvPageLayout _layout;
    private int _draftLimit;

    /// <param name="maxTokens">Tokens that the sequence may have at most.</param>
    public Sequence(SequenceId id, SequenceSpec spec, KvPageLayout layout, int maxTokens)
    {
        (Id, Mode, Options, _layout) = (id, spec.Mode, spec.Sampling, layout);
        (Space, Priority) = (spec.Space, spec.Priority);
        _promptCount = spec.PromptIds.Length;
        MaxTokens = Math.Min(maxTokens, (int)Math.Min((long)_promptCount + Options.MaxNewTokens, int.MaxValue));
        _tokens = new int[MaxTokens];
        _pages = new int[layout.PagesFor(MaxTokens)];
        spec.PromptIds.CopyTo(_tokens);
        spec.OutputIds.CopyTo(_tokens, _promptCount);
        TokenCount = _promptCount + spec.OutputIds.Length;
        _draftLimit = Options.PromptLookupTokens;
        Sampler = new SamplerState(Options, spec.PromptIds.AsSpan(), spec.OutputIds.AsSpan(), spec.Constraint);
    }

    public SequenceId Id { get; }

    public SequenceMode Mode { get; private set; }

    public KvNamespaceId Space { get; }

    /// <summary>What the second tier said of this request.</summary>
    public int TierMark { get; set; }

    /// <summary>Prompt tokens that came from beyond the device's pool.</summary>
    public TierTokens Tiers { get; set; }

    /// <summary>Brings some of its pages; they count as computed, and are nobody else's before it has ended. Null for none.</summary>
    public IPageLoad? Load { get; set; }

    /// <summary>Leading pages that the second tier was told of.</summary>
    public int ToldCount { get; set; }

    public int Priority { get; }

    public SamplingOptions Options { get; }

    public SamplerState Sampler { get; }

    /// <summary>Tokens, prompt and output, that the sequence will have at most.</summary>
    public int MaxTokens { get; }

    public int TokenCount { get; private set; }

    public int OutputCount => TokenCount - _promptCount;

    /// <summary>Tokens whose keys and values are in the pages.</summary>
    public int ComputedCount { get; set; }

    /// <summary>Tokens that the next steps have to compute; 1 in decode.</summary>
    public int PendingCount => TokenCount - ComputedCount;

    public int PageCount { get; private set; }

    /// <summary>The cache's lock on the first <see cref="CachedCount"/> pages, if <see cref="IsLocked"/>.</summary>
    public PrefixLock Lock { get; set; }

    public bool IsLocked => Lock != PrefixLock.None;

    /// <summary>Leading pages that the cache holds too.</summary>
    public int CachedCount { get; set; }

    /// <summary>Leading pages that the cache was offered; more than it holds if it is full.</summary>
    public int OfferedCount { get; set; }

    /// <summary>Pages that were reported as filled.</summary>
    public int PublishedCount { get; set; }

    /// <summary>Pages that wait for a sequence whose pages come from elsewhere.</summary>
    public int GrantedCount { get; set; }

    /// <summary>Tokens that the step in progress computes, those that are guessed among them.</summary>
    public int PlannedCount { get; set; }

    /// <summary>Those of them that are guessed: they follow the present tokens.</summary>
    public int DraftCount { get; private set; }

    /// <summary>When it began to wait.</summary>
    public long QueuedAt { get; set; }

    /// <summary>Younger sequences that were admitted before this one.</summary>
    public int Bypasses { get; set; }

    public bool WasPreempted { get; private set; }

    /// <summary>It is the engine's no more.</summary>
    public bool HasEnded { get; set; }

    /// <summary>It was in a batch that the runner refused, and runs alone until it is cleared.</summary>
    public bool IsSuspect { get; set; }

    /// <summary>Whether its pages may be taken away: not once others were told of them.</summary>
    public bool IsPreemptible => Mode != SequenceMode.Prefill || PublishedCount == 0;

    public ReadOnlySpan<int> Tokens => _tokens.AsSpan(0, TokenCount);

    public ReadOnlySpan<int> Pages => _pages.AsSpan(0, PageCount);

    /// <summary>Where the numbers of its pages are kept.</summary>
    public Span<int> PageRoom => _pages;

    public ReadOnlySpan<int> PlannedTokens => _tokens.AsSpan(ComputedCount, PlannedCount);

    /// <summary>Pages that all present tokens need.</summary>
    public int ContextPages => _layout.PagesFor(TokenCount);

    /// <summary>Pages still missing for the present tokens.</summary>
    public int MissingPages => Math.Max(0, ContextPages - PageCount);

    /// <summary>Pages that it will have once it has grown by so many tokens, or by all that it may.</summary>
    public int PagesAfter(int tokens) => _layout.PagesFor((int)Math.Min((long)TokenCount + tokens, MaxTokens));

    /// <summary>Pages missing for so many more computed tokens.</summary>
    public int PagesToCompute(int tokens) => Math.Max(0, _layout.PagesFor(ComputedCount + tokens) - PageCount);

    /// <summary>Full pages, as far as computed.</summary>
    public int FullPages => ComputedCount / _layout.PageSizeTokens;

    /// <summary>Keys of the first pages, which its tokens fill; computed once.</summary>
    public ReadOnlySpan<KvPageKey> Keys(int pages)
    {
        if (_keys.Length < pages) Array.Resize(ref _keys, Math.Max(pages, _layout.PagesFor(MaxTokens)));
        for (; _keyCount < pages; _keyCount++)
            _keys[_keyCount] = KvPageKey.Of(Space, _keyCount == 0 ? default : _keys[_keyCount - 1], TokensOf(_keyCount, 1));
        return _keys.AsSpan(0, pages);
    }

    public void Append(int token)
    {
        _tokens[TokenCount++] = token;
        Sampler.Observe(token);
    }

    /// <summary>Guesses the next tokens, at most so many, for the step that is being planned.</summary>
    /// <param name="room">Tokens that the step has room for, beside the one that is certain.</param>
    /// <returns>How many.</returns>
    public int Draft(int room)
    {
        var limit = Math.Min(Math.Min(_draftLimit, room), MaxTokens - TokenCount - 1);
        return DraftCount = limit <= 0 ? 0 : PromptLookup.Find(Tokens, _tokens.AsSpan(TokenCount, limit));
    }

    /// <summary>Guesses nothing after all.</summary>
    public void DropDraft() => DraftCount = 0;

    /// <summary>Computes nothing in the next step, so far.</summary>
    public void Unplan() => PlannedCount = DraftCount = 0;

    /// <summary>A guessed token, until others take its place.</summary>
    public int DraftToken(int index) => _tokens[TokenCount + index];

    /// <summary>Learns how far to guess: twice as far after a guess that was right to its end, half as far after one that was wrong at once.</summary>
    public void ObserveDraft(int drafted, int accepted)
    {
        DraftCount = 0;
        if (accepted == drafted) _draftLimit = Math.Min(2 * _draftLimit, Options.PromptLookupTokens);
        else if (accepted == 0) _draftLimit = Math.Max(1, _draftLimit / 2);
    }

    /// <summary>Gives back the last pages, which nothing was written to.</summary>
    public void GiveBack(KvPagePool pool, int pages)
    {
        PageCount -= pages;
        pool.Release(_pages.AsSpan(PageCount, pages));
    }

    public bool TryAllocate(KvPagePool pool, int pages)
    {
        if (!pool.TryAllocate(_pages.AsSpan(PageCount, pages))) return false;
        PageCount += pages;
        return true;
    }

    /// <summary>Takes over pages that the caller holds.</summary>
    public void Take(ReadOnlySpan<int> pages)
    {
        pages.CopyTo(_pages.AsSpan(PageCount));
        PageCount += pages.Length;
    }

    /// <summary>Begins with pages of the cache, which are in <see cref="PageRoom"/> and hold a reference for it.</summary>
    public void TakeCached(in PrefixMatch match)
    {
        (Lock, ComputedCount) = (match.Lock, match.MatchedTokens);
        CachedCount = OfferedCount = PageCount = match.PageCount;
    }

    /// <summary>Goes on with other pages of the same content.</summary>
    public void Replace(int firstPage, ReadOnlySpan<int> pages) => pages.CopyTo(_pages.AsSpan(firstPage));

    /// <summary>Tokens of so many full pages.</summary>
    public ReadOnlySpan<int> TokensOf(int firstPage, int pages) =>
        _tokens.AsSpan(firstPage * _layout.PageSizeTokens, pages * _layout.PageSizeTokens);

    public void ReleasePages(KvPagePool pool)
    {
        var count = PageCount;
        PageCount = 0;
        ComputedCount = PublishedCount = PlannedCount = DraftCount = CachedCount = OfferedCount = ToldCount = 0;
        Tiers = default;
        Lock = PrefixLock.None;
        pool.Release(_pages.AsSpan(0, count));
    }

    /// <summary>Its pages were given back; everything that is not cached is computed again, here.</summary>
    public void OnPreempted()
    {
        WasPreempted = true;
        if (Mode == SequenceMode.Decode) Mode = SequenceMode.Generate;
    }
}
