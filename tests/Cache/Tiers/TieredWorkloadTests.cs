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

/// <summary>
/// Ten thousand requests of conversations with forks, edits, salts, cancellations and too few pages, through device, host
/// and storage with their faults: each says what the model says without any cache, and no page is lost in any pool.
/// </summary>
public sealed class TieredWorkloadTests
{
    private const int Runs = 170;
    private const int RequestsOfARun = 60;

    [Fact]
    public async Task Outputs_are_the_models_through_every_tier_and_no_page_is_lost()
    {
        var (host, storage, rotten) = (0L, 0L, 0L);
        for (var seed = 1; seed <= Runs; seed++)
        {
            try
            {
                var run = new Run(seed);
                await run.PlayAsync();
                host += run.HostTokens;
                storage += run.StorageTokens;
                rotten += run.Rotten;
            }
            catch (Exception failure)
            {
                throw new InvalidOperationException($"Seed {seed}: {failure.Message}", failure);
            }
        }

        Assert.True(host > 10_000, $"Only {host} tokens were found in host memory.");
        Assert.True(storage > 100, $"Only {storage} tokens were found in storage.");
        Assert.True(rotten > 0, $"Only {rotten} pages were rotten.");
    }

    private sealed class Run
    {
        private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

        private readonly Random _random;
        private readonly EngineOptions _options;
        private readonly int _pageSize;
        private readonly int _pages;
        private readonly List<int[]> _histories = [];
        private readonly Dictionary<SequenceId, (int[] Prompt, int NewTokens)> _requests = [];
        private readonly HashSet<SequenceId> _cancelled = [];
        private readonly MemoryStorage _storage = new();
        private readonly TierEvents _events;
        private readonly KvPagePool _pool;

        public Run(int seed)
        {
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
            };
            _pageSize = 1 << _random.Next(0, 4);
            _pages = _random.Next(112, 300) / _pageSize;
            _pool = ScriptedRunner.Pool(_pages, _pageSize);
            _events = new TierEvents(_pool);
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
            if (_random.Next(3) == 0) _storage.Before = _ => _random.Next(10) == 0 ? throw new IOException("no route") : ValueTask.CompletedTask;
            var tree = new RadixTree(
                new RadixTreeOptions { PageSizeTokens = _pageSize, CapacityPages = _random.Next(1, _pages + 1) }, new DemotingReferences(pool, host), EvictionPolicies.Create(Policy()));
            // Its time stands still: what is measured would say that a scripted model is faster than any tier.
            var engine = new InferenceEngine(runner, _options, _events, new ManualTime(), _random.Next(6) == 0 ? null : tree, host);
            while (_requests.Count < RequestsOfARun)
            {
                if (_random.Next(3) == 0) await AddAsync(engine, tier);
                if (_random.Next(25) == 0) Cancel(engine);
                if (_random.Next(150) == 0) tree.Clear();
                if (_random.Next(200) == 0) host.Clear();
                if (_random.Next(8) == 0) _storage.Damage(_random);
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

        private async Task AddAsync(InferenceEngine engine, StorageTier tier)
        {
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
    private sealed class TierEvents(KvPagePool pool) : IEngineEvents
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
}
