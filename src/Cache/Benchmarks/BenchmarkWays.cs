using ActorInference.Actors.Kv;

namespace ActorInference.Cache.Benchmarks;

/// <summary>All that is measured of one page size, in turns, so that what disturbs the machine disturbs all alike.</summary>
internal sealed class BenchmarkWays : IAsyncDisposable
{
    private readonly BenchmarkPeerProcess _peer;
    private readonly IPageMemory _pool;
    private readonly MemoryCopy _memory;
    private readonly List<(BenchmarkTransport Transport, IBenchmarkWay Way, List<double> Speeds, List<double> Latencies, List<CpuCount> Counts)> _ways = [];
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
            _ways.Add((transport, way, [], [], []));
        }
    }

    public async Task RunRoundAsync(bool measured, CancellationToken cancellationToken)
    {
        var memcpy = _memory.BestGigabytesPerSecond();
        var raw = Math.Max(_peer.RawGigabytesPerSecond(1), _peer.RawGigabytesPerSecond(2));
        var roundTrip = _peer.RawRoundTripUs();
        if (measured)
        {
            _memcpy.Add(memcpy);
            _raw.Add(raw);
            _roundTrips.Add(roundTrip);
        }

        foreach (var (_, way, speeds, latencies, counts) in _ways)
        {
            var before = CpuCount.Now() + _peer.Count();
            var seconds = await way.MoveAllAsync(cancellationToken).ConfigureAwait(false);
            var used = CpuCount.Now() + _peer.Count() - before;
            var latency = await way.LatencyUsAsync(cancellationToken).ConfigureAwait(false);
            if (!measured) continue;
            speeds.Add(_memory.Bytes / seconds / 1e9);
            latencies.Add(latency);
            counts.Add(used);
        }
    }

    public IEnumerable<TransferBenchmarkResult> Results(double secondsPerByte) => _ways.Select(way => new TransferBenchmarkResult(
        way.Transport,
        _pool.Layout.PageBytes,
        Median(way.Speeds),
        Median(_memcpy),
        Median(_raw),
        Median(way.Latencies),
        Median(_roundTrips),
        Median([.. way.Counts.Select(count => count.AllocationShare(secondsPerByte))])));

    public async ValueTask DisposeAsync()
    {
        foreach (var (_, way, _, _, _) in _ways) await way.DisposeAsync().ConfigureAwait(false);
        _memory.Dispose();
    }

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
    /// <returns>Seconds.</returns>
    Task<double> MoveAllAsync(CancellationToken cancellationToken);

    /// <summary>Median time of a page by itself, in µs.</summary>
    Task<double> LatencyUsAsync(CancellationToken cancellationToken);
}
