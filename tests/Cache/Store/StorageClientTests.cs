using System.Diagnostics;
using ActorInference.Actors.Protocols;
using ActorInference.Cache.Store;
using ActorInference.Cache.Transfer;
using Akka.Actor;

namespace ActorInference.Cache.Tests.Store;

/// <summary>Pages through the whole tier: client, shards, stores.</summary>
public sealed class StorageClientTests
{
    [Theory]
    [InlineData("in process")]
    [InlineData("shared memory")]
    [InlineData("network")]
    public async Task What_was_put_is_found_and_read(string way)
    {
        await using var system = new StoreSystem(isShared: way == "shared memory", listens: way == "network", client: Client(way));
        await system.AddStoreAsync(0, way == "shared memory" ? StoreMemory.Shared(8 << 20) : null, listens: way == "network");
        if (way != "in process") system.ForgetMemory();
        var pages = system.Fill(40, seed: 1);

        Assert.Equal(40, await system.PutAsync(0, pages));
        Assert.Equal(40, await system.FindAsync(0, 60));
        await StoreSystem.UntilAsync("the view for readers is known", () => way != "network" || system.Process.Table.Stores.Values.Single().Report.Views.Length > 0);
        Assert.Equal(40, await system.GetAsync(0, pages));
    }

    [Fact]
    public async Task Only_the_leading_pages_count()
    {
        await using var system = new StoreSystem();
        await system.AddStoreAsync(0);
        await system.PutAsync(0, system.Fill(10, seed: 1));
        await system.PutAsync(20, system.Fill(10, seed: 2));

        Assert.Equal(10, await system.FindAsync(0, 30));
        Assert.Equal(0, await system.FindAsync(15, 10));
    }

    [Fact]
    public async Task Pages_that_were_there_before_count_as_stored_and_keep_their_bytes()
    {
        await using var system = new StoreSystem();
        var store = await system.AddStoreAsync(0);
        var first = system.Fill(4, seed: 1);
        await system.PutAsync(0, first);

        Assert.Equal(8, await system.PutAsync(0, system.Fill(8, seed: 2)));

        Assert.Equal(4, await system.GetAsync(0, first));
        Assert.Equal(8, (await system.StatusAsync(store)).Pages);
    }

