using System.Diagnostics;
using ActorInference.Actors.Kv;
namespace ActorInference.Gpu.Engine;

/// <summary>
/// Who computes, and on which pages. Sequences wait, or wait for their pages to land, or run; each list is in the order
/// of age. Admission is first come, first served; one that does not fit, or whose prompt is being computed for another,
/// lets younger ones pass, but only so many, and one that was preempted lets none. Pages are taken when they are needed; when they run out, the cache gives up its
/// unused ones, then the youngest gives its own back. The oldest therefore always comes to its end, then the next.
/// </summary>
internal sealed class Schedule(PageSupply supply, EngineOptions options, IEngineEvents events, TimeProvider time)
{
    private readonly TimeProvider _time = time;
    private double[] _worths = [];
    private readonly List<Sequence> _waiting = [];
    private readonly List<Sequence> _landing = [];
    private readonly List<Sequence> _running = [];
    private int _plannedTokens;

    public IReadOnlyList<Sequence> Waiting => _waiting;

    public IReadOnlyList<Sequence> Landing => _landing;

    /// <summary>In the order of age. Those with a <see cref="Sequence.PlannedCount"/> are in the step.</summary>
    public List<Sequence> Running => _running;

    public void Enqueue(Sequence sequence)
    {
        sequence.QueuedAt = _time.GetTimestamp();
        InsertByAge(_waiting, sequence);
    }

    /// <summary>A sequence whose pages have landed joins those that run.</summary>
    public void Join(Sequence sequence)
    {
        _landing.Remove(sequence);
        sequence.GrantedCount = 0;
        InsertByAge(_running, sequence);
    }

    /// <summary>Whether one that waits might begin with the next step.</summary>
    public bool MayAdmit => _waiting.Count > 0 && _running.Count + _landing.Count < options.MaxSequences;

    /// <summary>Takes the pages that so many more tokens of a running sequence need, of those that nobody is promised or the cache can spare.</summary>
    /// <returns>False if there are too few; it has got none then.</returns>
    public bool TryFit(Sequence sequence, int tokens)
    {
        var pages = sequence.PagesToCompute(tokens);
        if (pages == 0) return true;
        var free = SparePages() + sequence.MissingPages;
        if (free < pages) free += supply.MakeRoom(pages - free);
        return free >= pages && sequence.TryAllocate(supply.Pool, pages);
    }

    public bool IsLanding(Sequence sequence) => _landing.Contains(sequence);

    public void Remove(Sequence sequence)
    {
        if (!_running.Remove(sequence) && !_landing.Remove(sequence)) _waiting.Remove(sequence);
    }

    public void Clear()
    {
        _waiting.Clear();
        _landing.Clear();
        _running.Clear();
    }

    /// <summary>Lets those that wait begin, as far as pages and places reach.</summary>
    public void Admit()
    {
        if (_waiting.Count == 0) return;
        var spare = SparePages() - ExpectedGrowth();
        if (options.Order == AdmissionOrder.LongestPrefix) OrderByPrefix();
        var index = 0;
        while (index < _waiting.Count && _running.Count + _landing.Count < options.MaxSequences)
        {
            var sequence = _waiting[index];
            var cached = supply.Peek(sequence);
            if (!SharesWithAnother(sequence, cached) && (TryReserve(sequence, cached, PagesToAdmit(sequence), ref spare) || FitsAlone(sequence, cached, ref spare)))
            {
                _waiting.RemoveAt(index);
                Begin(sequence);
                if (CountBypass(index)) return;
                continue;
            }

            if (sequence.WasPreempted || sequence.Bypasses >= options.MaxBypasses) return;
            index++;
        }
    }

    /// <summary>Chooses the tokens of the next step: first one for each sequence in decode, then chunks of prompts.</summary>
    /// <param name="maxTokens">Tokens of the step.</param>
    /// <param name="chunk">Tokens of prompts in it.</param>
    public void Plan(int maxTokens, ChunkBudget chunk)
    {
        _plannedTokens = 0;
        foreach (var sequence in _running) sequence.Unplan();
        var suspect = _running.FindIndex(static sequence => sequence.IsSuspect);
        if (suspect >= 0 && PlanChunk(suspect, Math.Min(maxTokens, chunk.Tokens)) > 0) return;

        var decodes = 0;
        // A sequence that preempts itself leaves its place to the next, hence no step forward then.
        for (var i = 0; i < _running.Count && _plannedTokens < maxTokens;)
        {
            var sequence = _running[i];
            if (sequence.PendingCount == 1 && !sequence.IsSuspect) PlanDecode(i, maxTokens);
            if (sequence is { PlannedCount: > 0, OutputCount: > 0 }) decodes++;
            if (i < _running.Count && _running[i] == sequence) i++;
        }

        var chunkTokens = chunk.TokensBeside(decodes);
        for (var i = 0; i < _running.Count && chunkTokens > 0 && _plannedTokens < maxTokens;)
        {
            var sequence = _running[i];
            if (sequence.PendingCount > 1 && !sequence.IsSuspect)
                chunkTokens -= PlanChunk(i, Math.Min(chunkTokens, maxTokens - _plannedTokens));
            if (i < _running.Count && _running[i] == sequence) i++;
        }
    }

