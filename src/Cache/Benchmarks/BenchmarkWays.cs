using System.Diagnostics;
using ActorInference.Actors.Kv;

namespace ActorInference.Cache.Benchmarks;

/// <summary>All that is measured of one page size, in turns, so that what disturbs the machine disturbs all alike.</summary>
internal sealed class BenchmarkWays : IAsyncDisposable
{
    private readonly BenchmarkPeerProcess _peer;
    private readonly IPageMemory _pool;
    private readonly MemoryCopy _memory;
    private readonly List<Entry> _ways = [];
    private readonly List<double> _memcpy = [];
    private readonly List<double> _raw = [];
    private readonly List<double> _roundTrips = [];

    public BenchmarkWays(IEnumerable<BenchmarkTransport> transports, BenchmarkPeerProcess peer, IPageMemory pool, int[] pages)
    {
        (_peer, _pool) = (peer, pool);
        _memory = new MemoryCopy(pool, pages);
        foreach (var transport in transports)
        {
            IBenchmarkWay way = transport == BenchmarkTransport.InProc
                ? new InProcessWay(pool, pages)
                : new FetchedWay(peer, pool, pages, useSharedMemory: transport == BenchmarkTransport.Shm);
            _ways.Add(new Entry(transport, way, [], [], [], [], []));
        }
    }

    public async Task RunRoundAsync(bool measured, CancellationToken cancellationToken)
    {
        var memcpy = _memory.BestGigabytesPerSecond();
        var raw = _peer.BestRawGigabytesPerSecond();
        var roundTrip = _peer.RawRoundTripUs();
        if (measured)
        {
            _memcpy.Add(memcpy);
            _raw.Add(raw);
            _roundTrips.Add(roundTrip);
        }

        foreach (var entry in _ways)
        {
            var withSums = await entry.Way.MoveAllAsync(withSums: true, cancellationToken).ConfigureAwait(false);
            var before = CpuCount.Now() + _peer.Count();
            var began = Stopwatch.GetTimestamp();
            var seconds = await entry.Way.MoveAllAsync(withSums: false, cancellationToken).ConfigureAwait(false);
            var passes = Math.Max(1, Math.Round(Stopwatch.GetElapsedTime(began).TotalSeconds / seconds));   // A way may do it more than once.
            var used = CpuCount.Now() + _peer.Count() - before;
            var latency = await entry.Way.LatencyUsAsync(cancellationToken).ConfigureAwait(false);
            if (!measured) continue;
            entry.Speeds.Add(_memory.Bytes / seconds / 1e9);
            entry.SpeedsWithSums.Add(_memory.Bytes / withSums / 1e9);
            entry.Latencies.Add(latency);
            entry.Counts.Add(used);
            entry.Moved.Add(_memory.Bytes * passes);
        }
    }

    public IEnumerable<TransferBenchmarkResult> Results(double secondsPerByte) => _ways.Select(entry => new TransferBenchmarkResult(
        entry.Transport,
        _pool.Layout.PageBytes,
        Median(entry.Speeds),
        Median(entry.SpeedsWithSums),
        Median(_memcpy),
        Median(_raw),
        Median(entry.Latencies),
        Median(_roundTrips),
        Median([.. entry.Counts.Select(count => count.AllocationShare(secondsPerByte))]),
        Median([.. entry.Counts.Zip(entry.Moved, (count, moved) => 1e3 * count.AllocationTime(secondsPerByte) / (moved / 1e9))])));

    public async ValueTask DisposeAsync()
    {
        foreach (var entry in _ways) await entry.Way.DisposeAsync().ConfigureAwait(false);
        _memory.Dispose();
    }

    private sealed record Entry(
        BenchmarkTransport Transport, IBenchmarkWay Way, List<double> Speeds, List<double> SpeedsWithSums, List<double> Latencies, List<CpuCount> Counts, List<double> Moved);

    internal static double Median(List<double> values)
    {
        var sorted = values.Order().ToList();
        return sorted.Count % 2 == 1 ? sorted[sorted.Count / 2] : (sorted[sorted.Count / 2 - 1] + sorted[sorted.Count / 2]) / 2;
    }
}

/// <summary>A transport under measurement.</summary>
internal interface IBenchmarkWay : IAsyncDisposable
{
    /// <summary>Moves all pages once.</summary>
    /// <param name="withSums">Whether the sender is to sum them first, as it must once before a page can be moved at all.</param>
    /// <returns>Seconds.</returns>
    Task<double> MoveAllAsync(bool withSums, CancellationToken cancellationToken);

    /// <summary>Median time of a page by itself, in µs.</summary>
    Task<double> LatencyUsAsync(CancellationToken cancellationToken);
}