    [Fact]
    public async Task Without_stores_everything_is_a_miss_at_once()
    {
        await using var system = new StoreSystem();
        var watch = Stopwatch.StartNew();

        Assert.Equal(0, await system.PutAsync(0, system.Fill(2, seed: 1)));
        Assert.Equal(0, await system.FindAsync(0, 2));
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20), $"It took {watch.Elapsed}, as long as a deadline.");
    }

    [Fact]
    public async Task A_read_that_one_copy_fails_goes_to_the_next_one()
    {
        await using var system = new StoreSystem(client: new StorageClientOptions { Policy = Keys.Plain with { Replicas = 2 } });
        await system.AddStoreAsync(0);
        await system.AddStoreAsync(1);
        var pages = system.Fill(8, seed: 1);
        Assert.Equal(8, await system.PutAsync(0, pages));
        for (var i = 0; i < 8; i += 2) system.FlipBit((await system.LookAsync(i)).Replicas[0], byteIndex: 100);

        Assert.Equal(8, await system.GetAsync(0, pages));
    }

    [Fact]
    public async Task A_flipped_bit_is_a_miss_and_the_page_can_be_put_again()
    {
        await using var system = new StoreSystem();
        var store = await system.AddStoreAsync(0);
        var pages = system.Fill(8, seed: 1);
        await system.PutAsync(0, pages);
        system.FlipBit((await system.LookAsync(5)).Replicas[0], byteIndex: 1_000);

        Assert.Equal(5, await system.GetAsync(0, pages));

        await StoreSystem.UntilAsync("the broken copy is forgotten", async () => (await system.LookAsync(5)).Outcome == CacheOutcome.NotFound);
        await StoreSystem.UntilAsync("its room is free", async () => (await system.StatusAsync(store)).Pages == 7);
        Assert.Equal(8, await system.PutAsync(0, pages));
        Assert.Equal(8, await system.GetAsync(0, pages));
    }

    [Fact]
    public async Task A_full_store_evicts_and_what_is_read_is_right()
    {
        var pageBytes = StoreSystem.Layout.PageBytes;
        await using var system = new StoreSystem(new CacheShardOptions { Buckets = 4, Lease = TimeSpan.FromMilliseconds(1), AgeStep = TimeSpan.FromMilliseconds(1) });
        var store = await system.AddStoreAsync(0, StoreMemory.Private(64 * pageBytes));
        var pages = system.Fill(200, seed: 1);
        for (var first = 0; first < 200; first += 10)
        {
            var part = pages[first..(first + 10)];
            await StoreSystem.UntilAsync("there is room", async () => await system.PutAsync(first, part) == 10);
        }

        Assert.Equal(10, await system.GetAsync(190, pages[190..]));
        await StoreSystem.UntilAsync("it is below its watermark", async () => (await system.StatusAsync(store)) is var status && status.UsedBytes <= 0.9 * status.CapacityBytes);
    }

    [Fact]
    public async Task Pages_that_nobody_claims_are_freed()
    {
        await using var system = new StoreSystem();
        var store = await system.AddStoreAsync(0);
        var pages = system.Fill(3, seed: 1);
        var given = pages.Select((page, i) => new CacheStoreProtocol.GivenPage(
            Keys.Page(i, StoreSystem.Layout.PageBytes), new Actors.Kv.KvPageReference(page, system.Pool.Generation(page)), Actors.Kv.PageChecksum.Compute(system.Pool.Bytes(page).Span)));

        var done = await store.Ask<CacheStoreProtocol.PutDone>(new CacheStoreProtocol.Put("nobody", system.Pool.Id, null, [.. given]), StoreSystem.Patience);

        Assert.All(done.Replicas, replica => Assert.NotNull(replica));
        await StoreSystem.UntilAsync("they are freed", async () => (await system.StatusAsync(store)).Pages == 0);
    }

    [Fact]
    public async Task A_stores_unmounting_is_known_at_once_and_pages_elsewhere_stay()
    {
        await using var system = new StoreSystem(client: new StorageClientOptions { Policy = Keys.Plain with { Replicas = 2 } });
        var first = await system.AddStoreAsync(0);
        await system.AddStoreAsync(1);
        var pages = system.Fill(8, seed: 1);
        await system.PutAsync(0, pages);

        await system.GovernAsync(first, CacheStoreProtocol.StoreAction.Unmount);

        await StoreSystem.UntilAsync("it is gone", () => !system.Process.Table.TryGet(Keys.Store(0), out _));
        Assert.Equal(8, await system.GetAsync(0, pages));
    }

    [Fact]
    public async Task A_silent_store_is_suspect_and_read_again_when_it_is_heard_of()
    {
        await using var system = new StoreSystem(liveness: new StoreLiveness { Tick = TimeSpan.FromMilliseconds(20), SuspectAfter = TimeSpan.FromMilliseconds(300) });
        var store = await system.AddStoreAsync(0);
        var pages = system.Fill(4, seed: 1);
        await StoreSystem.UntilAsync("they are stored", async () => await system.PutAsync(0, pages) == 4);
        var report = system.Process.Table.Stores.Values.Single().Report;
        var ghost = report with { Store = Keys.Store(9), Epoch = Guid.NewGuid() };
        system.Directory.Tell(ghost);   // Heard of once, and never again.

        await StoreSystem.UntilAsync("the silent one is suspect", () => system.Process.Table.TryGet(Keys.Store(9), out var known) && known.IsSuspect);
        // On a busy machine the other one, too, is late now and then.
        await StoreSystem.UntilAsync("those of the other are read", async () => await system.GetAsync(0, pages) == 4);
        await StoreSystem.UntilAsync("it is not suspect", () =>
        {
            system.Directory.Tell(ghost);
            return system.Process.Table.TryGet(Keys.Store(9), out var known) && !known.IsSuspect;
        });
    }

    [Fact]
    public async Task A_store_that_dies_is_suspect_before_it_counts_as_silent_and_nobody_waits_for_it()
    {
        await using var system = new StoreSystem(
            liveness: new StoreLiveness { Tick = TimeSpan.FromMilliseconds(20), SuspectAfter = TimeSpan.FromHours(1) },
            client: new StorageClientOptions { Policy = Keys.Plain with { Replicas = 2 } });
        var dying = await system.AddStoreAsync(0);
        await system.AddStoreAsync(1);
        var pages = system.Fill(8, seed: 1);
        await system.PutAsync(0, pages);

        await system.KillAsync(dying);

        await StoreSystem.UntilAsync("the dead one is suspect", () => system.Process.Table.TryGet(Keys.Store(0), out var known) && known.IsSuspect);
        Assert.Equal(8, await system.GetAsync(0, pages));
        Assert.Equal(8, await system.PutAsync(20, system.Fill(8, seed: 2)));
        await system.AddStoreAsync(0);   // Known as its new life, and not suspect.
    }

    [Fact]
    public async Task A_store_that_drains_loses_no_page()
    {
        await using var system = new StoreSystem(new CacheShardOptions { Buckets = 2, Lease = TimeSpan.FromMilliseconds(1) });
        var first = await system.AddStoreAsync(0);
        var pages = system.Fill(100, seed: 1);
        await system.PutAsync(0, pages);
        await system.AddStoreAsync(1);

        var drained = await system.GovernAsync(first, CacheStoreProtocol.StoreAction.Drain);

        Assert.Equal((100, 0), (drained.Pages, drained.Failed));
        await StoreSystem.UntilAsync("it is gone", () => !system.Process.Table.TryGet(Keys.Store(0), out _));
        Assert.Equal(100, await system.GetAsync(0, pages));
    }

    [Fact]
    public async Task Verifying_finds_broken_pages_and_forgets_them()
    {
        await using var system = new StoreSystem();
        var store = await system.AddStoreAsync(0);
        await system.PutAsync(0, system.Fill(10, seed: 1));
        system.FlipBit((await system.LookAsync(3)).Replicas[0], byteIndex: 5);

        var verified = await system.GovernAsync(store, CacheStoreProtocol.StoreAction.Verify);

        Assert.Equal((10, 1), (verified.Pages, verified.Failed));
        await StoreSystem.UntilAsync("it is forgotten", async () => (await system.LookAsync(3)).Outcome == CacheOutcome.NotFound);
    }

    [Fact]
    public async Task A_storage_that_does_not_answer_costs_a_few_deadlines_and_then_none()
    {
        await using var system = new StoreSystem();
        await system.AddStoreAsync(0);
        var deaf = system.System.ActorOf(Props.Create(() => new DeafActor()));
        var options = new StorageClientOptions { QueryDeadline = TimeSpan.FromMilliseconds(50), BreakerPause = TimeSpan.FromMinutes(10) };
        await using var client = new StorageClient(system.System, deaf, options, _ => null, TimeProvider.System);

        for (var i = 0; i < 3; i++) Assert.Equal(0, await client.FindLeadingAsync(StoreSystem.Run(0, 4), CancellationToken.None));

        Assert.Equal(1, client.BreakerOpened);
        var watch = Stopwatch.StartNew();
        for (var i = 0; i < 1_000; i++) Assert.Equal(0, await client.FindLeadingAsync(StoreSystem.Run(0, 4), CancellationToken.None));
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20), $"1000 calls took {watch.Elapsed}.");
    }

    private static StorageClientOptions Client(string way) =>
        new() { OffersPools = way == "in process", Fetching = new PageFetcherOptions { UseSharedMemory = way == "shared memory", Stall = TimeSpan.FromSeconds(20) } };

    private sealed class DeafActor : ReceiveActor
    {
        public DeafActor()
        {
            ReceiveAny(_ => { });
        }
    }
}
