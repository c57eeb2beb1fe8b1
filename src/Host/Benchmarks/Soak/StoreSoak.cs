using System.Diagnostics;
using ActorInference.Actors.Kv;
using ActorInference.Actors.Protocols;
using ActorInference.Cache.Store;
using ActorInference.Cache.Tiers;

namespace ActorInference.Host.Benchmarks.Soak;

/// <summary>
/// Puts, gets, removals, snapshots, and deaths of stores, by a seeded coin; every page that comes is compared with what was put.
/// Now and then everything is counted: the pools' room, the disks' bytes, the process's memory.
/// </summary>
internal sealed class StoreSoak(SoakOptions options)
{
    private const int RunPages = 8;

    /// <summary>What the collector may find in use at one check and not at another.</summary>
    private const long AllowedGrowthBytes = 16 << 20;

    private static readonly KvNamespaceId Space = new KvNamespace("soak", "1", KvDtype.F32).ComputeId();

    private readonly Random _random = new(options.Seed);
    private readonly List<string> _faults = [];
    private readonly List<long> _managed = [];
    private readonly byte[] _expected = new byte[SoakSystem.Layout.PageBytes];
    private long _put;
    private long _refused;
    private long _got;
    private long _wrong;
    private long _kills;
    private long _snapshots;
    private long _largestDisk;

    /// <param name="progress">Told of the part that is done, 0 to 1.</param>
    public async Task<SoakResult> RunAsync(Action<double> progress, CancellationToken cancellationToken)
    {
        await using var system = new SoakSystem(options);
        for (var store = 0; store < options.Stores; store++) await system.StartAsync(store);
        var pages = new int[RunPages];
        if (!system.Pages.TryAllocate(pages)) throw new InvalidOperationException("A new pool is full.");
        var started = Stopwatch.GetTimestamp();
        var done = 0L;
        for (; !IsOver(done, started); done++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            await DoAsync(system, pages, cancellationToken);
            if ((done + 1) % options.CheckEvery != 0) continue;
            Check(system);
            progress(options.Operations is { } all ? (double)done / all : Stopwatch.GetElapsedTime(started) / options.Duration);
        }

        await EndAsync(system);
        CheckMemory();
        return new SoakResult(
            done, Stopwatch.GetElapsedTime(started).TotalSeconds, _put, _refused, _got, _wrong, _kills, _snapshots, _managed.Count, _largestDisk, _managed, MemoryTrend.PerStep(_managed) / options.CheckEvery, _faults);
    }

    private bool IsOver(long done, long started) => options.Operations is { } all ? done >= all : Stopwatch.GetElapsedTime(started) >= options.Duration;

    private async Task DoAsync(SoakSystem system, int[] pages, CancellationToken cancellationToken)
    {
        // Some sequences are asked for far more often than others.
        var sequence = (int)(options.Sequences * Math.Pow(_random.NextDouble(), 3));
        var count = _random.Next(1, RunPages + 1);
        var store = _random.Next(options.Stores);
        switch (_random.Next(1_000))
        {
            case < 450:
                for (var i = 0; i < count; i++) Fill(sequence, i, system.Pages.Bytes(pages[i]).Span);
                var stored = await system.Client.PutAsync(Run(sequence, count), system.Pages, pages.AsMemory(0, count), cancellationToken);
                _put += stored;
                _refused += count - stored;
                break;
            case < 940:
                await GetAsync(system, sequence, pages.AsMemory(0, count), cancellationToken);
                break;
            case < 980:
                await system.Administration.RemoveAsync(StorageClientOptions.DefaultTenant, $"^{Key(sequence, _random.Next(RunPages))}$", force: _random.Next(2) == 0);
                break;
            case < 995:
                await system.GovernAsync(store, CacheStoreProtocol.StoreAction.Snapshot);
                _snapshots++;
                break;
            default:
                if (_random.Next(2) == 0) await system.GovernAsync(store, CacheStoreProtocol.StoreAction.Unmount);
                await system.KillAsync(store);
                await system.StartAsync(store);
                _kills++;
                break;
        }
    }

