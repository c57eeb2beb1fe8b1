using System.Collections.Immutable;
using ActorInference.Actors.Protocols;
using ActorInference.Cache.Store;
using static ActorInference.Actors.Protocols.CacheShardProtocol;
using static ActorInference.Actors.Protocols.CacheStoreProtocol;

namespace ActorInference.Cache.Tests.Store;

/// <summary>Cases of docs/conformance.md that no other test has.</summary>
public sealed class ConformanceTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("conformance-").FullName;
    private readonly ShardBench _shard = new();

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(0)]
    [InlineData(-4096)]
    public void A_store_without_memory_is_refused(long bytes)
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => StoreMemory.Private(bytes));
        Assert.Throws<ArgumentOutOfRangeException>(() => StoreMemory.Shared(bytes));
        Assert.Throws<ArgumentOutOfRangeException>(() => StoreMemory.Kept("none", bytes));
    }

    [Fact]
    public void A_store_that_comes_twice_or_leaves_twice_or_was_never_known_changes_nothing()
    {
        _shard.AddStore(0);
        _shard.AddStore(1);
        _shard.Put(1, Keys.Plain with { Replicas = 2 });
        var journaled = _shard.Journal.Count;

        var known = StoreTable.Empty.With(new KnownStore(Keys.Report(0), IsSuspect: false)).With(new KnownStore(Keys.Report(1), IsSuspect: false));
        _shard.Table(known);
        _shard.Table(known);
        Assert.Equal((2, journaled), (_shard.Look(1).Replicas.Length, _shard.Journal.Count));

        _shard.Unmount(0);
        var left = _shard.Journal.Count;
        _shard.Unmount(0);
        _shard.Unmount(77);
        Assert.Equal((1, left), (_shard.Look(1).Replicas.Length, _shard.Journal.Count));
    }

    /// <summary>The offload of Mooncake at each put, or at eviction, is the snapshot here: it writes what is wanted at that time.</summary>
    [Fact]
    public async Task What_was_removed_before_a_snapshot_is_not_written_and_what_was_written_leaves_the_disk_with_its_page()
    {
        await using var system = new StoreSystem();
        var store = await system.AddStoreAsync(0, disk: new StoreDiskOptions { Path = _folder, QuotaBytes = 1 << 30 });
        var admin = new CacheAdministration(system.System, system.Shards, 4, StoreSystem.Patience);
        await system.PutAsync(0, system.Fill(3, seed: 1));
        await StoreSystem.UntilAsync("all are wanted", () => system.KeptPages(store) == 3);

        Assert.Equal(1, await admin.RemoveAsync(StorageClientOptions.DefaultTenant, $"^{Keys.Key(0)}$", force: true));
        await StoreSystem.UntilAsync("the store has heard of it", () => system.KeptPages(store) == 2);
        Assert.Equal(2, (await system.GovernAsync(store, StoreAction.Snapshot)).Pages);
        Assert.Equal(2, (await system.StatusAsync(store)).DiskPages);

        // A page that its shard does not know to be on disk yet is not taken from there.
        await StoreSystem.UntilAsync("its shard knows", async () => (await system.LookAsync(1)).Replicas.Any(replica => replica.IsOnDisk));
        Assert.Equal(1, await admin.RemoveAsync(StorageClientOptions.DefaultTenant, $"^{Keys.Key(1)}$", force: true));
        await StoreSystem.UntilAsync("the disk has one left", async () => (await system.StatusAsync(store)).DiskPages == 1);
    }

    [Fact]
    public void A_page_without_a_disk_copy_is_dropped_under_pressure_and_one_with_it_stays_readable()
    {
        _shard.AddStore(0, capacity: 16 << 10);
        for (var i = 0; i < 8; i++) _shard.Put(i);
        _shard.Do(_shard.State.Decide(new DiskChanged(0, Keys.Store(0), IsAdded: true, [.. Enumerable.Range(0, 4).Select(i => new TenantKey(Keys.Tenant, Keys.Key(i)))])));

        _shard.Do(_shard.State.Evict(Keys.Store(0), 8 << 10, _shard.Now));

        Assert.All(Enumerable.Range(0, 4), i => Assert.True(Assert.Single(_shard.Look(i).Replicas).IsOnDisk));
        Assert.All(Enumerable.Range(4, 4), i => Assert.False(_shard.IsThere(i)));
        Assert.Equal(0, _shard.UsedBytes(0));
    }

    [Fact]
    public void A_removal_hides_at_once_and_a_put_shows_when_it_is_durable()
    {
        _shard.AddStore(0);
        var place = _shard.Start(Keys.Page(1));
        var copy = _shard.Allocate(place.Stores[0], 1024)!.Value;

        var end = _shard.State.Decide(new PutEnd(0, Keys.Tenant, Keys.Writer, [new EndedPage(Keys.Key(1), 7, [copy])]), _shard.Now);
        Assert.False(_shard.IsThere(1));   // Not journaled yet.
        _shard.Do(end);
        Assert.True(_shard.IsThere(1));

        var remove = _shard.State.Decide(new Remove(0, Keys.Tenant, Force: true, Keys.Of(1)), _shard.Now);
        Assert.False(_shard.IsThere(1));
        Assert.Equal(1024, _shard.UsedBytes(0));   // Its room is free when the removal is journaled.
        _shard.Do(remove);
        Assert.Equal(0, _shard.UsedBytes(0));
    }

    [Fact]
    public void A_recovered_page_is_neither_readable_nor_evicted_until_its_store_is_heard_of()
    {
        _shard.AddStore(0);
        _shard.Put(1);
        var state = _shard.Replay();
        var query = new Query(0, Keys.Tenant, Lease: true, Keys.Of(1));

        Assert.NotEqual(CacheOutcome.Done, state.Answer(query, _shard.Now).Pages[0].Outcome);
        Assert.Empty(state.Decide(StoreTable.Empty, _shard.Now).Events);
        Assert.Equal(1, state.PageCount);

        state.Decide(StoreTable.Empty.With(new KnownStore(Keys.Report(0), IsSuspect: false)), _shard.Now);

        Assert.Equal(CacheOutcome.Done, state.Answer(query, _shard.Now).Pages[0].Outcome);
        Assert.Equal(CacheOutcome.Leased, ((Outcomes)state.Decide(new Remove(0, Keys.Tenant, Force: false, Keys.Of(1)), _shard.Now).Reply!).Pages[0]);
    }

    [Fact]
    public void Copies_under_way_are_limited_and_one_that_takes_too_long_makes_room()
    {
        var shard = new ShardBench(new CacheShardOptions { Buckets = 1, MaxCopies = 2 });
        shard.AddStore(0);
        for (var i = 0; i < 5; i++) shard.Put(i, Keys.Plain with { Replicas = 2 });
        shard.AddStore(1);
        var events = ImmutableArray.CreateBuilder<CacheShardEvents.IShardEvent>();

        Assert.Equal(2, shard.State.PlanCopies(shard.Now, events).Sum(order => order.Pages.Length));
        Assert.Equal(0, shard.State.PlanCopies(shard.Now, events).Sum(order => order.Pages.Length));
        shard.Now += 30_001;
        Assert.Equal(2, shard.State.PlanCopies(shard.Now, events).Sum(order => order.Pages.Length));
    }
}
