using ActorInference.Actors.Generation;
using ActorInference.Actors.Kv;
using ActorInference.Cache.Radix.Eviction;
using ActorInference.Cache.Tiers;
using ActorInference.Cuda.Tests.Testing;
using ActorInference.Gpu.Cuda;
using ActorInference.Gpu.Cuda.Devices;
using ActorInference.Gpu.Cuda.Memory;
using ActorInference.Gpu.Cuda.Modules;
using ActorInference.Gpu.Engine;
using ActorInference.Gpu.Kv;
using ActorInference.Gpu.Tests.Cpu;
using ActorInference.Gpu.Tests.Engine;
using ManagedCuda;
using ManagedCuda.BasicTypes;

namespace ActorInference.Cuda.Tests.Runner;

/// <summary>Pages that come from the host's tier into a device's memory layer by layer, beside what it computes.</summary>
public sealed unsafe class LandingTests
{
    private static readonly KvPageLayout Layout = new(Layers: 3, PageSizeTokens: 16, KvHeads: 2, HeadDim: 32, KvDtype.BF16);

    [SkippableFact]
    public void What_is_launched_after_a_layer_was_awaited_finds_it_and_the_host_waits_for_nothing()
    {
        EmulatedCuda.Require();
        using var device = EmulatedCuda.Open();
        using var pool = new KvPagePool(Layout, 8, new CudaPoolMemory(device, Layout, 8));
        using var tier = Tier(Layout);
        var (keys, pages) = Stored(tier, pool, 3);
        var targets = new int[3];
        Assert.True(pool.TryAllocate(targets));
        Poison(device, pool, targets);

        var load = tier.BeginLoad(keys, mark: 0, pool, targets);

        Assert.NotNull(load);
        Assert.Equal(3, load.Pages);
        for (var layer = 0; layer < Layout.Layers; layer++)
        {
            load.Await(layer);
            // The emulated device does what it was given only when somebody waits for it: nothing has come yet, and compute waits for this layer.
            foreach (var target in targets) Assert.Equal(0xff, *pool.Keys(target, layer));
        }

        for (var i = 0; i < 3; i++) Assert.Equal(Content(i), Gathered(device, pool, targets[i]));
        Assert.Equal(3, load.End(out _));
        Assert.Equal(3, tier.Counts.Loaded);
        tier.CheckInvariants();
        pool.Release(pages);
        pool.Release(targets);
    }

    [SkippableFact]
    public void More_than_a_ring_of_slots_comes_whole()
    {
        EmulatedCuda.Require();
        // A layer of a page is no whole number of slots, and all of it several rings.
        var large = new KvPageLayout(Layers: 3, PageSizeTokens: 64, KvHeads: 8, HeadDim: 160, KvDtype.F32);
        using var device = EmulatedCuda.Open();
        using var pool = new KvPagePool(large, 6, new CudaPoolMemory(device, large, 6));
        using var tier = Tier(large);
        var (keys, pages) = Stored(tier, pool, 3);
        var targets = new int[3];
        Assert.True(pool.TryAllocate(targets));

        var load = tier.BeginLoad(keys, mark: 0, pool, targets);

        Assert.Equal(3, load!.End(out _));
        var read = new byte[large.PageBytes];
        for (var i = 0; i < 3; i++)
        {
            pool.Read(targets[i], read);
            Assert.True(read.AsSpan().SequenceEqual(Content(i, large)), $"page {i}");
        }

        pool.Release(pages);
    }

    [SkippableFact]
    public void A_device_that_fails_while_pages_come_is_told_to_whoever_computes_and_the_pages_go_free()
    {
        EmulatedCuda.Require();
        try
        {
            using var device = EmulatedCuda.Open();
            using var pool = new KvPagePool(Layout, 8, new CudaPoolMemory(device, Layout, 8));
            using var tier = Tier(Layout);
            var (keys, _) = Stored(tier, pool, 3);
            var targets = new int[3];
            Assert.True(pool.TryAllocate(targets));
            var load = tier.BeginLoad(keys, mark: 0, pool, targets)!;
            EmulatedCuda.Fault(CUResult.ErrorIllegalAddress, 1);
            Launch(device, pool, targets[0], out _);
            Assert.Throws<CudaDeviceLostException>(device.Synchronize);

            Assert.Throws<CudaDeviceLostException>(() => load.Await(0));
            Assert.Equal(0, load.End(out _));
            Assert.Throws<CudaDeviceLostException>(() => tier.BeginLoad(keys, mark: 0, pool, targets));

            Assert.Equal(3, tier.Find(keys));   // It is not they that are broken.
            tier.Clear();
            Assert.Equal(0, tier.Counts.HeldPages);   // Nothing is pinned.
        }
        finally
        {
            EmulatedCuda.Reset();
        }
    }

