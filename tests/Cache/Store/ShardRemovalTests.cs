using ActorInference.Actors.Protocols;
using ActorInference.Cache.Store;
using static ActorInference.Actors.Protocols.CacheShardProtocol;

namespace ActorInference.Cache.Tests.Store;

/// <summary>Leases, removal, pins and tenants: Mooncake's conformance cases 7, 8, 12, 13 and 29.</summary>
public sealed class ShardRemovalTests
{
    private readonly ShardBench _shard = new();

    public ShardRemovalTests()
    {
        _shard.AddStore(0);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_leased_page_is_not_removed_until_its_lease_ends(bool byExists)
    {
        _shard.Put(1);
        if (byExists) _shard.Exists(1);
        else _shard.Get(1);

        Assert.Equal(CacheOutcome.Leased, _shard.Remove(1));
        _shard.Now += 9_000;
        _shard.Get(1);   // Extends it.
        _shard.Now += 9_000;
        Assert.Equal(CacheOutcome.Leased, _shard.Remove(1));
        _shard.Now += 1_001;
        Assert.Equal(CacheOutcome.Done, _shard.Remove(1));
        Assert.Equal(CacheOutcome.NotFound, _shard.Exists(1)[0]);
        Assert.Equal(0, _shard.UsedBytes(0));
    }

    [Fact]
    public void Force_removes_a_leased_page_at_once()
    {
        _shard.Put(1);
        _shard.Get(1);

        Assert.Equal(CacheOutcome.Done, _shard.Remove(1, force: true));
        Assert.Equal(CacheOutcome.NotFound, _shard.Remove(1, force: true));
    }

    [Fact]
    public void The_end_of_a_put_grants_no_lease()
    {
        _shard.Put(1);

        Assert.Equal(CacheOutcome.Done, _shard.Remove(1));
    }

    [Fact]
    public void Removing_all_leaves_the_leased_ones()
    {
        for (var i = 0; i < 10; i++) _shard.Put(i);
        _shard.Exists(0, 1, 2, 3, 4);

        Assert.Equal(5, RemoveMatching(""));
        _shard.Now += 10_001;
        Assert.Equal(5, RemoveMatching(""));
        Assert.Equal(0, _shard.State.PageCount);
    }

    [Fact]
    public void A_pattern_removes_the_keys_that_match_it()
    {
        for (var i = 0; i < 10; i++) _shard.Put(i);
        var one = Keys.Key(3).ToString();

        Assert.Equal(0, RemoveMatching("^xyz"));
        Assert.Equal(1, RemoveMatching($"^{one[..20]}"));
        Assert.Equal(9, RemoveMatching("^[0-9a-f]+$"));
        Assert.ThrowsAny<ArgumentException>(() => RemoveMatching("("));
    }

    [Fact]
    public void A_pin_has_sensible_times()
    {
        var pinned = Keys.Plain with { Pin = PinAction.Enable };

        Assert.Equal(CacheOutcome.Invalid, _shard.Start(Keys.Page(1), Keys.Plain with { PinMs = 5 }).Outcome);
        Assert.Equal(CacheOutcome.Invalid, _shard.Start(Keys.Page(1), pinned with { PinMs = 86_400_001 }).Outcome);
        Assert.Equal(CacheOutcome.Invalid, _shard.Start(Keys.Page(1), pinned with { Pin = (PinAction)9 }).Outcome);
        Assert.Equal(CacheOutcome.Done, _shard.Put(1, pinned with { PinMs = 0 }));
        Assert.Equal(0, _shard.State.Status(_shard.Now).SoftPinned);
        Assert.Equal(CacheOutcome.Done, _shard.Put(2, pinned with { PinMs = 1_000 }));
        Assert.Equal(1, _shard.State.Status(_shard.Now).SoftPinned);
    }

    [Fact]
    public void A_read_does_not_revive_a_pin_that_has_expired()
    {
        _shard.Put(1, Keys.Plain with { Pin = PinAction.Enable, PinMs = 1_000 });
        _shard.Put(2);
        _shard.Now += 500;
        Assert.Equal(1, _shard.State.Status(_shard.Now).SoftPinned);
        _shard.Now += 501;
        _shard.Get(1);

        Assert.Equal(0, _shard.State.Status(_shard.Now).SoftPinned);
        _shard.Now += 10_001;
        _shard.Do(_shard.State.EvictCount(1.0, _shard.Now));
        Assert.False(_shard.IsThere(1));
    }

    [Fact]
    public void A_page_is_pinned_and_unpinned_later()
    {
        _shard.Put(1);
        Pin(1, PinAction.Enable, 60_000);
        Assert.Equal(1, _shard.State.Status(_shard.Now).SoftPinned);
        Pin(1, PinAction.Preserve, 0);
        Assert.Equal(1, _shard.State.Status(_shard.Now).SoftPinned);
        Pin(1, PinAction.Disable, 0);
        Assert.Equal(0, _shard.State.Status(_shard.Now).SoftPinned);
        Assert.Equal(CacheOutcome.NotFound, Pin(2, PinAction.Enable, 60_000));
    }

    [Fact]
    public void A_hard_pinned_page_survives_all_eviction_and_no_forced_removal()
    {
        _shard.Put(1, Keys.Plain with { HardPin = true });
        for (var i = 2; i < 12; i++) _shard.Put(i);

        for (var round = 0; round < 5; round++) _shard.Do(_shard.State.EvictCount(1.0, _shard.Now));

        Assert.Equal(1, _shard.State.PageCount);
        Assert.Equal(CacheOutcome.Done, _shard.Remove(1, force: true));
    }

    [Fact]
    public void The_same_key_of_two_tenants_is_two_pages()
    {
        _shard.Put(Keys.Page(1), tenant: "a");

        Assert.Equal(CacheOutcome.NotFound, _shard.Look(1, "b").Outcome);
        Assert.Equal(CacheOutcome.Done, _shard.Put(Keys.Page(1), tenant: "b"));
        _shard.Do(_shard.State.Decide(new Remove(0, "a", false, Keys.Of(1)), _shard.Now));
        Assert.Equal(CacheOutcome.NotFound, _shard.Look(1, "a").Outcome);
        Assert.Equal(CacheOutcome.Done, _shard.Look(1, "b").Outcome);
    }

    [Fact]
    public void A_tenant_over_its_quota_evicts_its_own_pages_and_no_others()
    {
        for (var i = 0; i < 20; i++) _shard.Put(Keys.Page(i), tenant: "big");
        _shard.Do(_shard.State.Decide(new SetQuota(0, "small", 4_096)));
        for (var i = 0; i < 10; i++) Assert.Equal(CacheOutcome.Done, _shard.Put(Keys.Page(i), tenant: "small"));

        Assert.Equal(20, Enumerable.Range(0, 20).Count(i => _shard.Look(i, "big").Outcome == CacheOutcome.Done));
        Assert.Equal([6, 7, 8, 9], Enumerable.Range(0, 10).Where(i => _shard.Look(i, "small").Outcome == CacheOutcome.Done));
    }

    [Fact]
    public void A_quota_full_of_leased_pages_refuses()
    {
        _shard.Do(_shard.State.Decide(new SetQuota(0, Keys.Tenant, 2_048)));
        _shard.Put(1);
        _shard.Put(2);
        _shard.Exists(1, 2);

        Assert.Equal(CacheOutcome.QuotaExceeded, _shard.Put(3));
        Assert.Equal(CacheOutcome.QuotaExceeded, _shard.Put(Keys.Page(4, bytes: 4_096)));
        _shard.Now += 10_001;
        Assert.Equal(CacheOutcome.Done, _shard.Put(3));
    }

    [Fact]
    public void Puts_under_way_count_against_the_quota()
    {
        _shard.Do(_shard.State.Decide(new SetQuota(0, Keys.Tenant, 2_048)));

        Assert.Equal(CacheOutcome.Done, _shard.Start(Keys.Page(1)).Outcome);
        Assert.Equal(CacheOutcome.Done, _shard.Start(Keys.Page(2)).Outcome);
        Assert.Equal(CacheOutcome.QuotaExceeded, _shard.Start(Keys.Page(3)).Outcome);
    }

    [Fact]
    public void Where_quotas_are_needed_an_unknown_tenant_is_refused()
    {
        var shard = new ShardBench(new CacheShardOptions { Buckets = 1, NeedsQuota = true });
        shard.AddStore(0);

        Assert.Equal(CacheOutcome.UnknownTenant, shard.Put(1));
        shard.Do(shard.State.Decide(new SetQuota(0, Keys.Tenant, 10_000)));
        Assert.Equal(CacheOutcome.Done, shard.Put(1));
        Assert.Equal(CacheOutcome.Busy, ((Outcomes)shard.State.Decide(new SetQuota(0, Keys.Tenant, null)).Reply!).Pages[0]);
        shard.Remove(1);
        Assert.Equal(CacheOutcome.Done, ((Outcomes)shard.State.Decide(new SetQuota(0, Keys.Tenant, null)).Reply!).Pages[0]);
    }

    [Fact]
    public void Pages_are_listed_in_the_order_of_their_keys_a_part_at_a_time()
    {
        for (var i = 0; i < 10; i++) _shard.Put(i);
        var listed = new List<ListedPage>();
        while (_shard.State.Answer(new List(0, Keys.Tenant, listed.LastOrDefault().Key, 3), _shard.Now).Pages is { Length: > 0 } pages) listed.AddRange(pages);

        Assert.Equal(10, listed.Count);
        Assert.Equal(listed.OrderBy(page => page.Key.High).ThenBy(page => page.Key.Low), listed);
        Assert.All(listed, page => Assert.Equal((1, 0, false), (page.MemoryReplicas, page.DiskReplicas, page.IsPinned)));
    }

    private int RemoveMatching(string pattern)
    {
        var decision = _shard.State.Decide(new RemoveMatching(0, Keys.Tenant, false, pattern), _shard.Now);
        _shard.Do(decision);
        return ((Counted)decision.Reply!).Pages;
    }

    private CacheOutcome Pin(int number, PinAction action, long ms)
    {
        var decision = _shard.State.Decide(new Pin(0, Keys.Tenant, action, ms, Keys.Of(number)), _shard.Now);
        _shard.Do(decision);
        return ((Outcomes)decision.Reply!).Pages[0];
    }
}
