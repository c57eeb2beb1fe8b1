using ActorInference.Actors.Generation;
using ActorInference.Actors.Kv;
using ActorInference.Cache.Radix;
using ActorInference.Cache.Radix.Eviction;
using ActorInference.Cache.Tests.Engine;
using ActorInference.Cache.Tiers;
using ActorInference.Gpu.Engine;
using ActorInference.Gpu.Kv;
using ActorInference.Gpu.Tests.Engine;

namespace ActorInference.Cache.Tests.Tiers;

/// <summary>Requests of conversations through an engine with tiers, some of them faulty; everything follows from a seed.</summary>
internal sealed class TieredRun
{
    public const int Requests = 60;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly Random _random;
    private readonly EngineOptions _options;
    private readonly int _pageSize;
    private readonly int _pages;
    private readonly List<int[]> _histories = [];
    private readonly Dictionary<SequenceId, (int[] Prompt, int NewTokens)> _requests = [];
    private readonly HashSet<SequenceId> _cancelled = [];
    private readonly IPageStorage _storage;
    private readonly Action<Random> _damage;
    private readonly Func<Task> _onRequest;
    private readonly TierEvents _events;
    private readonly KvPagePool _pool;

    /// <summary>With a storage in memory that fails now and then.</summary>
    public TieredRun(int seed)
        : this(seed, new MemoryStorage())
    {
    }

    /// <param name="storage">Behind the host pool.</param>
    /// <param name="damage">Loses a page of it, or flips a bit.</param>
    /// <param name="onRequest">Before each request.</param>
    public TieredRun(int seed, IPageStorage storage, Action<Random> damage, Func<Task> onRequest)
    {
        (_storage, _damage, _onRequest) = (storage, damage, onRequest);
        _random = new Random(seed);
        _options = new EngineOptions
        {
            StepTarget = TimeSpan.Zero,
            MaxStepTokens = _random.Next(1, 40),
            MaxSequences = _random.Next(1, 12),
            GrowthWindowTokens = _random.Next(1, 8),
            MaxBypasses = _random.Next(0, 4),
            MinSharedTokens = _random.Next(1, 40),
            Order = _random.Next(2) == 0 ? AdmissionOrder.Arrival : AdmissionOrder.LongestPrefix,
            OverlapLoadBytes = seed % 2,
        };
        _pageSize = 1 << _random.Next(0, 4);
        _pages = _random.Next(112, 300) / _pageSize;
        _pool = ScriptedRunner.Pool(_pages, _pageSize);
        _events = new TierEvents(_pool);
    }

    private TieredRun(int seed, MemoryStorage storage)
        : this(seed, storage, storage.Damage, static () => Task.CompletedTask)
    {
        var random = new Random(~seed);
        if (random.Next(3) == 0) storage.Before = _ => random.Next(10) == 0 ? throw new IOException("no route") : ValueTask.CompletedTask;
    }

    public long HostTokens => _events.Tiers.Sum(static tiers => (long)tiers.Host);

    public long StorageTokens => _events.Tiers.Sum(static tiers => (long)tiers.Storage);

    public long Rotten { get; private set; }

    public async Task PlayAsync()
    {
        using var pool = _pool;
        using var runner = new ScriptedRunner(pool);
        var write = (TierWritePolicy)_random.Next(3);
        using var host = HostPoolTests.Host(_random.Next(20, 400) / _pageSize + 1, write, policy: Policy(), pageSize: _pageSize);
        await using var tier = new StorageTier(host, Prefetching(), TimeProvider.System);
        if (_random.Next(3) > 0) tier.Attach(_storage);
        var tree = new RadixTree(
            new RadixTreeOptions { PageSizeTokens = _pageSize, CapacityPages = _random.Next(1, _pages + 1) }, new DemotingReferences(pool, host), EvictionPolicies.Create(Policy()));
        // Its time stands still: what is measured would say that a scripted model is faster than any tier.
        var engine = new InferenceEngine(runner, _options, _events, new ManualTime(), _random.Next(6) == 0 ? null : tree, host);
        while (_requests.Count < Requests)
        {
            if (_random.Next(3) == 0) await AddAsync(engine, tier, host);
            if (_random.Next(25) == 0) Cancel(engine);
            if (_random.Next(150) == 0) tree.Clear();
            if (_random.Next(200) == 0) host.Clear();
            if (_random.Next(8) == 0) _damage(_random);
            if (_random.Next(8) == 0 && tier.IsIdle) Flip(host);
            engine.Step();
            engine.CheckPages();
            tree.CheckInvariants();
        }

        while (engine.Step().DidWork) engine.CheckPages();
        Assert.True(engine.IsEmpty, "Sequences are left.");
        tree.Clear();
        Assert.Equal(0, pool.UsedPages);
        CheckOutputs();
        await tier.DisposeAsync();
        await UntilInOrderAsync(host);
        Rotten = host.Counts.Rotten;
    }

