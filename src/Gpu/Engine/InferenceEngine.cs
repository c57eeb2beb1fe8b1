using ActorInference.Actors.Generation;
using ActorInference.Actors.Kv;
using ActorInference.Actors.Supervision;
using ActorInference.Gpu.Sampling;

namespace ActorInference.Gpu.Engine;

/// <summary>
/// Continuous batching over one model: sequences join and leave between steps, each step computes the next token of those
/// in decode and a chunk of the prompts of others. One caller at a time. A step allocates nothing unless a sequence asks
/// for log-probabilities.
/// </summary>
public sealed partial class InferenceEngine
{
    private readonly IModelRunner _runner;
    private readonly IEngineEvents _events;
    private readonly TimeProvider _time;
    private readonly Sampler _sampler;
    private readonly PageSupply _supply;
    private readonly Schedule _schedule;
    private readonly ChunkBudget _chunk;
    private readonly ISamplingRunner? _sampling;
    private readonly StepAhead _ahead;
    private ForwardBatch _batch = new();
    private readonly List<Sequence> _step = [];
    private readonly Dictionary<SequenceId, Sequence> _sequences = [];
    private readonly int _maxStepTokens;
    private readonly long _created;
    private long _lastId;

    /// <param name="runner">The model; the engine is its only caller while it lives, and does not dispose it.</param>
    /// <param name="options">Checked.</param>
    /// <param name="events">Told of everything that happens.</param>
    /// <param name="time">Measures steps.</param>
    /// <param name="cache">
    /// Remembers the pages of sequences for later ones with the same beginning; null for none. It holds pages of the
    /// runner's pool, and the engine is its only user while it lives. Its pages remain when all sequences are gone, until
    /// they are evicted or its owner clears it.
    /// </param>
    /// <param name="tier">Where full pages go, and are found when the cache no longer has them; null for none.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    /// <exception cref="ArgumentException">The cache has pages of another size.</exception>
    public InferenceEngine(IModelRunner runner, EngineOptions options, IEngineEvents events, TimeProvider time, IPrefixCache? cache = null, IPageTier? tier = null)
    {
        options.Check();
        var pageSize = runner.Pages.Layout.PageSizeTokens;
        if (cache is not null && cache.PageSizeTokens != pageSize)
            throw new ArgumentException($"The cache has pages of {cache.PageSizeTokens} tokens; the runner has {pageSize}.", nameof(cache));
        (_runner, _events, _time) = (runner, events, time);
        _sampler = new Sampler(runner.VocabSize, options.EndTokenIds);
        _created = time.GetTimestamp();
        _sampling = runner as ISamplingRunner;
        // What a step launched ahead computes with is there: none is while pages come. But they come in time only for a runner that awaits layers.
        var overlapBytes = _sampling is null || runner.AwaitsLayers ? options.OverlapLoadBytes : 0;
        _supply = new PageSupply(runner.Pages, cache, tier, time, _sampling, overlapBytes)
        {
            SecondsPerPromptToken = options.SecondsPerPromptToken,
            DecodeTierPages = options.TierBytesPerStep == 0 ? int.MaxValue : (int)Math.Max(1, options.TierBytesPerStep / runner.Pages.Layout.PageBytes),
        };
        _schedule = new Schedule(_supply, options, events, time);
        _ahead = new StepAhead(_sampling, _schedule);
        _maxStepTokens = Math.Min(options.MaxStepTokens, runner.MaxBatchTokens);
        _chunk = new ChunkBudget(options.StepTarget, options.StepStretch, _maxStepTokens, pageSize);
        var pooledTokens = (long)runner.Pages.CapacityPages * pageSize;
        MaxSequenceTokens = (int)Math.Min(runner.MaxContextTokens, pooledTokens);
    }

    /// <summary>Tokens, prompt and output, that one sequence may have.</summary>
    public int MaxSequenceTokens { get; }

    /// <summary>What a token of a prompt takes to compute, lately; before the first what the options say.</summary>
    public double SecondsPerPromptToken => _supply.SecondsPerPromptToken;

    /// <summary>Of a prompt, what the cache has.</summary>
    public int CachedTokens(KvNamespaceId space, ReadOnlySpan<int> tokens) => _supply.Peek(space, tokens).MatchedTokens;

    /// <summary>Whether a step may find something to do. Sequences whose pages are expected are not counted.</summary>
    public bool HasWork => _schedule.Running.Count + _schedule.Waiting.Count > 0;

