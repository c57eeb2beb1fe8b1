using ActorInference.Actors.Protocols;
using ActorInference.Cache.Store;
using static ActorInference.Actors.Protocols.CacheShardProtocol;

namespace ActorInference.Cache.Tests.Store;

/// <summary>What a shard remembers is bounded by what it has, however much has come and gone.</summary>
public sealed class ShardMemoryTests
{
    private readonly ShardBench _shard = new();

    public ShardMemoryTests() => _shard.AddStore(0);

    [Fact]
    public void Pages_that_come_and_go_leave_nothing_behind()
    {
        for (var i = 0; i < 20_000; i++)
        {
            Assert.Equal(CacheOutcome.Done, _shard.Put(i));
            Assert.Equal(CacheOutcome.Done, _shard.Remove(i, force: true));
            _shard.Now += 20;
            if (i % 50 != 0) continue;
            _shard.State.Expire(_shard.Now);
            _shard.ReportStores();
        }

        Assert.Equal(0, _shard.State.PageCount);
        Assert.InRange(_shard.State.Notes, 0, 5_000);
    }

    [Fact]
    public void Pinning_a_page_again_and_again_takes_no_more_room_than_once()
    {
        _shard.Put(1);

        for (var i = 0; i < 20_000; i++) _shard.Do(_shard.State.Decide(new Pin(0, Keys.Tenant, PinAction.Enable, 60_000, Keys.Of(1)), _shard.Now));

        Assert.InRange(_shard.State.Notes, 0, 3_000);
    }

    [Fact]
    public void Stores_that_never_come_back_are_forgotten_by_name()
    {
        for (var i = 1; i <= 3_000; i++)
        {
            _shard.AddStore(i);
            _shard.Put(i, Keys.Plain with { Preferred = [Keys.Store(i)] });
            _shard.Unmount(i);
        }

        _shard.ReportStores();

        Assert.Equal(0, _shard.State.PageCount);
        Assert.InRange(_shard.State.Notes, 0, 2_000);
    }

    [Fact]
    public void What_a_store_was_promised_is_over_with_its_next_report_even_one_that_says_the_same()
    {
        while (_shard.Start(Keys.Page((int)_shard.Now++)).Outcome == CacheOutcome.Done)
        {
        }

        _shard.ReportStores();

        Assert.Equal(CacheOutcome.Done, _shard.Put(1));
    }

    [Fact]
    public void What_is_evicted_later_is_in_order_though_the_dead_were_cleared_away_meanwhile()
    {
        var shard = new ShardBench(new CacheShardOptions { Buckets = 1, Order = EvictionOrder.LeastRecentlyUsed });
        shard.AddStore(0);
        for (var i = 0; i < 100; i++) shard.Put(i);
        for (var i = 1_000; i < 6_000; i++)
        {
            Assert.Equal(CacheOutcome.Done, shard.Put(i));
            shard.Remove(i, force: true);
            if (i % 50 == 0) shard.ReportStores();
        }

        shard.Do(shard.State.EvictCount(0.30, shard.Now));

        Assert.Equal(Enumerable.Range(30, 70), Enumerable.Range(0, 100).Where(shard.IsThere));
    }

    [Fact]
    public void Copies_that_were_given_up_are_remembered_as_long_as_a_message_may_be_under_way_and_not_for_ever()
    {
        var (freed, copy) = (new FreedCopies(), new Replica(Keys.Store(0), Keys.Epoch(0), 5, 2, 0));
        freed.Advance(1_000_000);

        freed.Add(copy);
        freed.Advance(1_000_000 + (long)FreedCopies.Memory.TotalMilliseconds);

        Assert.True(freed.Contains(copy));
        Assert.False(freed.Contains(copy with { Generation = 3 }));
        Assert.False(freed.Contains(copy with { Epoch = Keys.Epoch(0, life: 1) }));
        freed.Advance(1_000_000 + 2 * (long)FreedCopies.Memory.TotalMilliseconds);
        Assert.False(freed.Contains(copy));
    }

    [Fact]
    public void No_more_copies_than_a_number_are_remembered_and_the_latest_of_them_always()
    {
        var freed = new FreedCopies();

        for (var i = 0; i < 3 * FreedCopies.Most; i++) freed.Add(new Replica(Keys.Store(0), Keys.Epoch(0), i, 1, 0));

        Assert.InRange(freed.Count, FreedCopies.Most / 2, FreedCopies.Most);
        Assert.True(freed.Contains(new Replica(Keys.Store(0), Keys.Epoch(0), 3 * FreedCopies.Most - FreedCopies.Most / 2, 1, 0)));
    }

    [Fact]
    public void What_a_silent_store_has_not_heard_of_is_not_adopted_when_it_is_heard_of_again()
    {
        _shard.AddStore(1);
        _shard.Put(1, Keys.Plain with { Preferred = [Keys.Store(0)] });
        var copy = Assert.Single(_shard.Look(1).Replicas);
        _shard.Suspect(0, true);
        _shard.Remove(1, force: true);
        for (var i = 0; i < 10; i++)
        {
            _shard.Now += 30_000;
            _shard.State.Expire(_shard.Now);
        }

        _shard.Suspect(0, false);
        _shard.Do(_shard.State.Decide(new Adopt(0, Keys.Store(0), [new HeldPage(Keys.Tenant, Keys.Page(1), 7, copy, IsCertain: true)]), _shard));

        Assert.False(_shard.IsThere(1));
    }
}
