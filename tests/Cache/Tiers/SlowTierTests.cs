using ActorInference.Actors.Generation;
using ActorInference.Actors.Kv;
using ActorInference.Cache.Tests.Engine;
using ActorInference.Cache.Tiers;
using ActorInference.Gpu.Engine;
using ActorInference.Gpu.Tests.Engine;

namespace ActorInference.Cache.Tests.Tiers;

/// <summary>A hit is never slower than computing: what takes longer to load is computed, with the same output.</summary>
public sealed class SlowTierTests
{
    private const double SecondsPerToken = 0.001;

    private readonly ManualTime _time = new();

    [Theory]
    [InlineData(0.5, true)]
    [InlineData(2.0, false)]
    public void Pages_are_loaded_only_where_that_takes_less_than_computing_them(double partOfComputing, bool isLoaded)
    {
        using var pool = ScriptedRunner.Pool(64);
        using var host = HostPoolTests.Host(capacity: 64);
        var tier = new TimedTier(host, _time, partOfComputing * SecondsPerToken * pool.Layout.PageSizeTokens);
        using var runner = new ScriptedRunner(pool) { BeforeForward = batch => _time.Advance(TimeSpan.FromSeconds(batch.TokenCount * SecondsPerToken)) };
        var events = new RecordingEvents(pool);
        var engine = new InferenceEngine(runner, new EngineOptions { StepTarget = TimeSpan.Zero }, events, _time, cache: null, tier);
        int[] prompt = [.. CachedEngine.Prompt(33)];

        for (var i = 0; i < 5; i++)
        {
            var before = tier.Loads;
            var id = engine.Add(new SequenceSpec([.. prompt], [], new SamplingOptions { MaxNewTokens = 4, Temperature = 0 }, SequenceMode.Generate));
            while (engine.Step().DidWork) engine.CheckPages();

            Assert.Equal(ScriptedRunner.Continue(prompt, 4), events.Tokens[id]);
            // The first finds nothing; the next two say what it takes, since the very first measurement does not count.
            if (i > 2) Assert.Equal(isLoaded ? 1 : 0, tier.Loads - before);
        }

        Assert.Equal(0, pool.UsedPages);
    }

    /// <summary>A host pool that takes a time for each page.</summary>
    private sealed class TimedTier(HostPool host, ManualTime time, double secondsPerPage) : IPageTier
    {
        public int Loads { get; private set; }

        public int Observe(KvNamespaceId space, ReadOnlySpan<int> tokens) => host.Observe(space, tokens);

        public int Find(ReadOnlySpan<KvPageKey> keys) => host.Find(keys);

        public TierLoad Load(ReadOnlySpan<KvPageKey> keys, int mark, IPageMemory into, ReadOnlySpan<int> pages)
        {
            Loads++;
            time.Advance(TimeSpan.FromSeconds(keys.Length * secondsPerPage));
            return host.Load(keys, mark, into, pages);
        }

        public void Offer(KvNamespaceId space, ReadOnlySpan<KvPageKey> keys, int first, int mark, IPageMemory from, ReadOnlySpan<int> pages) =>
            host.Offer(space, keys, first, mark, from, pages);

        public void Clear() => host.Clear();
    }
}