    /// <summary>Steps that were launched before the tokens of those before them were read.</summary>
    public long StepsAhead => _ahead.LaunchedCount;

    /// <summary>When the runner had computed the last step, by the engine's time provider; what is chosen of it, and told, comes after.</summary>
    public long ComputedAt { get; private set; }

    /// <summary>Whether there is no sequence at all.</summary>
    public bool IsEmpty => _sequences.Count == 0;

    public EngineLoad Load
    {
        get
        {
            var (pendingTokens, heldPages) = (0, 0);
            foreach (var sequence in _sequences.Values)
            {
                pendingTokens += sequence.Mode == SequenceMode.Decode ? 0 : Math.Max(0, sequence.PendingCount - 1);
                heldPages += sequence.PageCount;
            }

            return new EngineLoad(
                _schedule.Running.Count, _schedule.Landing.Count, _schedule.Waiting.Count, pendingTokens, heldPages,
                _supply.CachedPages, _supply.EvictablePages);
        }
    }

    /// <summary>Whether a sequence waits for pages that another engine sends.</summary>
    public bool IsLanding(SequenceId id) => _sequences.TryGetValue(id, out var sequence) && _schedule.IsLanding(sequence);

    /// <summary>Adds a sequence; it begins with one of the next steps.</summary>
    /// <exception cref="ArgumentException">It can never run here. Nothing has changed.</exception>
    public SequenceId Add(SequenceSpec spec)
    {
        Check(spec);
        var sequence = new Sequence(new SequenceId(++_lastId), spec, _runner.Pages.Layout, MaxSequenceTokens);
        _sequences.Add(sequence.Id, sequence);
        _schedule.Enqueue(sequence);
        return sequence.Id;
    }

    /// <summary>Takes over pages for a <see cref="SequenceMode.Decode"/> sequence, with one reference of each.</summary>
    /// <param name="firstPage">
    /// Place of the first of them in the sequence: the next after those that have landed, or, while only cached ones are
    /// here, one of these. A sender need not know what is cached; what he sends twice is released at once.
    /// </param>
    /// <returns>False if they are not the ones that come next; the references remain the caller's.</returns>
    public bool TryLand(SequenceId id, int firstPage, ReadOnlySpan<int> pages)
    {
        if (!_sequences.TryGetValue(id, out var sequence) || !_schedule.IsLanding(sequence)) return false;
        var isNext = firstPage == sequence.PageCount || (sequence.PageCount == sequence.CachedCount && (uint)firstPage < (uint)sequence.PageCount);
        if (!isNext || firstPage + pages.Length > sequence.ContextPages) return false;
        var present = Math.Min(pages.Length, sequence.PageCount - firstPage);
        _runner.Pages.Release(pages[..present]);
        sequence.Take(pages[present..]);
        return true;
    }

    /// <summary>All pages of a <see cref="SequenceMode.Decode"/> sequence have landed; it runs from now on.</summary>
    /// <param name="nextToken">The token that was chosen with its last page.</param>
    /// <returns>False if pages are missing; nothing has changed.</returns>
    public bool TryJoin(SequenceId id, int nextToken)
    {
        if (!_sequences.TryGetValue(id, out var sequence) || !_schedule.IsLanding(sequence)) return false;
        if (sequence.MissingPages > 0 || (uint)nextToken >= (uint)_runner.VocabSize) return false;
        sequence.ComputedCount = sequence.TokenCount;
        _schedule.Join(sequence);
        _supply.Remember(sequence);
        Append(sequence, nextToken);
        return true;
    }

    /// <summary>Drops a sequence without a further event. Its pages are back when this returns.</summary>
    /// <returns>False if there is none of that id.</returns>
    public bool Cancel(SequenceId id)
    {
        if (!_sequences.TryGetValue(id, out var sequence)) return false;
        _supply.RememberAll(sequence);
        End(sequence);
        return true;
    }

    /// <summary>Computes one step.</summary>
    /// <exception cref="BatchRefusedException">The runner refused the batch and nothing was computed. The engine can go on:
    /// it finds out which sequence is at fault by running each alone, and fails that one.</exception>
    /// <remarks>After any other exception only <see cref="ReleaseAll"/> may be called.</remarks>
    public StepResult Step()
    {
        _supply.Advance(_time.GetElapsedTime(_created));
        var started = _time.GetTimestamp();
        if (!_ahead.TryTake(ref _batch, _step))
        {
            _schedule.Admit();
            _schedule.Plan(_maxStepTokens, _chunk);
            Compose();
            if (_step.Count == 0) return default;
            started = _time.GetTimestamp();
            Launch();
        }

        if (_sampling is not null)
        {
            _ahead.Launch(_step);
            _sampling.Wait();
        }

        ComputedAt = _time.GetTimestamp();
        var result = Settle();
        Observe(result, _time.GetElapsedTime(started));
        return result;
    }

