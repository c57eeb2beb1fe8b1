using System.Diagnostics;
using ActorInference.Actors.Ids;
using ActorInference.Actors.Kv;
using ActorInference.Cache.Store;
using ActorInference.Cache.Tiers;
using ActorInference.Gpu.Kv;
using ActorInference.Host.Tests.Testing;
using static ActorInference.Actors.Protocols.CacheStoreProtocol;

namespace ActorInference.Host.Tests.Cli;

/// <summary>Processes of stores that are killed as <c>kill -9</c> does.</summary>
public sealed class StoreKillTests : IDisposable
{
    private const int Flushed = 30;
    private const int Pages = 40;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static readonly KvPageLayout Layout = new(Layers: 2, PageSizeTokens: 16, KvHeads: 2, HeadDim: 16, KvDtype.F32);

    private readonly string _folder = Directory.CreateTempSubdirectory("actorinference-kill-").FullName;
    private readonly KvPagePool _pool = new(Layout, 2 * Pages);

    public void Dispose()
    {
        _pool.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task What_was_flushed_comes_back_a_rotten_page_alone_is_lost_and_copies_are_made_again()
    {
        await using var cluster = await CacheCluster.StartAsync(_folder, _pool);
        var stores = await Task.WhenAll(cluster.StartStoreAsync("first"), cluster.StartStoreAsync("second"));
        var (first, second) = (stores[0], stores[1]);
        await UntilAsync("both stores are known", () => Task.FromResult(cluster.Administration.Stores.Stores.Count == 2));
        var pages = Fill();

        // All pages in both stores; the first one has flushed most of them.
        await UntilAsync("most pages are stored twice", async () => await PutAsync(cluster, pages, Flushed) == Flushed && await CopiesAsync(cluster, Flushed) == 2);
        await UntilAsync("the first store has flushed them", async () => await FlushAsync(cluster, first) == Flushed);
        await UntilAsync("the rest is stored twice", async () => await PutAsync(cluster, pages, Pages) == Pages && await CopiesAsync(cluster, Pages) == 2);

        await cluster.KillAsync(first);
        await UntilAsync("all is read from the other store", async () => await ReadAsync(cluster, pages) == Pages);

        Rot(first.Folder);
        var again = await cluster.StartStoreAsync("first");
        StoreStatus? back = null;
        await UntilAsync(
            () => $"what was flushed is back, but for the rotten page: {back}; {again.Process.Error}",
            async () => (back = await cluster.StatusAsync(again)) is { Warmed: Flushed - 1, CorruptPages: 1 });
        // By its own account first: what shards list may have been in its earlier life.
        await UntilAsync(
            "every page has two copies again",
            async () => await cluster.StatusAsync(again) is { Pages: Pages } && await CopiesAsync(cluster, Pages) == 2);

        await cluster.KillAsync(second);
        await UntilAsync("all is read from the one that came back", async () => await ReadAsync(cluster, pages) == Pages);
    }

    private static PageRun Run(int count) => new(
        new KvNamespaceId(1, 2), 0, default, [.. Enumerable.Range(1, count).Select(i => new KvPageKey((ulong)i * 0x9E3779B97F4A7C15, (ulong)i))]);

    private Task<int> PutAsync(CacheCluster cluster, int[] pages, int count) => cluster.Client.PutAsync(Run(count), _pool, pages[..count], CancellationToken.None).AsTask();

    /// <summary>Copies in memory of the page that has the fewest; 0 while pages are missing.</summary>
    private static async Task<int> CopiesAsync(CacheCluster cluster, int count)
    {
        var listed = await cluster.Administration.ListAsync(StorageClientOptions.DefaultTenant, 2 * Pages);
        return listed.Length == count ? listed.Min(page => page.MemoryReplicas) : 0;
    }

    /// <summary>Has a store write what it knows to be wanted; the shards' word that a page is comes after its writer's answer.</summary>
    /// <returns>Pages that it has on disk.</returns>
    private static async Task<long?> FlushAsync(CacheCluster cluster, StoreProcess store)
    {
        await cluster.Administration.GovernAsync(new StoreId(store.Store), StoreAction.Snapshot).WaitAsync(Patience);
        return (await cluster.StatusAsync(store))?.DiskPages;
    }

    /// <summary>Flips one bit of the first page on disk.</summary>
    private static void Rot(string folder)
    {
        using var file = File.Open(Directory.EnumerateFiles(folder, "*.pages").First(), FileMode.Open);
        var value = file.ReadByte();
        file.Position = 0;
        file.WriteByte((byte)(value ^ 1));
    }

    private static Task UntilAsync(string what, Func<Task<bool>> condition) => UntilAsync(() => what, condition);

    private static async Task UntilAsync(Func<string> what, Func<Task<bool>> condition)
    {
        var watch = Stopwatch.StartNew();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (!await condition())
        {
            Assert.True(watch.Elapsed < Patience, $"It did not come to pass in time that {what()}.");
            await timer.WaitForNextTickAsync();
        }
    }

    private int[] Fill()
    {
        var pages = new int[Pages];
        Assert.True(_pool.TryAllocate(pages));
        foreach (var page in pages) new Random(page).NextBytes(_pool.Bytes(page).Span);
        return pages;
    }

    /// <summary>Reads all, and compares what comes.</summary>
    private async Task<int> ReadAsync(CacheCluster cluster, int[] expected)
    {
        var read = new int[Pages];
        Assert.True(_pool.TryAllocate(read));
        try
        {
            var count = await cluster.Client.GetAsync(Run(Pages), _pool, read, CancellationToken.None);
            for (var i = 0; i < count; i++) Assert.True(_pool.Bytes(expected[i]).Span.SequenceEqual(_pool.Bytes(read[i]).Span), $"Page {i} is another one.");
            return count;
        }
        finally
        {
            _pool.Release(read);
        }
    }
}
