using ActorInference.Actors.Kv;
using ActorInference.Cache.Radix.Eviction;
using ActorInference.Cache.Tiers;
using ActorInference.Gpu.Kv;
using ActorInference.Gpu.Tests.Engine;

namespace ActorInference.Cache.Tests.Tiers;

public sealed class HostPoolTests
{
    private static readonly KvNamespaceId Space = new(1, 2);

    [Fact]
    public void What_is_offered_is_found_and_loaded_byte_for_byte()
    {
        using var device = ScriptedRunner.Pool(16);
        using var host = Host(capacity: 8);
        var (keys, pages) = Filled(device, count: 5, seed: 1);
        host.Offer(Space, keys, 0, 0, device, pages);

        var copies = Take(device, 5);
        var load = host.Load(keys, 0, device, copies);

        Assert.Equal(5, host.Find(keys));
        Assert.Equal(new TierLoad(5, 0), load);
        for (var i = 0; i < 5; i++) Assert.True(device.Bytes(pages[i]).Span.SequenceEqual(device.Bytes(copies[i]).Span));
        host.CheckInvariants();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public void A_flipped_bit_is_a_miss_from_there_on_and_the_page_is_forgotten(int rotten)
    {
        using var device = ScriptedRunner.Pool(16);
        using var host = Host(capacity: 8);
        var (keys, pages) = Filled(device, count: 5, seed: 1);
        host.Offer(Space, keys, 0, 0, device, pages);
        Flip(host, device, pages[rotten]);

        var load = host.Load(keys, 0, device, Take(device, 5));

        Assert.Equal(rotten, load.Pages);
        Assert.Equal(rotten, host.Find(keys));
        Assert.Equal((1L, 4), (host.Counts.Rotten, host.Counts.HeldPages));
        host.CheckInvariants();
    }

    [Fact]
    public void A_full_pool_gives_up_the_ends_of_what_was_used_longest_ago()
    {
        using var device = ScriptedRunner.Pool(32);
        using var host = Host(capacity: 6);
        var (old, oldPages) = Filled(device, count: 4, seed: 1);
        var (young, youngPages) = Filled(device, count: 4, seed: 2);
        host.Offer(Space, old, 0, 0, device, oldPages);
        host.Offer(Space, young, 0, 0, device, youngPages);

        Assert.Equal((2, 4), (host.Find(old), host.Find(young)));
        Assert.Equal(2, host.Counts.Evicted);
        host.CheckInvariants();
    }

    [Fact]
    public void Selective_writing_takes_what_is_seen_for_the_second_time()
    {
        using var device = ScriptedRunner.Pool(16);
        using var host = Host(capacity: 8, TierWritePolicy.WriteThroughSelective);
        var (keys, pages) = Filled(device, count: 3, seed: 1);

        host.Offer(Space, keys, 0, 0, device, pages);
        Assert.Equal(0, host.Find(keys));
        host.Offer(Space, keys, 0, 0, device, pages);

        Assert.Equal(3, host.Find(keys));
    }

    [Fact]
    public void Write_back_takes_what_the_device_gives_up_whatever_goes_first()
    {
        using var device = ScriptedRunner.Pool(16);
        using var host = Host(capacity: 8, TierWritePolicy.WriteBack);
        var (keys, pages) = Filled(device, count: 3, seed: 1);
        var references = new DemotingReferences(device, host);
        host.Offer(Space, keys, 0, 0, device, pages);
        Assert.Equal(0, host.Counts.HeldPages);

        references.Release([pages[2]]);
        Assert.Equal((0, 1), (host.Find(keys), host.Counts.HeldPages));
        references.Release([pages[0], pages[1]]);

        Assert.Equal(3, host.Find(keys));
        host.CheckInvariants();
    }

    [Fact]
    public void A_page_that_was_used_for_something_else_meanwhile_is_not_taken_for_the_old_one()
    {
        using var device = ScriptedRunner.Pool(1);
        using var host = Host(capacity: 8, TierWritePolicy.WriteBack);
        var (keys, pages) = Filled(device, count: 1, seed: 1);
        host.Offer(Space, keys, 0, 0, device, pages);
        device.Release(pages);
        Assert.Equal(pages, Take(device, 1));

        new DemotingReferences(device, host).Release(pages);

        Assert.Equal(0, host.Counts.HeldPages);
    }

    [Fact]
    public void A_kept_pool_is_found_again_and_what_rotted_meanwhile_is_a_miss()
    {
        var path = Path.Combine(Path.GetTempPath(), $"host-pool-{Guid.NewGuid():n}");
        try
        {
            using var device = ScriptedRunner.Pool(32);
            var (keys, pages) = Filled(device, count: 6, seed: 3);
            using (var first = Host(capacity: 8, path: path)) first.Offer(Space, keys, 0, 0, device, pages);
            Turn(path, device.Bytes(pages[4]).ToArray());

            using var second = Host(capacity: 8, path: path);

            Assert.Equal(6, second.Adopted);
            second.CheckInvariants();
            var copies = Take(device, 6);
            Assert.Equal(4, second.Load(keys, 0, device, copies).Pages);
            for (var i = 0; i < 4; i++) Assert.True(device.Bytes(pages[i]).Span.SequenceEqual(device.Bytes(copies[i]).Span));
            Assert.Throws<IOException>(() => Host(capacity: 8, path: path));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void A_kept_pool_of_another_size_is_begun_anew()
    {
        var path = Path.Combine(Path.GetTempPath(), $"host-pool-{Guid.NewGuid():n}");
        try
        {
            using var device = ScriptedRunner.Pool(32);
            var (keys, pages) = Filled(device, count: 6, seed: 3);
            using (var first = Host(capacity: 8, path: path)) first.Offer(Space, keys, 0, 0, device, pages);

            using var second = Host(capacity: 9, path: path);

            Assert.Equal((0, 0), (second.Adopted, second.Find(keys)));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void A_cleared_pool_has_all_its_pages_free()
    {
        using var device = ScriptedRunner.Pool(16);
        using var host = Host(capacity: 8);
        var (keys, pages) = Filled(device, count: 5, seed: 1);
        host.Offer(Space, keys, 0, 0, device, pages);

        host.Clear();

        Assert.Equal((0, 0), (host.Find(keys), host.Counts.HeldPages));
        host.CheckInvariants();
    }

    internal static HostPool Host(int capacity, TierWritePolicy write = TierWritePolicy.WriteThrough, string? path = null, string policy = "lru", int pageSize = 4) =>
        new(new HostMemory(ScriptedRunner.Layout(pageSize), capacity, path), EvictionPolicies.Create(policy), write, TimeProvider.System);

    internal static (KvPageKey[] Keys, int[] Pages) Filled(KvPagePool device, int count, int seed)
    {
        var random = new Random(seed);
        var tokens = Enumerable.Range(0, count * device.Layout.PageSizeTokens).Select(_ => random.Next(64)).ToArray();
        var keys = new KvPageKey[count];
        KvPageKey.Chain(Space, tokens, device.Layout.PageSizeTokens, keys);
        var pages = Take(device, count);
        foreach (var page in pages) random.NextBytes(device.Bytes(page).Span);
        return (keys, pages);
    }

    internal static int[] Take(KvPagePool pool, int count)
    {
        var pages = new int[count];
        Assert.True(pool.TryAllocate(pages));
        return pages;
    }

    /// <summary>Turns a bit of the host's copy of a page.</summary>
    private static void Flip(HostPool host, KvPagePool device, int page)
    {
        for (var own = 0; own < host.CapacityPages; own++)
        {
            var bytes = host.Memory.Bytes(own).Span;
            if (!bytes.SequenceEqual(device.Bytes(page).Span)) continue;
            bytes[7] ^= 0x10;
            return;
        }

        Assert.Fail("The host has no copy of the page.");
    }

    private static void Turn(string path, byte[] page)
    {
        var file = File.ReadAllBytes(path);
        var at = file.AsSpan().IndexOf(page);
        Assert.True(at > 0, "The file has no copy of the page.");
        file[at + 3] ^= 1;
        File.WriteAllBytes(path, file);
    }
}