    private void Observe(StepResult step, TimeSpan elapsed)
    {
        _chunk.Observe(step.DecodeTokens, step.PrefillTokens, elapsed);
        if (step.PrefillTokens == 0) return;
        var seconds = elapsed.TotalSeconds / _batch.TokenCount;
        _supply.SecondsPerPromptToken = SecondsPerPromptToken == 0 ? seconds : SecondsPerPromptToken + (seconds - SecondsPerPromptToken) / 8;
    }

    /// <summary>Drops all sequences without a further event; every page is back when this returns, but for the cache's.</summary>
    public void ReleaseAll()
    {
        _ahead.Drop();
        foreach (var sequence in _sequences.Values) _supply.Release(sequence);
        _sequences.Clear();
        _schedule.Clear();
    }

    private void Check(SequenceSpec spec)
    {
        var tokens = (long)spec.PromptIds.Length + spec.OutputIds.Length;
        if (spec.PromptIds.IsEmpty) throw new ArgumentException("The prompt is empty; it must have at least one token.", nameof(spec));
        if (tokens >= MaxSequenceTokens)
            throw new ArgumentException($"Prompt and output have {tokens} tokens; they must have at most {MaxSequenceTokens - 1} for another to fit.", nameof(spec));
        if (spec.OutputIds.Length >= spec.Sampling.MaxNewTokens)
            throw new ArgumentException($"The output has {spec.OutputIds.Length} tokens; it must have fewer than MaxNewTokens, {spec.Sampling.MaxNewTokens}.", nameof(spec));
        CheckVocabulary(spec.PromptIds.AsSpan());
        CheckVocabulary(spec.OutputIds.AsSpan());
    }

    private void CheckVocabulary(ReadOnlySpan<int> tokens)
    {
        foreach (var token in tokens)
        {
            if ((uint)token >= (uint)_runner.VocabSize) throw new ArgumentException($"Token {token} is not in the vocabulary of {_runner.VocabSize}.", nameof(tokens));
        }
    }

    private void Compose()
    {
        _step.Clear();
        _batch.Clear();
        foreach (var sequence in _schedule.Running)
        {
            if (sequence.PlannedCount == 0) continue;
            _step.Add(sequence);
            var wanted = Wanted(sequence);
            var index = _batch.Add(sequence.PlannedTokens, sequence.ComputedCount, sequence.Pages, wanted);
            if (wanted > 0 && _sampling is not null && sequence.Sampler.Choice(ahead: 0) is { } choice) _batch.LetChoose(index, choice);
            if (sequence.Load is { } load) _batch.Add(load);
        }
    }

    /// <summary>The logits after the last present token, and after each that is guessed.</summary>
    private static int Wanted(Sequence sequence) =>
        sequence.PlannedCount - sequence.DraftCount == sequence.PendingCount ? 1 + sequence.DraftCount : 0;

    private void Launch()
    {
        for (var layer = 0; !_runner.AwaitsLayers && layer < _runner.Pages.Layout.Layers; layer++) _batch.AwaitLayer(layer);
        try
        {
            if (_sampling is null) _runner.Forward(_batch);
            else _sampling.Launch(_batch);
        }
        catch (ArgumentException refusal)
        {
            if (_step.Count == 1) Fail(_step[0], refusal.Message);
            else _step.ForEach(static sequence => sequence.IsSuspect = true);
            foreach (var sequence in _step) GiveBackSpare(sequence);
            throw new BatchRefusedException($"The runner refused a batch of {_step.Count}: {refusal.Message}", refusal);
        }
    }

    private StepResult Settle()
    {
        var (decodeTokens, prefillTokens) = (0, 0);
        for (var i = 0; i < _step.Count; i++)
        {
            var sequence = _step[i];
            if (sequence.HasEnded) continue;
            var certain = sequence.PlannedCount - sequence.DraftCount;
            if (certain == 1 && sequence.OutputCount > 0) decodeTokens++;
            else prefillTokens += certain;
            sequence.IsSuspect = false;
            if (!_supply.TryEndLoad(sequence))
            {
                _schedule.BeginAnew(sequence);
                continue;
            }

            sequence.ComputedCount += certain;
            sequence.PlannedCount = 0;
            if (sequence.DraftCount > 0) ChooseDrafted(sequence, i);
            else if (sequence.PendingCount == 0) Choose(sequence, i, nth: 0, out _);
            else Report(sequence);
        }

        return new StepResult(decodeTokens, prefillTokens);
    }

