using System.Net;
using ActorInference.Actors.Ids;
using ActorInference.Actors.Kv;
using ActorInference.Actors.Protocols;
using ActorInference.Cache.Radix.Eviction;
using ActorInference.Cache.Tiers;
using ActorInference.Cache.Transfer;
using ActorInference.Cuda.Tests.Testing;
using ActorInference.Gpu.Cuda.Memory;
using ActorInference.Gpu.Kv;

namespace ActorInference.Cuda.Tests.Runner;

/// <summary>Pages in a device's memory, as those see them who keep copies.</summary>
public sealed class PoolMemoryTests
{
    /// <summary>Nothing counts as stalled because the machine, which is the device too, is busy.</summary>
    private static readonly PageFetcherOptions Calm = new() { Stall = TimeSpan.FromSeconds(50) };

    /// <summary>Of more than two of the pinned buffers that copies go through.</summary>
    private static readonly KvPageLayout Large = new(Layers: 36, PageSizeTokens: 64, KvHeads: 8, HeadDim: 128, KvDtype.BF16);

    [SkippableFact]
    public void What_is_written_to_a_page_is_read_from_it()
    {
        EmulatedCuda.Require();
        using var device = EmulatedCuda.Open();
        using var pool = new KvPagePool(Large, 2, new CudaPoolMemory(device, Large, 2));
        var (first, second, read) = (Content(Large, 1), Content(Large, 2), new byte[Large.PageBytes]);

        pool.Write(0, first);
        pool.Write(1, second);

        pool.Read(1, read);
        Assert.True(read.AsSpan().SequenceEqual(second));
        pool.Read(0, read);
        Assert.True(read.AsSpan().SequenceEqual(first));
        Assert.Throws<NotSupportedException>(() => pool.Bytes(1));
    }

    [SkippableTheory]
    [InlineData(16, 3)]
    [InlineData(16, 300)]
    [InlineData(1, 3)]   // Of 48 bytes: no whole number of the checksum's rows.
    public void Checksums_are_the_hosts(int pageSizeTokens, int pages)
    {
        EmulatedCuda.Require();
        var layout = new KvPageLayout(Layers: 1, pageSizeTokens, KvHeads: 1, HeadDim: 12, KvDtype.BF16);
        using var device = EmulatedCuda.Open();
        using var pool = new KvPagePool(layout, pages, new CudaPoolMemory(device, layout, pages));
        for (var i = 0; i < pages; i++) pool.Write(i, Content(layout, i));
        int[] numbers = [.. Enumerable.Range(0, pages).Reverse()];
        var sums = new uint[pages];

        pool.Sum(numbers, sums);

        Assert.Equal(numbers.Select(i => PageChecksum.Compute(Content(layout, i))), sums);
    }