    /// <summary>Pages that are free and not meant for a sequence that was admitted already.</summary>
    private int SparePages()
    {
        var spare = supply.Pool.FreePages;
        foreach (var sequence in _landing) spare -= sequence.GrantedCount - sequence.PageCount;
        foreach (var sequence in _running) spare -= sequence.MissingPages;
        return spare;
    }

    /// <summary>Pages that those who were admitted will take beyond their present tokens, before they end.</summary>
    private int ExpectedGrowth()
    {
        var pages = 0;
        foreach (var sequence in _landing) pages += PagesToAdmit(sequence) - sequence.ContextPages;
        foreach (var sequence in _running) pages += PagesToAdmit(sequence) - sequence.ContextPages;
        return pages;
    }

    private int PagesToAdmit(Sequence sequence) =>
        sequence.Mode == SequenceMode.Prefill ? sequence.ContextPages : sequence.PagesAfter(options.GrowthWindowTokens);

    /// <summary>One that was preempted has waited enough, and one whose pages come from elsewhere computes nothing.</summary>
    private bool SharesWithAnother(Sequence sequence, PrefixPeek cached) =>
        supply.HasCache && sequence is { WasPreempted: false, Mode: not SequenceMode.Decode }
        && PrefixSharing.IsBeingComputed(sequence, cached.MatchedTokens, _running, supply.Pool.Layout.PageSizeTokens, options.MinSharedTokens);

    /// <summary>With nobody else here, a sequence need not leave room for growth: there is nothing to wait for.</summary>
    private bool FitsAlone(Sequence sequence, PrefixPeek cached, ref int spare)
    {
        if (_running.Count + _landing.Count > 0) return false;
        var pages = sequence.PagesAfter(sequence.Mode == SequenceMode.Prefill ? 0 : 1);
        if (!TryReserve(sequence, cached, pages, ref spare)) return false;
        spare -= PagesToAdmit(sequence) - pages;
        return true;
    }

    /// <summary>
    /// Gives a sequence what the cache has of it, and makes room for the rest by evicting others. Room is made now and not
    /// when it is used: only then is it certain, since a page that somebody outside holds does not come free.
    /// </summary>
    /// <param name="sequence">Holds nothing yet.</param>
    /// <param name="cached">What the cache has of it.</param>
    /// <param name="pages">Pages that it needs, cached ones among them.</param>
    /// <param name="spare">Free pages that are not promised; less those that it will take.</param>
    /// <returns>False if there is no room; it holds nothing then.</returns>
    private bool TryReserve(Sequence sequence, PrefixPeek cached, int pages, ref int spare)
    {
        if (pages - cached.PageCount > spare + supply.EvictablePages - cached.EvictablePages) return false;

        // Before the eviction, which might take just these.
        supply.TakeCached(sequence);
        var missing = pages - sequence.PageCount;
        if (missing > spare) spare += supply.MakeRoom(missing - spare);
        if (missing > spare)
        {
            supply.Release(sequence);
            return false;
        }

        spare -= missing;
        supply.LoadBack(sequence);
        return true;
    }

    private void Begin(Sequence sequence)
    {
        if (sequence.Mode == SequenceMode.Decode)
        {
            sequence.GrantedCount = sequence.ContextPages;
            InsertByAge(_landing, sequence);
            events.Granted(sequence.Id, sequence.GrantedCount, sequence.PageCount);
            return;
        }

        InsertByAge(_running, sequence);
        events.Started(sequence.Id, sequence.ComputedCount, sequence.Tiers);
        if (sequence.Mode != SequenceMode.Prefill || sequence.FullPages == 0 || sequence.Load is not null) return;

        // What is cached can be sent while the rest is computed.
        sequence.PublishedCount = sequence.FullPages;
        events.PagesFilled(sequence.Id, 0, sequence.Pages[..sequence.PublishedCount]);
    }

