using System.Diagnostics;
using ActorInference.Actors.Kv;
using ActorInference.Bench.Cache;
using ActorInference.Cache.Store;
using ActorInference.Cache.Tiers;
using ActorInference.Gpu.Kv;

namespace ActorInference.Bench.Store;

/// <summary>Pages of 256 KiB put into a store on this host and got back, beside copies in memory and a Redis with the same values.</summary>
internal static class PagesBenchmark
{
    private const int Pages = 64;
    private const int Runs = 16;

    // 256 KiB: 8 layers of 16 tokens with 8 heads of 64 elements of two bytes, keys and values.
    private static readonly KvPageLayout Layout = new(Layers: 8, PageSizeTokens: 16, KvHeads: 8, HeadDim: 64, KvDtype.F16);

    /// <param name="redisPort">Where a Redis listens; 0 for none.</param>
    public static async Task<IReadOnlyList<Measurement>> RunAsync(int rounds, int redisPort)
    {
        using var source = Fill(Layout);
        using var target = Fill(Layout);
        var measurements = new List<Measurement> { await CopyAsync(source, target, rounds) };
        measurements.AddRange(await StoreAsync("store_in_process", source, target, rounds, isShared: false));
        measurements.AddRange(await StoreAsync("store_shared_memory", source, target, rounds, isShared: true));
        if (redisPort > 0) measurements.AddRange(await RedisAsync(source, target, rounds, redisPort));
        return measurements;
    }

    private static KvPagePool Fill(KvPageLayout layout)
    {
        var pool = new KvPagePool(layout, Pages * Runs, shared: true);
        var pages = new int[Pages * Runs];
        if (!pool.TryAllocate(pages)) throw new InvalidOperationException("A new pool is full.");
        var random = new Random(1);
        foreach (var page in pages) random.NextBytes(pool.Bytes(page).Span);
        return pool;
    }

    /// <summary>Each page is copied twice: in and out.</summary>
    private static async Task<Measurement> CopyAsync(KvPagePool source, KvPagePool target, int rounds)
    {
        using var between = new KvPagePool(Layout, Pages * Runs);
        var pages = new int[Pages * Runs];
        between.TryAllocate(pages);
        return await Measure("memcpy_put_get", rounds, () =>
        {
            for (var i = 0; i < pages.Length; i++) source.Bytes(i).Span.CopyTo(between.Bytes(i).Span);
            for (var i = 0; i < pages.Length; i++) between.Bytes(i).Span.CopyTo(target.Bytes(i).Span);
            return Task.CompletedTask;
        });
    }

    private static async Task<IReadOnlyList<Measurement>> StoreAsync(string name, KvPagePool source, KvPagePool target, int rounds, bool isShared)
    {
        await using var system = new BenchSystem(new CacheShardOptions { Lease = TimeSpan.FromMilliseconds(1) });
        var bytes = 2L * Pages * Runs * Layout.PageBytes;
        var memory = isShared ? StoreMemory.Shared(bytes) : StoreMemory.Private(bytes);
        await system.StartStoreAsync(memory);
        if (isShared) system.Process.Forget();
        var options = new StorageClientOptions { OffersPools = !isShared, QueryDeadline = BenchSystem.Patience, TransferDeadline = BenchSystem.Patience };
        await using var client = new StorageClient(system.System, system.Shards, options, pool => new KvPageSource(Layout, pool.CapacityPages, pool.SharedPath, "127.0.0.1", 0));
        var admin = new CacheAdministration(system.System, system.Shards, system.Options.Buckets, BenchSystem.Patience);
        var round = 0;
        var (put, get) = (new double[rounds], new double[rounds]);
        var both = await Measure($"{name}_put_get", rounds, async () =>
        {
            var first = round++ * Pages * Runs;
            var started = Stopwatch.GetTimestamp();
            for (var run = 0; run < Runs; run++)
            {
                if (await client.PutAsync(Run(first, run), source, Numbers(run), CancellationToken.None) != Pages) throw new InvalidOperationException("A page was not stored.");
            }

            var stored = Stopwatch.GetElapsedTime(started);
            for (var run = 0; run < Runs; run++)
            {
                if (await client.GetAsync(Run(first, run), target, Numbers(run), CancellationToken.None) != Pages) throw new InvalidOperationException("A page was not read.");
            }

            if (round > 1) (put[round - 2], get[round - 2]) = (Rate(stored), Rate(Stopwatch.GetElapsedTime(started) - stored));
        }, () => admin.RemoveAsync(StorageClientOptions.DefaultTenant, "", force: true));
        return [both, Measurement.Of($"{name}_put", "GB/s", put), Measurement.Of($"{name}_get", "GB/s", get)];
    }

    private static async Task<IReadOnlyList<Measurement>> RedisAsync(KvPagePool source, KvPagePool target, int rounds, int port)
    {
        using var redis = await RedisClient.ConnectAsync(port);
        var (round, put, get) = (0, new double[rounds], new double[rounds]);
        var both = await Measure("redis_put_get", rounds, async () =>
        {
            var first = round++ * Pages * Runs;
            var started = Stopwatch.GetTimestamp();
            for (var run = 0; run < Runs; run++)
                await redis.SetAsync([.. Numbers(run).ToArray().Select(page => ($"{first + page}", (ReadOnlyMemory<byte>)source.Bytes(page)))]);
            var stored = Stopwatch.GetElapsedTime(started);
            for (var run = 0; run < Runs; run++)
                await redis.GetAsync([.. Numbers(run).ToArray().Select(page => ($"{first + page}", target.Bytes(page)))]);
            if (round > 1) (put[round - 2], get[round - 2]) = (Rate(stored), Rate(Stopwatch.GetElapsedTime(started) - stored));
        }, redis.FlushAsync);
        return [both, Measurement.Of("redis_put", "GB/s", put), Measurement.Of("redis_get", "GB/s", get)];
    }

    private static double Rate(TimeSpan time) => (double)Pages * Runs * Layout.PageBytes / time.TotalSeconds / 1e9;

    private static PageRun Run(int first, int run) =>
        new(new KvNamespaceId(1, 2), 0, default, [.. Enumerable.Range(first + run * Pages, Pages).Select(BenchSystem.Key)]);

    private static ReadOnlyMemory<int> Numbers(int run) => Enumerable.Range(run * Pages, Pages).ToArray();

    /// <summary>Bytes of the pages by the time of a round, in which they go in and out.</summary>
    private static async Task<Measurement> Measure(string name, int rounds, Func<Task> round, Func<Task>? after = null)
    {
        var rates = new double[rounds];
        for (var i = -1; i < rounds; i++)
        {
            var started = Stopwatch.GetTimestamp();
            await round();
            if (i >= 0) rates[i] = Rate(Stopwatch.GetElapsedTime(started));
            if (after is not null) await after();
        }

        return Measurement.Of(name, "GB/s", rates);
    }
}
