using System.Collections.Immutable;
using ActorInference.Actors.Generation;
using ActorInference.Actors.Kv;
using ActorInference.Cache.Radix.Eviction;
using ActorInference.Gpu.Engine;
using ActorInference.Gpu.Tests.Engine;

namespace ActorInference.Cache.Tests.Engine;

/// <summary>Conversations with forks, edits, cancellations and too few pages, with the cache and without it.</summary>
public sealed class RandomWorkloadTests
{
    private const int RequestCount = 60;

    [Fact]
    public void Outputs_are_the_models_with_and_without_a_cache_and_no_page_is_lost()
    {
        var (cachedTokens, preemptions) = (0L, 0);
        for (var seed = 1; seed <= 60; seed++)
        {
            try
            {
                var run = new Run(seed);
                run.Play();
                cachedTokens += run.CachedTokens;
                preemptions += run.Preemptions;
            }
            catch (Exception failure)
            {
                throw new InvalidOperationException($"Seed {seed}: {failure.Message}", failure);
            }
        }

        Assert.True(cachedTokens > 10_000, $"Only {cachedTokens} tokens were found in the cache.");
        Assert.True(preemptions > 100, $"Only {preemptions} preemptions.");
    }

    private sealed class Run
    {
        private readonly Random _random;
        private readonly EngineOptions _options;
        private readonly int _pageSize;
        private readonly int _pages;
        private readonly string _policy;
        private readonly int _cachePages;
        private readonly List<ImmutableArray<int>> _histories = [];
        private readonly Dictionary<SequenceId, (ImmutableArray<int> Prompt, int NewTokens)> _requests = [];
        private readonly HashSet<SequenceId> _cancelled = [];

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
            };
            _pageSize = 1 << _random.Next(0, 4);
            _pages = _random.Next(112, 300) / _pageSize;
            _policy = EvictionPolicies.Names[_random.Next(EvictionPolicies.Names.Count)];
            _cachePages = _random.Next(3) == 0 ? _random.Next(1, _pages) : _pages;
        }

        public long CachedTokens { get; private set; }

        public int Preemptions { get; private set; }

        public void Play()
        {
            using var cached = new CachedEngine(_pages, _pageSize, _options, _policy, _cachePages);
            for (var step = 0; _requests.Count < RequestCount; step++)
            {
                if (_random.Next(3) == 0) Add(cached);
                if (_random.Next(25) == 0) Cancel(cached);
                if (_random.Next(150) == 0) cached.Tree.Clear();
                cached.Engine.Step();
                cached.Check();
            }

            cached.RunToEnd();
            Assert.True(cached.Engine.IsEmpty, "Sequences are left.");
            Assert.Equal(cached.Pool.UsedPages, cached.Tree.EvictablePages);
            cached.Tree.Clear();
            Assert.Equal(0, cached.Pool.UsedPages);
            CheckOutputs(cached.Events, PlayWithoutCache());
            CachedTokens = cached.Events.CachedTokens.Values.Sum(static starts => starts.Sum(static tokens => (long)tokens));
            Preemptions = cached.Events.PreemptionCount;
        }

        /// <summary>The same requests in an engine that remembers nothing.</summary>
        private RecordingEvents PlayWithoutCache()
        {
            using var pool = ScriptedRunner.Pool(_pages, _pageSize);
            using var runner = new ScriptedRunner(pool);
            var events = new RecordingEvents(pool);
            var engine = new InferenceEngine(runner, _options, events, TimeProvider.System);
            foreach (var (_, request) in _requests.OrderBy(static pair => pair.Key.Value)) engine.Add(Spec(request.Prompt, request.NewTokens, default));
            while (engine.Step().DidWork) engine.CheckPages();
            Assert.Equal(0, pool.UsedPages);
            return events;
        }

        private void CheckOutputs(RecordingEvents cached, RecordingEvents plain)
        {
            foreach (var (id, request) in _requests)
            {
                Assert.Equal(ScriptedRunner.Continue(request.Prompt, request.NewTokens), plain.Tokens[id]);
                if (!_cancelled.Contains(id)) Assert.Equal(plain.Tokens[id], cached.Tokens[id]);
            }
        }

        private void Add(CachedEngine cached)
        {
            var prompt = Prompt();
            var newTokens = _random.Next(1, 25);
            var space = new KvNamespaceId(0, (ulong)(_random.Next(5) == 0 ? 1 : 0));
            var id = cached.Engine.Add(Spec(prompt, newTokens, space));
            _requests.Add(id, (prompt, newTokens));
            _histories.Add([.. prompt, .. ScriptedRunner.Continue(prompt, newTokens)]);
        }

        /// <summary>A new conversation, or the next turn of an old one, perhaps cut or edited somewhere.</summary>
        private ImmutableArray<int> Prompt()
        {
            ImmutableArray<int> prompt = [];
            if (_histories.Count > 0 && _random.Next(4) > 0)
            {
                prompt = _histories[_random.Next(_histories.Count)];
                if (_random.Next(3) == 0) prompt = prompt[.._random.Next(prompt.Length)];
                if (prompt.Length > 0 && _random.Next(8) == 0) prompt = prompt.SetItem(_random.Next(prompt.Length), _random.Next(64));
            }

            prompt = [.. prompt, .. CachedEngine.Prompt(_random.Next(1, 20), _random.Next())];
            return prompt.Length > 80 ? prompt[..80] : prompt;
        }

        private void Cancel(CachedEngine cached)
        {
            if (_requests.Count == 0) return;
            var id = _requests.Keys.ElementAt(_random.Next(_requests.Count));
            if (cached.Engine.Cancel(id)) _cancelled.Add(id);
        }

        private static SequenceSpec Spec(ImmutableArray<int> prompt, int newTokens, KvNamespaceId space) =>
            new(prompt, [], new SamplingOptions { MaxNewTokens = newTokens, Temperature = 0 }, SequenceMode.Generate) { Space = space };
    }
}