    /// <summary>
    /// Puts the longest cached prefix first, so that it is used before it is evicted. Waiting counts as cached tokens, so a
    /// sequence is overtaken only for as long as others gain more than it has waited. Preempted ones stay first.
    /// </summary>
    private void OrderByPrefix()
    {
        if (_waiting.Count < 2 || !supply.HasCache) return;
        if (_worths.Length < _waiting.Count) Array.Resize(ref _worths, 2 * _waiting.Count);
        for (var i = 0; i < _waiting.Count; i++)
        {
            var sequence = _waiting[i];
            _worths[i] = sequence.WasPreempted
                ? double.MaxValue
                : supply.Peek(sequence).MatchedTokens + _time.GetElapsedTime(sequence.QueuedAt).TotalSeconds * options.AgingTokensPerSecond;
        }

        // Insertion: stable, so that ties keep the order of arrival, and short lists are nearly in order already.
        for (var i = 1; i < _waiting.Count; i++)
        {
            var (sequence, worth, at) = (_waiting[i], _worths[i], i);
            for (; at > 0 && Precedes(sequence, worth, _waiting[at - 1], _worths[at - 1]); at--)
                (_waiting[at], _worths[at]) = (_waiting[at - 1], _worths[at - 1]);
            (_waiting[at], _worths[at]) = (sequence, worth);
        }
    }

    private static bool Precedes(Sequence sequence, double worth, Sequence other, double otherWorth) =>
        worth > otherWorth || (worth == otherWorth && sequence.Id.Value < other.Id.Value);

    /// <returns>Whether one of those passed over has been passed often enough.</returns>
    private bool CountBypass(int passedOver)
    {
        var enough = false;
        for (var i = 0; i < passedOver; i++) enough |= ++_waiting[i].Bypasses >= options.MaxBypasses;
        return enough;
    }

    /// <summary>The next token and, if the sequence wants so and there are pages to spare, some that are guessed.</summary>
    private void PlanDecode(int index, int maxTokens)
    {
        var sequence = _running[index];
        if (!TryGrow(index, tokens: 1)) return;
        var drafted = 0;
        if (sequence.Options.PromptLookupTokens > 0 && sequence.OutputCount > 0 && sequence.Mode != SequenceMode.Prefill)
        {
            drafted = sequence.Draft(maxTokens - _plannedTokens - (_running.Count - index));   // The others' next tokens come first.
            var pages = sequence.PagesToCompute(1 + drafted);
            // A guess is worth nobody's page.
            if (pages > 0 && (pages > SparePages() || !sequence.TryAllocate(supply.Pool, pages)))
            {
                sequence.DropDraft();
                drafted = 0;
            }
        }

        SetPlan(sequence, 1 + drafted);
    }

    /// <returns>Tokens planned; 0 if there are no pages.</returns>
    private int PlanChunk(int index, int maxTokens)
    {
        var sequence = _running[index];
        var tokens = Math.Min(sequence.PendingCount, maxTokens);
        var free = SparePages() + sequence.MissingPages;
        if (sequence.PagesToCompute(tokens) > free) free += supply.MakeRoom(sequence.PagesToCompute(tokens) - free);
        if (sequence.PagesToCompute(tokens) > free)
        {
            var room = (sequence.PageCount + Math.Max(0, free)) * supply.Pool.Layout.PageSizeTokens - sequence.ComputedCount;
            tokens = Math.Clamp(room, 1, tokens);
        }

        if (!TryGrow(index, tokens)) return 0;
        SetPlan(sequence, tokens);
        return tokens;
    }

    private void SetPlan(Sequence sequence, int tokens)
    {
        sequence.PlannedCount = tokens;
        _plannedTokens += tokens;
    }

    /// <summary>Gets the pages that so many more tokens need, from the cache or else the youngest if need be.</summary>
    /// <returns>False if the sequence cannot have them now; it may have lost its own as the youngest.</returns>
    private bool TryGrow(int index, int tokens)
    {
        var sequence = _running[index];
        var pages = sequence.PagesToCompute(tokens);
        while (pages > 0)
        {
            var free = SparePages() + sequence.MissingPages;
            if (free < pages) free += supply.MakeRoom(pages - free);
            if (free >= pages && sequence.TryAllocate(supply.Pool, pages)) return true;
            var victim = _running.FindLastIndex(_running.Count - 1, _running.Count - index, static s => s.IsPreemptible);
            if (victim < 0) return false;
            Preempt(victim);
            if (victim == index) return false;
        }

        return true;
    }

    /// <summary>What a sequence was given turned out to be wrong: it begins again without that.</summary>
    public void BeginAnew(Sequence sequence) => Preempt(_running.IndexOf(sequence));

    private void Preempt(int index)
    {
        var sequence = _running[index];
        _running.RemoveAt(index);
        _plannedTokens -= sequence.PlannedCount;
        supply.Release(sequence);
        sequence.OnPreempted();
        InsertByAge(_waiting, sequence);
        events.Preempted(sequence.Id);
    }

    private static void InsertByAge(List<Sequence> list, Sequence sequence)
    {
        var index = list.Count;
        while (index > 0 && list[index - 1].Id.Value > sequence.Id.Value) index--;
        Debug.Assert(index == 0 || list[index - 1] != sequence, "A sequence is in one list, once.");
        list.Insert(index, sequence);
    }
}
