using ActorInference.Actors.Protocols;
using static ActorInference.Actors.Protocols.CacheShardProtocol;

namespace ActorInference.Cache.Tests.Store;

/// <summary>Two-phase puts: Mooncake's conformance cases 1 to 6, 16 and 19, and ours where ours differ.</summary>
public sealed class ShardPutTests
{
    private readonly ShardBench _shard = new();

    [Fact]
    public void What_makes_no_sense_is_refused()
    {
        _shard.AddStore(0);

        Assert.Equal(CacheOutcome.Invalid, _shard.Start(Keys.Page(1), Keys.Plain with { Replicas = 0 }).Outcome);
        Assert.Equal(CacheOutcome.Invalid, _shard.Start(Keys.Page(1, bytes: 0)).Outcome);
        Assert.Equal(CacheOutcome.Invalid, _shard.Start(new NewPage(default, default, 0, 8)).Outcome);
        Assert.Equal(CacheOutcome.Invalid, _shard.Start(Keys.Page(1) with { Depth = -1 }).Outcome);
        Assert.Equal(0, _shard.State.Status(_shard.Now).Unfinished);
    }

    [Fact]
    public void An_empty_batch_is_answered_by_an_empty_one()
    {
        var decision = _shard.State.Decide(new PutStart(0, Keys.Tenant, Keys.Writer, "", Keys.Plain, []), _shard.Now);

        Assert.Empty(Assert.IsType<PutStarted>(decision.Reply).Places);
        Assert.Empty(decision.Events);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void A_put_is_invisible_until_it_ends_and_then_has_all_its_copies(int replicas)
    {
        for (var i = 0; i < 5; i++) _shard.AddStore(i);
        var page = Keys.Page(1);

        var place = _shard.Start(page, Keys.Plain with { Replicas = replicas });

        Assert.Equal(CacheOutcome.NotReady, _shard.Look(1).Outcome);
        Assert.Equal(CacheOutcome.NotReady, _shard.Exists(1)[0]);
        Assert.Equal(CacheOutcome.NotReady, _shard.Remove(1));
        Assert.Empty(_shard.State.Answer(new List(0, Keys.Tenant, default, 10), _shard.Now).Pages);
        Assert.Empty(_shard.Journal);
        Assert.Equal(CacheOutcome.Done, _shard.End(page, place));
        Assert.Equal(replicas, _shard.Look(1).Replicas.Length);
        Assert.Equal(replicas, _shard.Look(1).Replicas.Select(replica => replica.Store).Distinct().Count());
    }

    [Fact]
    public void Only_its_writer_ends_or_revokes_a_put()
    {
        _shard.AddStore(0);
        var place = _shard.Start(Keys.Page(1));

        Assert.Equal(CacheOutcome.OtherWriter, _shard.End(Keys.Page(1), place, Keys.OtherWriter));
        Assert.Equal(CacheOutcome.OtherWriter, _shard.State.Decide(new PutRevoke(0, Keys.Tenant, Keys.OtherWriter, Keys.Of(1))).Pages[0]);
        Assert.Equal(CacheOutcome.Done, _shard.End(Keys.Page(1), place));
        Assert.Equal(CacheOutcome.Done, _shard.End(Keys.Page(1), place));   // Again: well and good.
        Assert.Equal(CacheOutcome.NotStarted, _shard.End(Keys.Page(2), place));
    }

    [Fact]
    public void A_revoked_put_leaves_nothing()
    {
        _shard.AddStore(0);
        _shard.Start(Keys.Page(1));

        Assert.Equal(CacheOutcome.Done, _shard.State.Decide(new PutRevoke(0, Keys.Tenant, Keys.Writer, Keys.Of(1))).Pages[0]);

        Assert.Equal(CacheOutcome.NotFound, _shard.Look(1).Outcome);
        Assert.Equal(CacheOutcome.Done, _shard.Put(1));
    }

    [Fact]
    public void A_put_that_got_no_copy_is_revoked_by_its_end()
    {
        _shard.AddStore(0);
        _shard.Start(Keys.Page(1));

        Assert.Equal(CacheOutcome.NoSpace, _shard.End(Keys.Key(1), []));

        Assert.Equal(CacheOutcome.NotFound, _shard.Look(1).Outcome);
    }

    [Fact]
    public void The_second_put_of_a_page_is_refused_while_the_first_stands()
    {
        _shard.AddStore(0);
        _shard.Start(Keys.Page(1));

        Assert.Equal(CacheOutcome.AlreadyExists, _shard.Start(Keys.Page(1), writer: Keys.OtherWriter).Outcome);
        Assert.Equal(CacheOutcome.Done, _shard.End(Keys.Page(1), new PutPlace(CacheOutcome.Done, [Keys.Store(0)])));
        Assert.Equal(CacheOutcome.AlreadyExists, _shard.Put(1));
        Assert.Equal(7u, _shard.Look(1).Checksum);
    }

    [Fact]
    public void Copies_lie_in_stores_of_their_own()
    {
        for (var i = 0; i < 20; i++) _shard.AddStore(i);

        _shard.Put(1, Keys.Plain with { Replicas = 10 });

        Assert.Equal(10, _shard.Look(1).Replicas.Select(replica => replica.Store).Distinct().Count());
    }

    [Fact]
    public void Two_copies_and_one_store_make_one_copy_that_is_reported()
    {
        _shard.AddStore(0);

        Assert.Equal(CacheOutcome.Done, _shard.Put(1, Keys.Plain with { Replicas = 2 }));

        Assert.Single(_shard.Look(1).Replicas);
        Assert.Equal(1, _shard.State.Status(_shard.Now).UnderReplicated);
    }

    /// <summary>Mooncake keeps the room of the earlier put for 600 s; ours has its own, which nobody else can write to.</summary>
    [Fact]
    public void An_unfinished_put_can_be_replaced_after_its_time()
    {
        _shard.AddStore(0);
        var first = _shard.Start(Keys.Page(1));

        _shard.Now += 29_000;
        Assert.Equal(CacheOutcome.AlreadyExists, _shard.Start(Keys.Page(1), writer: Keys.OtherWriter).Outcome);
        _shard.Now += 2_000;
        var second = _shard.Start(Keys.Page(1), writer: Keys.OtherWriter);

        Assert.Equal(CacheOutcome.Done, second.Outcome);
        Assert.Equal(CacheOutcome.OtherWriter, _shard.End(Keys.Page(1), first));
        Assert.Equal(CacheOutcome.Done, _shard.End(Keys.Page(1), second, Keys.OtherWriter));
    }

    [Fact]
    public void A_writer_that_is_never_heard_of_again_leaves_no_put()
    {
        _shard.AddStore(0);
        _shard.Start(Keys.Page(1));

        _shard.Now += 61_000;
        _shard.State.Expire(_shard.Now);

        Assert.Equal(0, _shard.State.Status(_shard.Now).Unfinished);
        Assert.Equal(CacheOutcome.NotStarted, _shard.End(Keys.Page(1), new PutPlace(CacheOutcome.Done, [Keys.Store(0)])));
    }

    [Fact]
    public void Batches_keep_their_order_with_mixed_results()
    {
        _shard.AddStore(0);
        _shard.Put(1);
        _shard.Put(2);
        _shard.Start(Keys.Page(3));

        Assert.Equal([CacheOutcome.Done, CacheOutcome.NotFound, CacheOutcome.NotReady, CacheOutcome.Done], _shard.Exists(1, 9, 3, 2));
        var found = _shard.State.Answer(new Query(0, Keys.Tenant, Lease: false, Keys.Of(9, 2, 1)), _shard.Now).Pages;
        Assert.Equal([CacheOutcome.NotFound, CacheOutcome.Done, CacheOutcome.Done], found.Select(page => page.Outcome));
    }

    [Fact]
    public void A_preferred_store_is_taken_first_then_one_on_the_writers_host_then_the_emptiest()
    {
        _shard.AddStore(0, host: "a");
        _shard.AddStore(1, host: "b");
        _shard.AddStore(2, capacity: 1 << 22, host: "c");

        Assert.Equal(Keys.Store(1), _shard.Start(Keys.Page(1), host: "b").Stores[0]);
        Assert.Equal(Keys.Store(0), _shard.Start(Keys.Page(2), Keys.Plain with { Preferred = [Keys.Store(0)] }, host: "b").Stores[0]);
        for (var i = 10; i < 20; i++) _shard.Put(Keys.Page(i, 50_000), host: "a");
        _shard.Put(Keys.Page(20, 50_000), host: "b");
        _shard.ReportStores();
        Assert.Equal(Keys.Store(2), _shard.Start(Keys.Page(3)).Stores[0]);
    }

    [Fact]
    public void A_full_store_on_the_writers_host_leaves_the_page_to_another_one()
    {
        _shard.AddStore(0, capacity: 4096, host: "a");
        _shard.AddStore(1, host: "b");
        for (var i = 0; i < 4; i++) Assert.Equal(CacheOutcome.Done, _shard.Put(Keys.Page(i), host: "a"));
        _shard.ReportStores();

        Assert.Equal(Keys.Store(1), _shard.Start(Keys.Page(9), host: "a").Stores[0]);
    }

    [Fact]
    public void No_room_anywhere_is_said()
    {
        Assert.Equal(CacheOutcome.NoSpace, _shard.Put(1));
        _shard.AddStore(0, capacity: 512);
        Assert.Equal(CacheOutcome.NoSpace, _shard.Put(1));
    }
}
