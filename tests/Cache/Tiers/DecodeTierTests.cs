using ActorInference.Actors.Generation;
using ActorInference.Actors.Kv;
using ActorInference.Cache.Tests.Engine;
using ActorInference.Cache.Tiers;
using ActorInference.Gpu.Engine;
using ActorInference.Gpu.Kv;
using ActorInference.Gpu.Tests.Engine;

namespace ActorInference.Cache.Tests.Tiers;

/// <summary>Nobody's next token waits for a whole prompt of another's to be copied to host memory.</summary>
public sealed class DecodeTierTests : IDisposable
{
    private const int PromptPages = 8;
    private const int PagesPerStep = 2;

    private readonly KvPagePool _pool = ScriptedRunner.Pool(64);
    private readonly HostPool _host = HostPoolTests.Host(capacity: 64);
    private readonly CountingTier _tier;
    private readonly InferenceEngine _engine;

    public DecodeTierTests()
    {
        _tier = new CountingTier(_host);
        var options = new EngineOptions { StepTarget = TimeSpan.Zero, TierBytesPerStep = PagesPerStep * _pool.Layout.PageBytes };
        _engine = new InferenceEngine(new ScriptedRunner(_pool), options, new RecordingEvents(_pool), TimeProvider.System, cache: null, _tier);
    }

    public void Dispose()
    {
        _engine.ReleaseAll();
        _host.Dispose();
        _pool.Dispose();
    }

    [Fact]
    public void A_prompt_that_came_from_elsewhere_is_copied_a_few_pages_a_step()
    {
        Join(newTokens: 12);

        var told = new List<int> { _tier.Take() };
        while (_engine.Step().DidWork) told.Add(_tier.Take());

        Assert.Equal(PagesPerStep, told[0]);
        Assert.All(told, pages => Assert.InRange(pages, 0, PagesPerStep));
        Assert.Equal((33 + 12 - 1) / _pool.Layout.PageSizeTokens, told.Sum());   // With what was generated.
        Assert.Equal(told.Sum(), _host.Counts.HeldPages);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_is_left_of_it_is_copied_when_its_sequence_ends(bool isCancelled)
    {
        var id = Join(newTokens: 3);
        _engine.Step();
        Assert.True(_host.Counts.HeldPages < PromptPages);

        if (isCancelled) _engine.Cancel(id);
        else _engine.Step();

        Assert.True(_engine.IsEmpty);
        Assert.Equal(PromptPages, _host.Counts.HeldPages);
        Assert.Equal(0, _pool.UsedPages);
    }

    [Fact]
    public void A_prompt_that_is_computed_here_is_copied_as_it_is_computed()
    {
        _engine.Add(new SequenceSpec(CachedEngine.Prompt(33), [], new SamplingOptions { MaxNewTokens = 5, Temperature = 0 }, SequenceMode.Generate));

        _engine.Step();

        Assert.Equal(PromptPages, _tier.Take());
    }

    private SequenceId Join(int newTokens)
    {
        var id = _engine.Add(new SequenceSpec(CachedEngine.Prompt(33), [], new SamplingOptions { MaxNewTokens = newTokens, Temperature = 0 }, SequenceMode.Decode));
        _engine.Step();
        var pages = new int[PromptPages + 1];
        Assert.True(_pool.TryAllocate(pages));
        Assert.True(_engine.TryLand(id, 0, pages));
        Assert.True(_engine.TryJoin(id, nextToken: 5));
        return id;
    }

    /// <summary>A host pool that counts what it is told of.</summary>
    private sealed class CountingTier(HostPool host) : IPageTier
    {
        private int _told;

        /// <summary>Pages since the last time.</summary>
        public int Take()
        {
            var told = _told;
            _told = 0;
            return told;
        }

        public int Observe(KvNamespaceId space, ReadOnlySpan<int> tokens) => host.Observe(space, tokens);

        public int Find(ReadOnlySpan<KvPageKey> keys) => host.Find(keys);

        public TierLoad Load(ReadOnlySpan<KvPageKey> keys, int mark, IPageMemory into, ReadOnlySpan<int> pages) => host.Load(keys, mark, into, pages);

        public void Offer(KvNamespaceId space, ReadOnlySpan<KvPageKey> keys, int first, int mark, IPageMemory from, ReadOnlySpan<int> pages)
        {
            _told += pages.Length;
            host.Offer(space, keys, first, mark, from, pages);
        }

        public void Clear() => host.Clear();
    }
}
