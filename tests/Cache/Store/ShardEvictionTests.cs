using ActorInference.Actors.Protocols;
using ActorInference.Cache.Store;
using static ActorInference.Actors.Protocols.CacheShardProtocol;

namespace ActorInference.Cache.Tests.Store;

/// <summary>Eviction: Mooncake's conformance cases 9 to 11, 14 and 15 in its own order and counts, and ours by bytes.</summary>
public sealed class ShardEvictionTests
{
    private static readonly CacheShardOptions Mooncake = new() { Buckets = 1, Order = EvictionOrder.LeastRecentlyUsed };

    [Theory]
    [InlineData(400, 0.05, 20)]
    [InlineData(250, 0.10, 25)]
    [InlineData(200, 0.80, 160)]
    public void Exactly_the_oldest_go_by_their_number(int pages, double ratio, int gone)
    {
        var shard = Filled(pages);

        shard.Do(shard.State.EvictCount(ratio, shard.Now));

        Assert.Equal(Enumerable.Range(gone, pages - gone), Enumerable.Range(0, pages).Where(shard.IsThere));
        Assert.Equal(gone, shard.State.Evicted);
    }

    [Fact]
    public void Soft_pinned_pages_go_last_and_the_oldest_of_them_first()
    {
        var shard = new ShardBench(Mooncake);
        shard.AddStore(0);
        for (var i = 0; i < 10; i++) shard.Put(i, Keys.Plain with { Pin = PinAction.Enable, PinMs = 60_000 });
        for (var i = 10; i < 20; i++) shard.Put(i);

        shard.Do(shard.State.EvictCount(0.80, shard.Now));

        Assert.Equal([6, 7, 8, 9], Enumerable.Range(0, 20).Where(shard.IsThere));
    }

    [Fact]
    public void Soft_pinned_pages_stay_where_they_may_not_go()
    {
        var shard = new ShardBench(Mooncake with { EvictsPinned = false });
        shard.AddStore(0);
        for (var i = 0; i < 10; i++) shard.Put(i, Keys.Plain with { Pin = PinAction.Enable, PinMs = 60_000 });
        for (var i = 10; i < 20; i++) shard.Put(i);

        shard.Do(shard.State.EvictCount(0.80, shard.Now));

        Assert.Equal(Enumerable.Range(0, 10), Enumerable.Range(0, 20).Where(shard.IsThere));
    }

    [Fact]
    public void Two_soft_pinned_pages_survive_rounds_of_pressure()
    {
        var shard = new ShardBench(Mooncake);
        shard.AddStore(0);
        shard.Put(1_000, Keys.Plain with { Pin = PinAction.Enable, PinMs = 600_000 });
        shard.Put(1_001, Keys.Plain with { Pin = PinAction.Enable, PinMs = 600_000 });
        for (var round = 0; round < 5; round++)
        {
            for (var i = 0; i < 20; i++) shard.Put(round * 20 + i);
            shard.Do(shard.State.EvictCount(0.50, shard.Now));
        }

        Assert.True(shard.IsThere(1_000) && shard.IsThere(1_001));
    }

    [Fact]
    public void A_group_goes_as_a_whole()
    {
        var shard = new ShardBench(Mooncake);
        shard.AddStore(0);
        var group = Keys.Plain with { Group = "g" };
        for (var i = 0; i < 10; i++) shard.Put(i, i < 3 ? group : Keys.Plain);

        shard.Do(shard.State.EvictCount(0.10, shard.Now));

        Assert.Equal([3, 4, 5, 6, 7, 8, 9], Enumerable.Range(0, 10).Where(shard.IsThere));
    }

    [Fact]
    public void One_leased_page_keeps_its_group_and_the_next_page_goes()
    {
        var shard = new ShardBench(Mooncake);
        shard.AddStore(0);
        var group = Keys.Plain with { Group = "g" };
        for (var i = 0; i < 10; i++) shard.Put(i, i < 3 ? group : Keys.Plain);
        shard.Get(1);

        shard.Do(shard.State.EvictCount(0.10, shard.Now));

        Assert.Equal([0, 1, 2, 4, 5, 6, 7, 8, 9], Enumerable.Range(0, 10).Where(shard.IsThere));
    }

    [Fact]
    public void Leased_pages_stay_and_puts_are_refused_when_there_are_no_others()
    {
        var shard = new ShardBench();
        shard.AddStore(0, capacity: 16 << 20);
        var outcomes = new List<CacheOutcome>();
        for (var i = 0; i < 26; i++)
        {
            outcomes.Add(shard.Put(Keys.Page(i, 1 << 20)));
            shard.Get(i);
            shard.ReportStores();
        }

        Assert.Contains(CacheOutcome.NoSpace, outcomes);
        Assert.All(Enumerable.Range(0, 26).Where(i => outcomes[i] == CacheOutcome.Done), i => Assert.True(shard.IsThere(i)));
    }

