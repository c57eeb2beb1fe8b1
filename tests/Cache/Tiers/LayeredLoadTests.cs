using ActorInference.Actors.Generation;
using ActorInference.Actors.Kv;
using ActorInference.Cache.Radix.Eviction;
using ActorInference.Cache.Tests.Engine;
using ActorInference.Cache.Tests.Tiers.Stored;
using ActorInference.Cache.Tiers;
using ActorInference.Gpu.Engine;
using ActorInference.Gpu.Kv;
using ActorInference.Gpu.Tests.Engine;

namespace ActorInference.Cache.Tests.Tiers;

/// <summary>Pages that come from host memory layer by layer, while a step computes with them.</summary>
public sealed class LayeredLoadTests
{
    private static readonly KvNamespaceId Space = new(1, 2);

    private static readonly KvPageLayout Layout = new(Layers: 5, PageSizeTokens: 4, KvHeads: 2, HeadDim: 8, KvDtype.F32);

    [Fact]
    public void What_comes_layer_by_layer_is_what_comes_at_once()
    {
        using var device = new KvPagePool(Layout, 32);
        using var host = Host(Layout);
        var (keys, pages) = HostPoolTests.Filled(device, 8, seed: 1);
        host.Offer(Space, keys, 0, 0, device, pages);
        var targets = HostPoolTests.Take(device, 8);

        var load = host.BeginLoad(keys, 0, device, targets);

        Assert.NotNull(load);
        Assert.Equal((8, 0), (load.Pages, load.StoragePages));
        for (var layer = Layout.Layers - 1; layer >= 0; layer--)
        {
            load.Await(layer);
            var (at, bytes) = (layer * Layout.LayerBytes, Layout.LayerBytes);
            for (var i = 0; i < 8; i++) Assert.True(device.Bytes(targets[i]).Span.Slice(at, bytes).SequenceEqual(device.Bytes(pages[i]).Span.Slice(at, bytes)));
        }

        Assert.Equal(8, load.End(out _));
        Assert.Equal(8, host.Counts.Loaded);
        host.CheckInvariants();
    }

    [Fact]
    public void A_rotten_page_is_found_at_the_end_and_forgotten()
    {
        using var device = new KvPagePool(Layout, 32);
        using var host = Host(Layout);
        var (keys, pages) = HostPoolTests.Filled(device, 8, seed: 1);
        host.Offer(Space, keys, 0, 0, device, pages);
        Flip(host, device.Bytes(pages[5]).Span);

        var load = host.BeginLoad(keys, 0, device, HostPoolTests.Take(device, 8));

        Assert.Equal(5, load!.End(out _));
        Assert.Equal((5, 1L), (host.Find(keys), host.Counts.Rotten));
        host.CheckInvariants();
    }

    [Fact]
    public void Pages_of_a_load_in_vain_still_count_as_come_from_storage_when_they_are_used()
    {
        using var device = new KvPagePool(Layout, 32);
        using var host = Host(Layout);
        var (keys, pages) = HostPoolTests.Filled(device, 8, seed: 1);
        var own = new int[8];
        Assert.Equal(8, host.Reserve(own));
        for (var i = 0; i < 8; i++) device.Bytes(pages[i]).CopyTo(host.Memory.Bytes(own[i]));
        host.Publish(new PageRun(Space, 0, default, [.. keys]), own, [.. own.Select(page => PageChecksum.Compute(host.Memory.Bytes(page).Span))]);
        host.Memory.Bytes(own[5]).Span[7] ^= 0x10;

        var inVain = host.BeginLoad(keys, 0, device, HostPoolTests.Take(device, 8));
        Assert.Equal((8, 5), (inVain!.StoragePages, inVain.End(out _)));
        var load = host.BeginLoad(keys, 0, device, HostPoolTests.Take(device, 8));

        Assert.Equal((5, 5), (load!.StoragePages, load.End(out _)));
        Assert.Equal(new TierLoad(5, 0), host.Load(keys, 0, device, HostPoolTests.Take(device, 8)));
        host.CheckInvariants();
    }

    [Fact]
    public void Layers_whose_sums_do_not_add_up_to_the_pages_come_at_once()
    {
        var odd = Layout with { PageSizeTokens = 1, KvHeads = 1, HeadDim = 2 };
        using var device = new KvPagePool(odd, 4);
        using var host = Host(odd);
        var (keys, pages) = HostPoolTests.Filled(device, 2, seed: 1);
        host.Offer(Space, keys, 0, 0, device, pages);

        Assert.Null(host.BeginLoad(keys, 0, device, HostPoolTests.Take(device, 2)));
    }

