using System.Diagnostics;
using ActorInference.Actors.Kv;
using ActorInference.Actors.Protocols;
using ActorInference.Bench.Cache;
using ActorInference.Cache.Store;
using Akka.Actor;

namespace ActorInference.Bench.Store;

/// <summary>
/// The start of a store whose disk has 2 GiB of pages, beside a plain sequential read of the same files: with the system's cache as the
/// writing has left it, and without it.
/// </summary>
internal static class WarmUpBenchmark
{
    private const int PageBytes = 262_144;
    private const int Pages = 8_192;

    public static async Task<IReadOnlyList<Measurement>> RunAsync(int rounds)
    {
        var folder = Directory.CreateTempSubdirectory("bench-warm-up-").FullName;
        try
        {
            var disk = new StoreDiskOptions { Path = folder, QuotaBytes = 1L << 40, WarmShare = 1 };
            Write(disk);
            return [.. await MeasureAsync("", disk, rounds, static _ => { }), .. OperatingSystem.IsLinux() ? await MeasureAsync("_cold", disk, rounds, PageCache.Forget) : []];
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<IReadOnlyList<Measurement>> MeasureAsync(string suffix, StoreDiskOptions disk, int rounds, Action<string> prepare)
    {
        var (read, warm) = (new double[rounds], new double[rounds]);
        for (var i = 0; i < rounds; i++)
        {
            prepare(disk.Path);
            read[i] = Rate(Read(disk.Path));
            prepare(disk.Path);
            warm[i] = Rate(await WarmAsync(disk));
        }

        return [Measurement.Of($"disk_sequential_read{suffix}", "GB/s", read), Measurement.Of($"store_warm_up{suffix}", "GB/s", warm)];
    }

    private static double Rate(TimeSpan time) => (double)Pages * PageBytes / time.TotalSeconds / 1e9;

    private static void Write(StoreDiskOptions options)
    {
        using var disk = new StoreDisk(options, TimeProvider.System);
        var random = new Random(1);
        for (var first = 0; first < Pages; first += 256)
        {
            var pages = Enumerable.Range(first, 256).Select(i =>
            {
                var bytes = new byte[PageBytes];
                random.NextBytes(bytes);
                var page = new CacheShardProtocol.NewPage(BenchSystem.Key(i), default, 0, PageBytes);
                return (new StoredPage(StorageClientOptions.DefaultTenant, page, PageChecksum.Compute(bytes)), (ReadOnlyMemory<byte>)bytes);
            });
            disk.Write([.. pages], []);
        }
    }

    private static TimeSpan Read(string folder)
    {
        var buffer = new byte[4 << 20];
        var started = Stopwatch.GetTimestamp();
        foreach (var path in Directory.EnumerateFiles(folder, "*.pages"))
        {
            using var file = File.OpenHandle(path, options: FileOptions.SequentialScan);
            for (long offset = 0, read; (read = RandomAccess.Read(file, buffer, offset)) > 0;) offset += read;
        }

        return Stopwatch.GetElapsedTime(started);
    }

    private static async Task<TimeSpan> WarmAsync(StoreDiskOptions disk)
    {
        await using var system = new BenchSystem(new CacheShardOptions());
        var memory = StoreMemory.Private((long)Pages * PageBytes + (64 << 20));
        var store = await system.StartStoreAsync(memory, disk);
        while (true)
        {
            var status = await store.Ask<CacheStoreProtocol.StoreStatus>(CacheStoreProtocol.GetStoreStatus.Instance, BenchSystem.Patience);
            if (status.Warmed == Pages) return TimeSpan.FromMilliseconds(Math.Max(1, status.LoadMs));
            if (status.Warmed > 0) throw new InvalidOperationException($"{status.Warmed} of {Pages} pages are back.");
        }
    }
}