    [Fact]
    public void Eviction_makes_room_for_more_than_a_store_has()
    {
        const int fits = 1024;
        var shard = new ShardBench();
        shard.AddStore(0, capacity: fits * 15L * 1024);
        var stored = 0;
        for (var i = 0; i < fits + 50; i++)
        {
            if (shard.Put(Keys.Page(i, 15 * 1024)) == CacheOutcome.Done) stored++;
            shard.Now += 10;
            shard.ReportStores();
        }

        Assert.True(stored > fits, $"{stored} of {fits + 50} were stored.");
    }

    [Fact]
    public void A_store_over_its_watermark_is_brought_below_it_by_bytes_and_not_further()
    {
        var shard = new ShardBench();
        shard.AddStore(0, capacity: 1 << 20);
        var random = new Random(5);
        for (var i = 0; shard.UsedBytes(0) < 0.90 * (1 << 20); i++) shard.Put(Keys.Page(i, random.Next(1, 40) * 256));

        shard.ReportStores();

        Assert.InRange(shard.UsedBytes(0) / (double)(1 << 20), 0.85 - 0.04 - 0.01, 0.85);
    }

    [Fact]
    public void Nothing_is_evicted_below_the_watermark()
    {
        var shard = new ShardBench();
        shard.AddStore(0, capacity: 1 << 20);
        for (var i = 0; i < 900; i++) shard.Put(i);

        shard.ReportStores();

        Assert.Equal(900, shard.State.PageCount);
    }

    [Fact]
    public void A_page_goes_after_those_that_continue_it()
    {
        var shard = new ShardBench();
        shard.AddStore(0, capacity: 1 << 20);
        foreach (var page in Keys.Chain(0, 100)) shard.Put(page);
        foreach (var page in Keys.Chain(1_000, 100)) shard.Put(page);

        shard.Do(shard.State.Evict(Keys.Store(0), 100 * 1024, shard.Now));

        Assert.Equal(100, shard.State.PageCount);
        foreach (var first in new[] { 0, 1_000 })
        {
            var left = Enumerable.Range(0, 100).Count(i => shard.IsThere(first + i));
            Assert.Equal(Enumerable.Range(first, left), Enumerable.Range(first, 100).Where(shard.IsThere));
        }
    }

    [Fact]
    public void A_parent_is_as_young_as_its_youngest_child()
    {
        var shard = new ShardBench();
        shard.AddStore(0, capacity: 1 << 20);
        var chain = Keys.Chain(0, 3);
        shard.Put(chain[0]);
        shard.Now += 60_000;
        for (var i = 100; i < 110; i++) shard.Put(i);
        shard.Now += 60_000;
        shard.Put(chain[1]);
        shard.Put(chain[2]);

        shard.Do(shard.State.Evict(Keys.Store(0), 10 * 1024, shard.Now));

        Assert.True(shard.IsThere(0) && shard.IsThere(1) && shard.IsThere(2));
    }

    [Fact]
    public void What_was_used_is_kept_longer_than_what_was_not()
    {
        var shard = Filled(100);
        for (var i = 0; i < 10; i++) shard.Get(i);
        shard.Now += 20_000;

        shard.Do(shard.State.EvictCount(0.9, shard.Now));

        Assert.Equal(Enumerable.Range(0, 10), Enumerable.Range(0, 100).Where(shard.IsThere));
    }

    [Fact]
    public void A_page_that_is_on_disk_too_leaves_memory_only()
    {
        var shard = Filled(10);
        shard.Do(shard.State.Decide(new DiskChanged(0, Keys.Store(0), IsAdded: true, [new TenantKey(Keys.Tenant, Keys.Key(0))]), shard));

        shard.Do(shard.State.Evict(Keys.Store(0), 2 * 1024, shard.Now));

        Assert.Equal(9, shard.State.PageCount);
        Assert.True(Assert.Single(shard.Look(0).Replicas).IsOnDisk);
        Assert.Equal(8 * 1024, shard.UsedBytes(0));
        shard.Do(shard.State.Decide(new DiskChanged(0, Keys.Store(0), IsAdded: false, [new TenantKey(Keys.Tenant, Keys.Key(0))]), shard));
        Assert.False(shard.IsThere(0));
    }

    private static ShardBench Filled(int pages)
    {
        var shard = new ShardBench(Mooncake);
        shard.AddStore(0);
        for (var i = 0; i < pages; i++) Assert.Equal(CacheOutcome.Done, shard.Put(i));
        return shard;
    }
}
