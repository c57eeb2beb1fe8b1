using ActorInference.Actors.Protocols;
using ActorInference.Cache.Store;
using static ActorInference.Actors.Protocols.CacheShardProtocol;

namespace ActorInference.Cache.Tests.Store;

/// <summary>Stores that go, are silent, come back and drain: Mooncake's conformance cases 17, 27, 28 and 30, and ours.</summary>
public sealed class ShardStoreTests
{
    private readonly ShardBench _shard = new();

    public ShardStoreTests()
    {
        _shard.AddStore(0);
        _shard.AddStore(1);
    }

    [Fact]
    public void An_unmounted_stores_copies_vanish_at_once_and_pages_with_another_copy_stay()
    {
        _shard.Put(1, Keys.Plain with { Preferred = [Keys.Store(0)] });
        _shard.Put(2, Keys.Plain with { Replicas = 2 });

        _shard.Unmount(0);

        Assert.Equal(CacheOutcome.NotFound, _shard.Look(1).Outcome);
        Assert.Equal(Keys.Store(1), Assert.Single(_shard.Look(2).Replicas).Store);
        Assert.Equal(1, _shard.State.Lost);
        _shard.Unmount(0);   // Again: well and good.
        _shard.Unmount(1);
        Assert.Equal(0, _shard.State.PageCount);
    }

    /// <summary>Mooncake drops the pages of a store that was silent for 10 s for good.</summary>
    [Fact]
    public void A_silent_stores_pages_are_not_read_and_not_forgotten()
    {
        _shard.Put(1, Keys.Plain with { Preferred = [Keys.Store(0)] });
        _shard.Put(2, Keys.Plain with { Replicas = 2 });

        _shard.Suspect(0, true);

        Assert.Equal(CacheOutcome.NotFound, _shard.Look(1).Outcome);
        Assert.Equal(Keys.Store(1), Assert.Single(_shard.Look(2).Replicas).Store);
        Assert.Equal(Keys.Store(1), _shard.Start(Keys.Page(3)).Stores[0]);
        _shard.Suspect(0, false);
        Assert.True(_shard.IsThere(1));
        Assert.Equal(2, _shard.Look(2).Replicas.Length);
    }

    [Fact]
    public void A_page_whose_only_store_is_silent_can_be_put_again()
    {
        _shard.Put(1, Keys.Plain with { Preferred = [Keys.Store(0)] });
        _shard.Suspect(0, true);

        Assert.Equal(CacheOutcome.Done, _shard.Put(1));

        Assert.Equal(Keys.Store(1), Assert.Single(_shard.Look(1).Replicas).Store);
        _shard.Suspect(0, false);
        Assert.Equal(2, _shard.Look(1).Replicas.Length);
    }

    [Fact]
    public void A_new_life_of_a_stores_memory_has_lost_the_pages_of_the_old_one()
    {
        _shard.Put(1, Keys.Plain with { Preferred = [Keys.Store(0)] });
        var before = Assert.Single(_shard.Look(1).Replicas);

        _shard.Table(With(Keys.Report(0, epoch: Keys.Epoch(0, life: 1))));

        Assert.Equal(CacheOutcome.NotFound, _shard.Look(1).Outcome);
        Adopt(1, before with { Epoch = Keys.Epoch(0, life: 1) });
        Assert.True(_shard.IsThere(1));
    }

    [Fact]
    public void What_a_returning_store_has_is_known_again()
    {
        _shard.Put(1, Keys.Plain with { Preferred = [Keys.Store(0)] });
        var copy = Assert.Single(_shard.Look(1).Replicas);
        _shard.Unmount(0);

        _shard.Table(With(Keys.Report(0), Keys.Report(1)));
        Adopt(1, copy);

        Assert.True(_shard.IsThere(1));
        Assert.Equal(CacheOutcome.AlreadyExists, _shard.Put(1));
    }

    [Fact]
    public void Other_bytes_than_those_that_are_known_are_not_adopted()
    {
        _shard.Put(1, Keys.Plain with { Preferred = [Keys.Store(1)] });

        Adopt(1, new Replica(Keys.Store(0), Keys.Epoch(0), 77, 1, 0), checksum: 8);

        Assert.Single(_shard.Look(1).Replicas);
    }