    [Fact]
    public void Pages_that_only_a_device_reaches_come_at_once()
    {
        using var device = new KvPagePool(Layout, 4);
        using var host = Host(Layout);
        var (keys, pages) = HostPoolTests.Filled(device, 2, seed: 1);
        host.Offer(Space, keys, 0, 0, device, pages);

        Assert.Null(host.BeginLoad(keys, 0, new DeviceOnly(device), HostPoolTests.Take(device, 2)));
        host.Clear();
        Assert.Equal(0, host.Counts.HeldPages);   // Nothing is pinned.
    }

    [Fact]
    public void A_sequence_whose_pages_turn_out_rotten_begins_anew_and_others_go_on()
    {
        using var pool = ScriptedRunner.Pool(128, pageSizeTokens: 8);
        using var host = HostPoolTests.Host(capacity: 64, pageSize: 8);
        using var runner = new ScriptedRunner(pool);
        var events = new RecordingEvents(pool);
        var engine = new InferenceEngine(runner, Overlapping, events, new ManualTime(), cache: null, host);
        int[][] prompts = [[.. CachedEngine.Prompt(50, seed: 1)], [.. CachedEngine.Prompt(60, seed: 2)]];
        Run(engine, events, prompts);

        // Every page of the host: whatever is loaded of the first prompt is wrong.
        var keys = new KvPageKey[1];
        KvPageKey.Chain(default, prompts[0].AsSpan(0, 8), 8, keys);
        var copy = HostPoolTests.Take(pool, 1);
        Assert.Equal(1, host.Load(keys, 0, pool, copy).Pages);
        Flip(host, pool.Bytes(copy[0]).Span);
        pool.Release(copy);
        Run(engine, events, prompts);

        Assert.Equal((1L, 1), (host.Counts.Rotten, events.PreemptionCount));
        Assert.Equal(0, pool.UsedPages);
        host.CheckInvariants();
    }

    [Fact]
    public void A_sequence_that_is_cancelled_while_its_pages_come_gives_all_back()
    {
        using var pool = ScriptedRunner.Pool(128, pageSizeTokens: 8);
        using var host = HostPoolTests.Host(capacity: 64, pageSize: 8);
        using var runner = new ScriptedRunner(pool);
        var events = new RecordingEvents(pool);
        var engine = new InferenceEngine(runner, Overlapping with { MaxStepTokens = 4 }, events, new ManualTime(), cache: null, host);
        int[] known = [.. CachedEngine.Prompt(50, seed: 1)];
        Run(engine, events, [known]);

        // The first one's prompt fills the steps; the second one's pages come, and it is not its turn.
        Add(engine, [.. CachedEngine.Prompt(90, seed: 3)]);
        var waiting = Add(engine, known);
        engine.Step();
        engine.CheckPages();
        Assert.Equal([48], events.CachedTokens[waiting]);
        Assert.True(engine.Cancel(waiting));

        while (engine.Step().DidWork) engine.CheckPages();
        Assert.Equal(0, pool.UsedPages);
        host.Clear();
        Assert.Equal(0, host.Counts.HeldPages);   // Nothing is pinned.
    }

    [Fact]
    public void The_runner_reads_no_layer_that_it_has_not_awaited()
    {
        using var model = new TinyModel();
        using var pool = new KvPagePool(model.Layout, 64);
        using var host = Host(model.Layout);
        using var runner = model.CreateRunner(pool);
        var events = new RecordingEvents(pool);
        var tier = new LazyTier(host);
        var engine = new InferenceEngine(runner, Overlapping, events, new ManualTime(), cache: null, tier);
        var turn = new Turn(default, [.. CachedEngine.Prompt(70, seed: 1)], new SamplingOptions { MaxNewTokens = 8, Temperature = 1, Seed = 5 });
        var expected = model.Answer([turn])[0];

        for (var i = 0; i < 2; i++)
        {
            var id = engine.Add(new SequenceSpec([.. turn.Prompt], [], turn.Sampling, SequenceMode.Generate));
            while (engine.Step().DidWork) engine.CheckPages();
            Assert.Equal(expected, events.Tokens[id]);
        }

        Assert.Equal([0, 1], tier.Copied);
    }