    [SkippableTheory]
    [InlineData(50)]
    [InlineData(49)]   // One token is left to compute, in a recorded step.
    public void A_step_computes_with_pages_that_are_on_their_way(int promptTokens)
    {
        EmulatedCuda.Require();
        using var harness = new CudaHarness(Fixture.Load("linear").Folder, pageSize: 16, poolTokens: 256);
        using var tier = Tier(harness.Pool.Layout);
        var counting = new CountingTier(tier);
        var events = new RecordingEvents(harness.Pool);
        var engine = new InferenceEngine(harness.Runner, new EngineOptions { StepTarget = TimeSpan.Zero, OverlapLoadBytes = 1 }, events, new StandingTime(), cache: null, counting);
        int[] prompt = [.. Enumerable.Range(0, promptTokens).Select(i => 1 + i * 7 % 60)];
        var answers = new List<List<int>>();

        // Three times: a shape is recorded the second time.
        for (var i = 0; i < 3; i++)
        {
            var id = engine.Add(new SequenceSpec([.. prompt], [], new SamplingOptions { Temperature = 0, MaxNewTokens = 9 }, SequenceMode.Generate));
            while (engine.Step().DidWork) engine.CheckPages();
            answers.Add(events.Tokens[id]);
            Assert.Equal([i == 0 ? 0 : 48], events.CachedTokens[id]);
        }

        Assert.Equal(answers[0], answers[1]);
        Assert.Equal(answers[0], answers[2]);
        Assert.Equal(2, counting.Begun);
        Assert.Equal(harness.Pool.CapacityPages, harness.Pool.FreePages);
        tier.CheckInvariants();
    }

    private static HostPool Tier(KvPageLayout layout) =>
        new(new HostMemory(layout, 16), EvictionPolicies.Create("lru"), TierWritePolicy.WriteThrough, new StandingTime());

    private static (KvPageKey[] Keys, int[] Pages) Stored(HostPool tier, KvPagePool pool, int count)
    {
        var (space, keys, pages) = (new KvNamespaceId(1, 2), new KvPageKey[count], new int[count]);
        var size = pool.Layout.PageSizeTokens;
        KvPageKey.Chain(space, [.. Enumerable.Range(0, count * size)], size, keys);
        Assert.True(pool.TryAllocate(pages));
        for (var i = 0; i < count; i++) pool.Write(pages[i], Content(i, pool.Layout));
        tier.Offer(space, keys, 0, mark: 0, pool, pages);
        return (keys, pages);
    }

    private static byte[] Content(int seed, KvPageLayout? layout = null)
    {
        var content = new byte[(layout ?? Layout).PageBytes];
        new Random(seed).NextBytes(content);
        // Tells the first byte of a layer from memory that nobody has written.
        for (var layer = 0; layer < (layout ?? Layout).Layers; layer++) content[layer * (layout ?? Layout).LayerBytes] = 1;
        return content;
    }

    private static void Poison(CudaDevice device, KvPagePool pool, int[] targets)
    {
        var bytes = new byte[pool.Layout.PageBytes];
        Array.Fill(bytes, (byte)0xff);
        foreach (var target in targets) pool.Write(target, bytes);
        device.Synchronize();
    }

    /// <summary>A page as a kernel sees it that is launched now, waiting for nothing but itself.</summary>
    private static byte[] Gathered(CudaDevice device, KvPagePool pool, int page)
    {
        using var buffer = Launch(device, pool, page, out var numbers);
        device.Synchronize();
        numbers.Dispose();
        return new Span<byte>((void*)(ulong)buffer.DevicePointer.Pointer, pool.Layout.PageBytes).ToArray();
    }

    private static CudaDeviceVariable<byte> Launch(CudaDevice device, KvPagePool pool, int page, out CudaDeviceVariable<byte> numbers)
    {
        var buffer = device.Allocate(pool.Layout.PageBytes, "tests");
        numbers = device.Allocate(sizeof(int), "tests");
        *(int*)(ulong)numbers.DevicePointer.Pointer = page;
        using var launch = new KernelLaunch(device);
        launch.With((ulong)buffer.DevicePointer.Pointer).With((ulong)pool.Address(0)).With((ulong)numbers.DevicePointer.Pointer).With(pool.Layout.PageBytes / 16).With((long)pool.Layout.PageBytes)
            .Run(new CudaKernel("gather_pages", device.Modules.Load("pages.cu")), 1, 1, 1, 256);
        return buffer;
    }

    /// <summary>Copies take no time, so that they are worth it whatever else the machine does.</summary>
    private sealed class StandingTime : TimeProvider
    {
        public override long GetTimestamp() => 1;
    }

    private sealed class CountingTier(HostPool host) : IPageTier
    {
        /// <summary>Loads that came layer by layer.</summary>
        public int Begun { get; private set; }

        public int Observe(KvNamespaceId space, ReadOnlySpan<int> tokens) => host.Observe(space, tokens);

        public int Find(ReadOnlySpan<KvPageKey> keys) => host.Find(keys);

        public TierLoad Load(ReadOnlySpan<KvPageKey> keys, int mark, IPageMemory into, ReadOnlySpan<int> pages) => host.Load(keys, mark, into, pages);

        public IPageLoad? BeginLoad(ReadOnlySpan<KvPageKey> keys, int mark, IPageMemory into, ReadOnlySpan<int> pages)
        {
            var load = host.BeginLoad(keys, mark, into, pages);
            if (load is not null) Begun++;
            return load;
        }

        public void Offer(KvNamespaceId space, ReadOnlySpan<KvPageKey> keys, int first, int mark, IPageMemory from, ReadOnlySpan<int> pages) =>
            host.Offer(space, keys, first, mark, from, pages);

        public void Clear() => host.Clear();
    }
}