    [Fact]
    public void What_a_store_told_of_before_it_heard_that_it_was_given_up_is_not_adopted()
    {
        _shard.Put(1, Keys.Plain with { Preferred = [Keys.Store(0)] });
        var copy = Assert.Single(_shard.Look(1).Replicas);
        _shard.Remove(1);

        Adopt(1, copy);

        Assert.False(_shard.IsThere(1));
    }

    [Fact]
    public void A_page_of_which_no_end_was_heard_is_not_adopted()
    {
        Adopt(1, new Replica(Keys.Store(0), Keys.Epoch(0), 77, 1, 0), isCertain: false);

        Assert.False(_shard.IsThere(1));
        Assert.Empty(_shard.Journal);
    }

    [Fact]
    public void A_page_that_lacks_copies_gets_them_when_a_store_comes()
    {
        _shard.Put(1, Keys.Plain with { Replicas = 3 });
        Assert.Equal(2, _shard.Look(1).Replicas.Length);
        _shard.AddStore(2);

        _shard.RunCopies();

        Assert.Equal(3, _shard.Look(1).Replicas.Length);
        Assert.Equal(0, _shard.State.Status(_shard.Now).UnderReplicated);
    }

    [Fact]
    public void Copies_that_a_lost_store_had_are_made_again()
    {
        _shard.AddStore(2);
        for (var i = 0; i < 30; i++) _shard.Put(i, Keys.Plain with { Replicas = 2 });

        _shard.Unmount(0);
        for (var round = 0; round < 3; round++) _shard.RunCopies();

        Assert.All(Enumerable.Range(0, 30), i => Assert.Equal(2, _shard.Look(i).Replicas.Length));
    }

    [Fact]
    public void A_store_that_drains_gives_all_to_others_and_takes_nothing()
    {
        for (var i = 0; i < 100; i++) _shard.Put(i, Keys.Plain with { Preferred = [Keys.Store(0)] });
        _shard.Table(With(Keys.Report(0, isDraining: true), Keys.Report(1)));

        Assert.Equal(Keys.Store(1), _shard.Start(Keys.Page(900), Keys.Plain with { Preferred = [Keys.Store(0)] }).Stores[0]);
        for (var round = 0; round < 4; round++) _shard.RunCopies();

        Assert.All(Enumerable.Range(0, 100), i => Assert.Equal(Keys.Store(1), Assert.Single(_shard.Look(i).Replicas).Store));
        Assert.Equal(0, _shard.UsedBytes(0));
    }

    [Fact]
    public void A_hot_page_gets_a_second_copy()
    {
        _shard.Put(1);
        for (var i = 0; i < 9; i++)
        {
            _shard.Get(1);
            _shard.Now += 1_000;
        }

        _shard.RunCopies();

        Assert.Equal(2, _shard.Look(1).Replicas.Length);
    }

    [Fact]
    public void A_page_that_is_read_now_and_then_stays_with_one_copy()
    {
        _shard.Put(1);
        for (var i = 0; i < 50; i++)
        {
            _shard.Get(1);
            _shard.Now += 4_000;
        }

        _shard.RunCopies();

        Assert.Single(_shard.Look(1).Replicas);
    }

    [Fact]
    public void Copies_are_made_and_moved_by_order()
    {
        _shard.Put(1, Keys.Plain with { Preferred = [Keys.Store(0)] });
        _shard.Put(2, Keys.Plain with { Preferred = [Keys.Store(0)] });

        Assert.Equal([CacheOutcome.Done, CacheOutcome.NotFound], _shard.State.Decide(new Copy(0, Keys.Tenant, Keys.Store(1), default, Keys.Of(1, 9))).Pages.ToArray());
        Assert.Equal(CacheOutcome.Done, _shard.State.Decide(new Copy(0, Keys.Tenant, Keys.Store(1), Keys.Store(0), Keys.Of(2))).Pages[0]);
        Assert.Equal(CacheOutcome.Invalid, _shard.State.Decide(new Copy(0, Keys.Tenant, Keys.Store(7), default, Keys.Of(1))).Pages[0]);
        _shard.RunCopies();

        Assert.Equal(2, _shard.Look(1).Replicas.Length);
        Assert.Equal(Keys.Store(1), Assert.Single(_shard.Look(2).Replicas).Store);
        Assert.Equal(CacheOutcome.AlreadyExists, _shard.State.Decide(new Copy(0, Keys.Tenant, Keys.Store(1), default, Keys.Of(1))).Pages[0]);
    }