    private static EngineOptions Overlapping { get; } = new() { StepTarget = TimeSpan.Zero, OverlapLoadBytes = 1 };

    private static HostPool Host(KvPageLayout layout) =>
        new(new HostMemory(layout, 32), EvictionPolicies.Create("lru"), TierWritePolicy.WriteThrough, TimeProvider.System);

    private static SequenceId Add(InferenceEngine engine, int[] prompt) =>
        engine.Add(new SequenceSpec([.. prompt], [], new SamplingOptions { MaxNewTokens = 6, Temperature = 0 }, SequenceMode.Generate));

    private static void Run(InferenceEngine engine, RecordingEvents events, int[][] prompts)
    {
        var ids = prompts.Select(prompt => Add(engine, prompt)).ToList();
        while (engine.Step().DidWork) engine.CheckPages();
        for (var i = 0; i < ids.Count; i++) Assert.Equal(ScriptedRunner.Continue(prompts[i], 6), events.Tokens[ids[i]]);
    }

    /// <summary>Turns a bit of the host's copy of a page.</summary>
    private static void Flip(HostPool host, ReadOnlySpan<byte> page)
    {
        for (var own = 0; own < host.CapacityPages; own++)
        {
            var bytes = host.Memory.Bytes(own).Span;
            if (!bytes.SequenceEqual(page)) continue;
            bytes[7] ^= 0x10;
            return;
        }

        Assert.Fail("The host has no copy of the page.");
    }

    /// <summary>A pool whose bytes the host does not reach.</summary>
    private sealed class DeviceOnly(KvPagePool pool) : IPageMemory
    {
        public KvPoolId Id => pool.Id;

        public KvPageLayout Layout => pool.Layout;

        public int CapacityPages => pool.CapacityPages;

        public string? SharedPath => null;

        public bool HasBytes => false;

        public bool TryAllocate(Span<int> pages) => pool.TryAllocate(pages);

        public bool TryAddReference(int page, int generation) => pool.TryAddReference(page, generation);

        public int Generation(int page) => pool.Generation(page);

        public Memory<byte> Bytes(int page) => throw new NotSupportedException();

        public void AddReferences(ReadOnlySpan<int> pages) => pool.AddReferences(pages);

        public void Release(ReadOnlySpan<int> pages) => pool.Release(pages);
    }

    /// <summary>A host pool whose pages come layer by layer, each only when it is awaited.</summary>
    private sealed class LazyTier(HostPool host) : IPageTier
    {
        public List<int> Copied { get; } = [];

        public int Observe(KvNamespaceId space, ReadOnlySpan<int> tokens) => host.Observe(space, tokens);

        public int Find(ReadOnlySpan<KvPageKey> keys) => host.Find(keys);

        public TierLoad Load(ReadOnlySpan<KvPageKey> keys, int mark, IPageMemory into, ReadOnlySpan<int> pages) => host.Load(keys, mark, into, pages);

        public IPageLoad BeginLoad(ReadOnlySpan<KvPageKey> keys, int mark, IPageMemory into, ReadOnlySpan<int> pages)
        {
            // The right bytes are held back; what is in the pages until then is nonsense.
            var loaded = host.Load(keys, mark, into, pages).Pages;
            var held = pages[..loaded].ToArray().Select(page => (page, into.Bytes(page).ToArray())).ToArray();
            foreach (var (page, _) in held) into.Bytes(page).Span.Fill(0x3F);
            return new LazyLoad(held, into, Copied);
        }

        public void Offer(KvNamespaceId space, ReadOnlySpan<KvPageKey> keys, int first, int mark, IPageMemory from, ReadOnlySpan<int> pages) =>
            host.Offer(space, keys, first, mark, from, pages);

        public void Clear() => host.Clear();
    }

    private sealed class LazyLoad((int Page, byte[] Bytes)[] held, IPageMemory into, List<int> copied) : IPageLoad
    {
        public int Pages => held.Length;

        public int StoragePages => 0;

        public void Await(int layer)
        {
            if (copied.Contains(layer)) return;
            copied.Add(layer);
            var (at, bytes) = (layer * into.Layout.LayerBytes, into.Layout.LayerBytes);
            foreach (var (page, content) in held) content.AsSpan(at, bytes).CopyTo(into.Bytes(page).Span[at..]);
        }

        public int End(out TimeSpan elapsed)
        {
            elapsed = TimeSpan.Zero;
            return held.Length;
        }
    }
}
