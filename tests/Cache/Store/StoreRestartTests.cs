using ActorInference.Actors.Protocols;
using ActorInference.Cache.Store;
using Akka.Actor;
using static ActorInference.Actors.Protocols.CacheStoreProtocol;

namespace ActorInference.Cache.Tests.Store;

/// <summary>Stores that end and begin again with what their disk, or memory that was kept, has.</summary>
public sealed class StoreRestartTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("store-restart-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task What_was_persisted_is_back_after_an_orderly_stop()
    {
        await using var system = new StoreSystem();
        var store = await system.AddStoreAsync(0, disk: Disk());
        var pages = system.Fill(50, seed: 1);
        await system.PutAsync(0, pages);
        await UntilKeptAsync(system, store, 50);

        Assert.Equal(50, (await system.GovernAsync(store, StoreAction.Unmount)).Pages);
        await StoreSystem.UntilAsync("nothing is found", async () => await system.FindAsync(0, 50) == 0);
        var again = await system.AddStoreAsync(0, disk: Disk());

        await StoreSystem.UntilAsync("all is found", async () => await system.FindAsync(0, 50) == 50);
        Assert.Equal(50, await system.GetAsync(0, pages));
        await StoreSystem.UntilAsync("the warm-up is told", async () => (await system.StatusAsync(again)).Warmed == 50);
    }

    [Fact]
    public async Task A_store_without_pages_says_that_it_is_unmounted()
    {
        await using var system = new StoreSystem();
        for (var i = 0; i < 20; i++)
        {
            // It has begun to look at its disk, and reports what it has when that ends.
            var store = await system.AddStoreAsync(0, disk: Disk());
            Assert.Equal(0, (await system.GovernAsync(store, StoreAction.Unmount)).Pages);
        }
    }

    [Fact]
    public async Task What_a_snapshot_has_comes_back_after_a_kill_and_the_rest_is_a_miss()
    {
        await using var system = new StoreSystem();
        var store = await system.AddStoreAsync(0, disk: Disk());
        var pages = system.Fill(30, seed: 1);
        await system.PutAsync(0, pages[..20]);
        await UntilKeptAsync(system, store, 20);
        Assert.Equal(20, (await system.GovernAsync(store, StoreAction.Snapshot)).Pages);
        await system.PutAsync(20, pages[20..]);

        await system.KillAsync(store);
        await system.AddStoreAsync(0, disk: Disk());

        await StoreSystem.UntilAsync("the persisted ones are found", async () => await system.FindAsync(0, 30) == 20);
        Assert.Equal(20, await system.GetAsync(0, pages));
        Assert.Equal(10, await system.PutAsync(20, pages[20..]));
        Assert.Equal(30, await system.GetAsync(0, pages));
    }

    [Fact]
    public async Task A_snapshot_is_taken_when_its_time_has_come()
    {
        await using var system = new StoreSystem();
        var store = await system.AddStoreAsync(0, disk: Disk() with { SnapshotInterval = TimeSpan.FromMilliseconds(100) });
        await system.PutAsync(0, system.Fill(10, seed: 1));

        await StoreSystem.UntilAsync("they are on disk", async () => (await system.StatusAsync(store)).DiskPages == 10);
    }

    [Fact]
    public async Task Pages_beyond_the_memory_are_read_from_disk_and_the_second_reader_brings_them_back()
    {
        var pageBytes = StoreSystem.Layout.PageBytes;
        await using var system = new StoreSystem();
        var store = await system.AddStoreAsync(0, disk: Disk());
        var pages = system.Fill(60, seed: 1);
        await system.PutAsync(0, pages);
        await UntilKeptAsync(system, store, 60);
        await system.GovernAsync(store, StoreAction.Unmount);

        var small = await system.AddStoreAsync(0, StoreMemory.Private(40 * pageBytes), Disk() with { WarmShare = 0.25 });
        await StoreSystem.UntilAsync("all is found", async () => await system.FindAsync(0, 60) == 60);
        List<int> isOnDiskOnly = [];
        // That they are on disk was never forgotten; which ones are in memory is told as they are read.
        await StoreSystem.UntilAsync("some are in memory", async () =>
        {
            isOnDiskOnly = [];
            for (var i = 0; i < 60; i++)
            {
                if ((await system.LookAsync(i)).Replicas.All(static replica => replica.IsOnDisk)) isOnDiskOnly.Add(i);
            }

            return isOnDiskOnly.Count <= 55 && (await system.StatusAsync(small)).Warmed == 60;
        });

        Assert.InRange(isOnDiskOnly.Count, 45, 55);
        var cold = isOnDiskOnly[0];
        Assert.Equal(1, await system.GetAsync(cold, pages[cold..(cold + 1)]));
        Assert.Equal(1, await system.GetAsync(cold, pages[cold..(cold + 1)]));
        await StoreSystem.UntilAsync("it is in memory again", async () => (await system.LookAsync(cold)).Replicas.Any(replica => !replica.IsOnDisk));
        Assert.Equal(60, (await system.StatusAsync(small)).DiskPages);
    }

    [Fact]
    public async Task A_rotten_file_loses_its_own_pages_only()
    {
        await using var system = new StoreSystem();
        var store = await system.AddStoreAsync(0, disk: Disk());
        var pages = system.Fill(20, seed: 1);
        await system.PutAsync(0, pages);
        await UntilKeptAsync(system, store, 20);
        await system.GovernAsync(store, StoreAction.Unmount);
        var file = Directory.EnumerateFiles(_folder, "*.pages").Single();
        var bytes = File.ReadAllBytes(file);
        bytes[3 * StoreSystem.Layout.PageBytes + 9] ^= 1;
        File.WriteAllBytes(file, bytes);

        var again = await system.AddStoreAsync(0, disk: Disk());

        await StoreSystem.UntilAsync("the warm-up has ended", async () => (await system.StatusAsync(again)).Warmed > 0);
        var status = await system.StatusAsync(again);
        Assert.Equal((19, 1), (status.Warmed, status.CorruptPages));
        var found = 0;
        await StoreSystem.UntilAsync("the others are found", async () =>
        {
            found = 0;
            for (var i = 0; i < 20; i++) found += await system.FindAsync(i, 1);
            return found == 19;
        });
        for (var i = 0; i < 20; i++) await system.GetAsync(i, pages[i..(i + 1)]);   // Compares what comes.
    }

    [Fact]
    public async Task A_full_disk_share_is_an_alert()
    {
        await using var system = new StoreSystem();
        var store = await system.AddStoreAsync(0, disk: Disk() with { QuotaBytes = 22 * StoreSystem.Layout.PageBytes });
        await system.PutAsync(0, system.Fill(20, seed: 1));
        await UntilKeptAsync(system, store, 20);
        Assert.Empty((await system.StatusAsync(store)).Alerts);

        await system.GovernAsync(store, StoreAction.Snapshot);

        Assert.Contains("disk use", Assert.Single((await system.StatusAsync(store)).Alerts));
    }

    [SkippableFact]
    public async Task Memory_that_is_kept_brings_its_pages_to_the_next_store()
    {
        Skip.If(Actors.Kv.SharedSegment.Folder is null, "This system has no /dev/shm.");
        var name = $"test-{Guid.NewGuid():n}";
        try
        {
            await using var system = new StoreSystem();
            var store = await system.AddStoreAsync(0, StoreMemory.Kept(name, 1 << 20));
            var pages = system.Fill(20, seed: 1);
            await system.PutAsync(0, pages);
            await UntilKeptAsync(system, store, 20);
            await system.KillAsync(store);

            await system.AddStoreAsync(0, StoreMemory.Kept(name, 1 << 20));

            await StoreSystem.UntilAsync("all is found", async () => await system.FindAsync(0, 20) == 20);
            Assert.Equal(20, await system.GetAsync(0, pages));
        }
        finally
        {
            foreach (var file in Directory.EnumerateFiles(Actors.Kv.SharedSegment.Folder!, $"*kept-{name}*")) File.Delete(file);
        }
    }

    [Fact]
    public async Task A_shard_that_begins_again_and_its_stores_agree_on_what_there_is()
    {
        await using var system = new StoreSystem(new CacheShardOptions { Buckets = 1, SnapshotEvery = 3 });
        await system.AddStoreAsync(0);
        var pages = system.Fill(40, seed: 1);
        for (var i = 0; i < 40; i += 4) await system.PutAsync(i, pages[i..(i + 4)]);
        var shard = await system.System.ActorSelection("/user/shards/0/shard").ResolveOne(StoreSystem.Patience);

        shard.Tell(Kill.Instance);

        await StoreSystem.UntilAsync("all is found", async () => await FindPatientlyAsync(system) == 40);
        Assert.Equal(40, await system.GetAsync(0, pages));
    }

    private static async Task<int> FindPatientlyAsync(StoreSystem system)
    {
        try
        {
            var exists = new CacheShardProtocol.Exists(0, StorageClientOptions.DefaultTenant, StoreSystem.Run(0, 40).Keys);
            var answer = await system.Shards.Ask<CacheShardProtocol.Outcomes>(exists, TimeSpan.FromSeconds(2));
            return answer.Pages.Count(outcome => outcome == CacheOutcome.Done);
        }
        catch (AskTimeoutException)
        {
            return 0;   // It begins again just now.
        }
    }

    /// <summary>The shards' word that the pages are wanted comes after the writer's answer.</summary>
    private static Task UntilKeptAsync(StoreSystem system, IActorRef store, int pages) =>
        StoreSystem.UntilAsync("the store knows that its pages are wanted", () => system.KeptPages(store) == pages);

    private StoreDiskOptions Disk() => new() { Path = _folder, QuotaBytes = 1 << 30, SnapshotInterval = TimeSpan.FromHours(1) };
}