    [SkippableTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Pages_go_from_one_devices_pool_to_anothers(bool straight)
    {
        EmulatedCuda.Require();
        var layout = new KvPageLayout(Layers: 2, PageSizeTokens: 16, KvHeads: 2, HeadDim: 32, KvDtype.BF16);
        const int pages = 21;   // More than land at once.
        using var device = EmulatedCuda.Open();
        using var sender = new KvPagePool(layout, pages, new CudaPoolMemory(device, layout, pages));
        using var receiver = new KvPagePool(layout, pages, new CudaPoolMemory(device, layout, pages));
        await using var sending = new PageExchange(sender, IPAddress.Loopback, "127.0.0.1", 0, new PageFetcherOptions());
        await using var fetcher = new PageFetcher(receiver, Calm with { Connections = 3, UseSharedMemory = straight });
        var (message, from, to) = (Message(sender, sending, pages, out var held), new byte[layout.PageBytes], new int[pages]);
        Assert.True(receiver.TryAllocate(to));

        await fetcher.FetchAsync(message, to, CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(60));

        Assert.Null(fetcher.DeviceRefusal);
        for (var i = 0; i < pages; i++)
        {
            receiver.Read(to[i], from);
            Assert.Equal(Content(layout, i), from);
        }

        sender.Release(held);
    }

    [SkippableTheory]
    [InlineData("cuda-ipc:elsewhere:1:", "another host")]
    [InlineData("/dev/shm/pages", "names no memory")]
    [InlineData("", "does not open the memory of process 1:")]
    public async Task Pages_that_cannot_come_straight_come_over_the_network_and_the_reason_is_known(string name, string reason)
    {
        EmulatedCuda.Require();
        var layout = new KvPageLayout(Layers: 1, PageSizeTokens: 16, KvHeads: 2, HeadDim: 32, KvDtype.BF16);
        using var device = EmulatedCuda.Open();
        using var sender = new KvPagePool(layout, 2, new CudaPoolMemory(device, layout, 2));
        using var receiver = new KvPagePool(layout, 2, new CudaPoolMemory(device, layout, 2));
        await using var sending = new PageExchange(sender, IPAddress.Loopback, "127.0.0.1", 0, new PageFetcherOptions());
        await using var fetcher = new PageFetcher(receiver, Calm);
        var (message, to) = (Message(sender, sending, 2, out _), new int[2]);
        Assert.True(receiver.TryAllocate(to));
        // Another process's: the handle's first bytes, and the number before it.
        var own = sender.SharedPath!.Split(':');
        var named = name.Length > 0 ? name + (name.EndsWith(':') ? own[3] : "") : $"{own[0]}:{own[1]}:1:{"01000000" + own[3][8..]}";
        message = message with { Remote = message.Remote! with { Source = message.Remote.Source with { SharedPath = named } } };

        await fetcher.FetchAsync(message, to, CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(60));

        Assert.Contains(reason, fetcher.DeviceRefusal);
        var read = new byte[layout.PageBytes];
        receiver.Read(to[1], read);
        Assert.Equal(Content(layout, 1), read);
    }

    [SkippableFact]
    public void The_host_tier_keeps_pages_of_a_device_and_brings_them_back()
    {
        EmulatedCuda.Require();
        var layout = new KvPageLayout(Layers: 2, PageSizeTokens: 16, KvHeads: 2, HeadDim: 32, KvDtype.BF16);
        using var device = EmulatedCuda.Open();
        using var pool = new KvPagePool(layout, 4, new CudaPoolMemory(device, layout, 4));
        using var tier = new HostPool(new HostMemory(layout, 8), EvictionPolicies.Create("lru"), TierWritePolicy.WriteThrough, TimeProvider.System);
        var (space, pages, content) = (new KvNamespaceId(1, 2), new int[2], new byte[2][]);
        Assert.True(pool.TryAllocate(pages));
        for (var i = 0; i < 2; i++)
        {
            content[i] = Content(layout, i);
            pool.Write(pages[i], content[i]);
        }

        var first = KvPageKey.Of(space, default, Enumerable.Range(0, 16).ToArray());
        KvPageKey[] keys = [first, KvPageKey.Of(space, first, Enumerable.Range(16, 16).ToArray())];
        tier.Offer(space, keys, 0, mark: 0, pool, pages);
        var others = new int[2];
        Assert.True(pool.TryAllocate(others));

        Assert.Equal(2, tier.Load(keys, mark: 0, pool, others).Pages);

        var read = new byte[layout.PageBytes];
        for (var i = 0; i < 2; i++)
        {
            pool.Read(others[i], read);
            Assert.Equal(content[i], read);
        }
    }

    private static KvTransferProtocol.KvPages Message(KvPagePool sender, PageExchange sending, int count, out int[] pages)
    {
        var sums = new uint[count];
        pages = new int[count];
        Assert.True(sender.TryAllocate(pages));
        for (var i = 0; i < count; i++) sender.Write(pages[i], Content(sender.Layout, i));
        sender.Sum(pages, sums);
        return new KvTransferProtocol.KvPages(
            new AttemptId(new RequestId("pages"), 1), 1, sender.Id, 0, [.. pages.Select(page => new KvPageReference(page, sender.Generation(page)))], null,
            new KvTransferProtocol.RemotePages(sending.Source, [.. sums]));
    }

    private static byte[] Content(KvPageLayout layout, int seed)
    {
        var content = new byte[layout.PageBytes];
        new Random(seed).NextBytes(content);
        return content;
    }
}