    [Fact]
    public void A_page_that_is_being_copied_is_not_removed()
    {
        _shard.Put(1, Keys.Plain with { Preferred = [Keys.Store(0)] });
        _shard.State.Decide(new Copy(0, Keys.Tenant, Keys.Store(1), default, Keys.Of(1)));
        var events = System.Collections.Immutable.ImmutableArray.CreateBuilder<CacheShardEvents.IShardEvent>();
        _shard.State.PlanCopies(_shard.Now, events);

        Assert.Equal(CacheOutcome.Busy, _shard.Remove(1, force: true));
        _shard.Now += 30_001;
        _shard.State.PlanCopies(_shard.Now, events);   // The store has never answered.
        Assert.Equal(CacheOutcome.Done, _shard.Remove(1));
    }

    [Fact]
    public void A_copy_that_read_badly_is_forgotten_and_the_page_lives_by_its_other_one()
    {
        _shard.Put(1, Keys.Plain with { Replicas = 2 });
        var copies = _shard.Look(1).Replicas;

        _shard.Do(_shard.State.Decide(new Broken(0, Keys.Tenant, Keys.Key(1), copies[0])));
        Assert.Equal(copies[1], Assert.Single(_shard.Look(1).Replicas));
        _shard.Do(_shard.State.Decide(new Broken(0, Keys.Tenant, Keys.Key(1), copies[1])));

        Assert.False(_shard.IsThere(1));
        Assert.Equal(0, _shard.UsedBytes(0) + _shard.UsedBytes(1));
        Assert.Equal(CacheOutcome.Done, _shard.Put(1));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_shard_that_begins_again_knows_what_was_acknowledged(bool fromSnapshot)
    {
        for (var i = 0; i < 50; i++) _shard.Put(i, Keys.Plain with { Replicas = 1 + i % 2, HardPin = i == 7, Group = i % 5 == 0 ? "g" : "" });
        for (var i = 0; i < 20; i++) _shard.Remove(i);
        _shard.Start(Keys.Page(99));
        var before = Enumerable.Range(0, 100).Select(i => _shard.Look(i)).ToList();

        _shard.Restart(fromSnapshot);

        for (var i = 0; i < 99; i++)
        {
            var after = _shard.Look(i);
            Assert.Equal((before[i].Outcome, before[i].Checksum, before[i].SizeBytes), (after.Outcome, after.Checksum, after.SizeBytes));
            Assert.Equal(before[i].Replicas.AsEnumerable(), after.Replicas);
        }

        Assert.Equal(CacheOutcome.NotFound, _shard.Look(99).Outcome);   // It was not ended, and is put again.
        Assert.Equal(0, _shard.State.Status(_shard.Now).Unfinished);
    }

    [Fact]
    public void A_recovered_shard_waits_for_stores_before_it_gives_their_pages_up()
    {
        _shard.Put(1, Keys.Plain with { Preferred = [Keys.Store(0)] });
        var state = _shard.Replay();

        Assert.Empty(state.Decide(StoreTable.Empty, 0).Events);
        Assert.Empty(state.Decide(StoreTable.Empty, 200_000).Events);
        Assert.Equal(CacheOutcome.NotFound, state.Answer(new Query(0, Keys.Tenant, false, Keys.Of(1)), 200_000).Pages[0].Outcome);
        Assert.IsType<CacheShardEvents.StoreLost>(Assert.Single(state.Decide(StoreTable.Empty, 400_000).Events));
    }

    private static StoreTable With(params CacheStoreProtocol.StoreReport[] reports) =>
        reports.Aggregate(StoreTable.Empty, (table, report) => table.With(new KnownStore(report, IsSuspect: false)));

    private void Adopt(int number, Replica copy, uint checksum = 7, bool isCertain = true) =>
        _shard.Do(_shard.State.Decide(new Adopt(0, copy.Store, [new HeldPage(Keys.Tenant, Keys.Page(number), checksum, copy, isCertain)]), _shard));
}