    /// <summary>Best effort ends when it ends: its pages are reserved until then.</summary>
    private static async Task UntilInOrderAsync(HostPool host)
    {
        var started = System.Diagnostics.Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                host.CheckInvariants();
                return;
            }
            catch (InvalidOperationException) when (System.Diagnostics.Stopwatch.GetElapsedTime(started) < Limit)
            {
                await Task.Yield();
            }
        }
    }

    private StorageTierOptions Prefetching() => new()
    {
        Policy = _random.Next(4) == 0 ? PrefetchPolicy.BestEffort : PrefetchPolicy.WaitComplete,
        MinTokens = 1,
        PrefetchShare = 1,
        BatchPages = _random.Next(1, 5),
        FirstPause = TimeSpan.FromTicks(1),
        LongestPause = TimeSpan.FromTicks(2),
    };

    private void CheckOutputs()
    {
        foreach (var (id, request) in _requests)
        {
            if (!_cancelled.Contains(id)) Assert.Equal(ScriptedRunner.Continue(request.Prompt, request.NewTokens), _events.Tokens[id]);
        }
    }

    private async Task AddAsync(InferenceEngine engine, StorageTier tier, HostPool host)
    {
        await _onRequest();
        if (_random.Next(4) == 0)
        {
            // Only storage has them now.
            await tier.FlushAsync(CancellationToken.None).WaitAsync(Limit);
            host.Clear();
        }

        var prompt = Prompt();
        var newTokens = _random.Next(1, 25);
        var space = new KvNamespaceId(0, (ulong)_random.Next(3));
        if (tier.Begin(space, prompt, engine.CachedTokens(space, prompt), secondsPerToken: 0) is { } arrival) await arrival.WaitAsync(Limit);
        var id = engine.Add(new SequenceSpec(
            [.. prompt], [], new SamplingOptions { MaxNewTokens = newTokens, Temperature = 0 }, SequenceMode.Generate) { Space = space });
        _requests.Add(id, (prompt, newTokens));
        _histories.Add([.. prompt, .. ScriptedRunner.Continue(prompt, newTokens)]);
    }

    /// <summary>A new conversation, or the next turn of an old one, perhaps cut or edited somewhere.</summary>
    private int[] Prompt()
    {
        int[] prompt = [];
        if (_histories.Count > 0 && _random.Next(4) > 0)
        {
            prompt = [.. _histories[_random.Next(_histories.Count)]];
            if (_random.Next(3) == 0) prompt = prompt[.._random.Next(prompt.Length)];
            if (prompt.Length > 0 && _random.Next(8) == 0) prompt[_random.Next(prompt.Length)] = _random.Next(64);
        }

        prompt = [.. prompt, .. CachedEngine.Prompt(_random.Next(1, 20), _random.Next())];
        return prompt.Length > 80 ? prompt[..80] : prompt;
    }

    private void Cancel(InferenceEngine engine)
    {
        if (_requests.Count == 0) return;
        var id = _requests.Keys.ElementAt(_random.Next(_requests.Count));
        if (engine.Cancel(id)) _cancelled.Add(id);
    }

    private void Flip(HostPool host)
    {
        var bytes = host.Memory.Bytes(_random.Next(host.CapacityPages)).Span;
        bytes[_random.Next(bytes.Length)] ^= (byte)(1 << _random.Next(8));
    }

    private string Policy() => EvictionPolicies.Names[_random.Next(EvictionPolicies.Names.Count)];
}

/// <summary>Tokens and starts, by tier.</summary>
internal sealed class TierEvents(KvPagePool pool) : IEngineEvents
{
    private readonly RecordingEvents _events = new(pool);

    public Dictionary<SequenceId, List<int>> Tokens => _events.Tokens;

    public List<TierTokens> Tiers { get; } = [];

    public void Granted(SequenceId sequence, int pages, int cachedPages) => _events.Granted(sequence, pages, cachedPages);

    public void Started(SequenceId sequence, int cachedTokens, TierTokens tiers)
    {
        Tiers.Add(tiers);
        Assert.InRange(tiers.Host + tiers.Storage, 0, cachedTokens);
    }

    public void Progressed(SequenceId sequence, int computedTokens)
    {
    }

    public void TokenSampled(SequenceId sequence, int index, int token, TokenLogprob? logprob) => _events.TokenSampled(sequence, index, token, logprob);

    public void PagesFilled(SequenceId sequence, int firstPage, ReadOnlySpan<int> pages) => _events.PagesFilled(sequence, firstPage, pages);

    public void HandedOver(SequenceId sequence, int firstPage, ReadOnlySpan<int> pages, int nextToken) => _events.HandedOver(sequence, firstPage, pages, nextToken);

    public void Preempted(SequenceId sequence) => _events.Preempted(sequence);

    public void Finished(SequenceId sequence, FinishReason reason, int? matchedToken) => _events.Finished(sequence, reason, matchedToken);

    public void Failed(SequenceId sequence, string reason) => _events.Failed(sequence, reason);
}