    private void Report(Sequence sequence)
    {
        _supply.Remember(sequence);
        if (sequence.Mode == SequenceMode.Prefill && sequence.FullPages > sequence.PublishedCount)
        {
            var first = sequence.PublishedCount;
            sequence.PublishedCount = sequence.FullPages;
            _events.PagesFilled(sequence.Id, first, sequence.Pages[first..sequence.PublishedCount]);
        }

        _events.Progressed(sequence.Id, sequence.ComputedCount);
    }

    /// <summary>
    /// Chooses tokens for as long as they are the guessed ones, and the first that is not. Each is drawn from the model's
    /// distribution as ever, so that guesses change no answer: for a guess without a distribution of its own this is
    /// rejection sampling (Leviathan et al., 2023), which keeps the guess with its probability and else draws among the rest.
    /// </summary>
    private void ChooseDrafted(Sequence sequence, int batchIndex)
    {
        var (drafted, accepted) = (sequence.DraftCount, 0);
        for (var nth = 0; ; nth++)
        {
            // Read first: the token chosen takes its place.
            var guess = nth < drafted ? sequence.DraftToken(0) : -1;
            var goesOn = Choose(sequence, batchIndex, nth, out var token);
            if (token < 0 || token != guess) break;
            accepted++;
            if (!goesOn) break;
            sequence.ComputedCount++;
        }

        DraftStatistics.Add(drafted, accepted);
        sequence.ObserveDraft(drafted, accepted);
        GiveBackSpare(sequence);
    }

    /// <summary>Pages that were taken for guesses which did not come true.</summary>
    private void GiveBackSpare(Sequence sequence)
    {
        if (sequence.PageCount > sequence.ContextPages) sequence.GiveBack(_runner.Pages, sequence.PageCount - sequence.ContextPages);
    }

    /// <summary>Chooses the next token of a sequence from the logits of one of its tokens.</summary>
    /// <param name="token">Chosen; -1 if that failed, and the sequence with it.</param>
    /// <returns>Whether the sequence goes on here.</returns>
    private bool Choose(Sequence sequence, int batchIndex, int nth, out int token)
    {
        token = -1;
        TokenLogprob? logprob = null;
        try
        {
            token = _batch.Choice(batchIndex) is null
                ? _sampler.Sample(_runner.Logits(batchIndex, nth), sequence.Sampler, out logprob)
                : ChosenByRunner(batchIndex, nth);
        }
        catch (InvalidLogitsException invalid)
        {
            Fail(sequence, invalid.Message);
            return false;
        }

        // Not before its logits are known to be numbers, so that what is broken does not spread; and, where others wait for it, not before the token is out.
        var isHandedOver = sequence.Mode == SequenceMode.Prefill;
        if (!isHandedOver) _supply.Remember(sequence);
        _events.TokenSampled(sequence.Id, sequence.OutputCount, token, logprob);
        if (Append(sequence, token)) return false;
        if (!isHandedOver) return true;
        _events.HandedOver(sequence.Id, sequence.PublishedCount, sequence.Pages[sequence.PublishedCount..], token);
        _supply.RememberAll(sequence);
        End(sequence);
        return false;
    }

    private int ChosenByRunner(int batchIndex, int nth) =>
        _sampling!.Token(batchIndex, nth) is >= 0 and var token ? token : throw new InvalidLogitsException("No logit is a finite number that can be the largest.");

    /// <returns>Whether the token was the sequence's last.</returns>
    private bool Append(Sequence sequence, int token)
    {
        sequence.Append(token);
        var stops = _sampler.Ends(token, sequence.Options);
        if (!stops && sequence.TokenCount < sequence.MaxTokens) return false;
        _supply.RememberAll(sequence);
        End(sequence);
        _events.Finished(sequence.Id, stops ? FinishReason.Stop : FinishReason.Length, stops ? token : null);
        return true;
    }

    private void Fail(Sequence sequence, string reason)
    {
        End(sequence);
        _events.Failed(sequence.Id, reason);
    }

    private void End(Sequence sequence)
    {
        sequence.HasEnded = true;
        _schedule.Remove(sequence);
        _sequences.Remove(sequence.Id);
        _supply.Release(sequence);
    }
}