    private async Task GetAsync(SoakSystem system, int sequence, Memory<int> pages, CancellationToken cancellationToken)
    {
        var run = Run(sequence, pages.Length);
        var found = await system.Client.FindLeadingAsync(run, cancellationToken);
        if (found == 0) return;
        var got = await system.Client.GetAsync(run with { Keys = run.Keys[..found] }, system.Pages, pages[..found], cancellationToken);
        _got += got;
        for (var i = 0; i < got; i++)
        {
            Fill(sequence, i, _expected);
            if (!system.Pages.Bytes(pages.Span[i]).Span.SequenceEqual(_expected)) _wrong++;
        }
    }

    private void Check(SoakSystem system)
    {
        if (system.Pages.UsedPages != RunPages) _faults.Add($"The worker's pool has {system.Pages.UsedPages} pages in use; {RunPages} are held.");
        for (var store = 0; store < options.Stores; store++)
        {
            var disk = system.DiskBytes(store);
            _largestDisk = Math.Max(_largestDisk, disk);
            if (disk > options.DiskQuotaBytes) _faults.Add($"The disk of store {store} has {disk} bytes; its quota is {options.DiskQuotaBytes}.");
            try
            {
                system.PoolOf(store).CheckInvariants();
            }
            catch (InvalidOperationException wrong)
            {
                _faults.Add($"Store {store}: {wrong.Message}");
            }
        }

        _managed.Add(GC.GetTotalMemory(forceFullCollection: true));
        if (_wrong > 0 && !_faults.Contains("Pages came with other bytes.")) _faults.Add("Pages came with other bytes.");
    }

    /// <summary>When everything has been removed, nothing has any room.</summary>
    private async Task EndAsync(SoakSystem system)
    {
        Check(system);
        try
        {
            await SoakSystem.UntilAsync("all stores are empty", () => IsEmptyAsync(system));
        }
        catch (TimeoutException)
        {
            for (var store = 0; store < options.Stores; store++)
            {
                var status = await system.StatusAsync(store);
                if (status.UsedBytes > 0 || status.DiskPages > 0) _faults.Add($"Store {store} has {status.UsedBytes} bytes and {status.DiskPages} pages on disk that nobody knows of.");
            }
        }
    }

    /// <summary>Removes what is there; a store may tell of pages once more that it has found on its disk.</summary>
    private static async Task<bool> IsEmptyAsync(SoakSystem system)
    {
        await system.Administration.RemoveAsync(StorageClientOptions.DefaultTenant, "", force: true);
        for (var store = 0; store < system.Stores; store++)
        {
            if (await system.StatusAsync(store) is { UsedBytes: > 0 } or { DiskPages: > 0 }) return false;
        }

        return true;
    }

    private void CheckMemory()
    {
        // The first part warms up.
        var settled = _managed.Skip(_managed.Count / 4).ToList();
        if (settled.Count < 4) return;
        var (early, late) = (settled[..(settled.Count / 2)].Max(), settled[(settled.Count / 2)..].Max());
        if (late > early + AllowedGrowthBytes) _faults.Add($"Memory in use grew from {early} to {late} bytes.");
    }

    private static PageRun Run(int sequence, int count) => new(Space, 0, default, [.. Enumerable.Range(0, count).Select(i => Key(sequence, i))]);

    private static KvPageKey Key(int sequence, int page)
    {
        var number = (ulong)(uint)sequence * RunPages + (uint)page + 1;
        return new KvPageKey(number * 0x9E3779B97F4A7C15, number * 0xD6E8FEB86659FD93);
    }

    private static void Fill(int sequence, int page, Span<byte> bytes) => new Random(sequence * RunPages + page).NextBytes(bytes);
}
