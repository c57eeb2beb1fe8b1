using System.Threading.Channels;
using ActorInference.Actors.Kv;

namespace ActorInference.Cache.Tiers;

/// <summary>
/// The storage tier behind a host pool: brings pages into the pool while their requests wait, and writes behind what the
/// pool takes in. A storage can be attached and detached at any time. Thread-safe.
/// </summary>
/// <remarks>
/// A storage that fails or is late costs one deadline; then it is not asked for a while, longer each time. What it had it may lose: pages
/// that are used here are asked for again after a while, or when it says that something was lost, and written again if they are gone.
/// </remarks>
public sealed partial class StorageTier : IPagePrefetch, IAsyncDisposable
{
    private const int MostWaitingRuns = 1024;

    private static readonly TimeSpan FlushCheck = TimeSpan.FromMilliseconds(10);

    private readonly HostPool _host;
    private readonly StorageTierOptions _options;
    private readonly Breaker _breaker;
    private readonly TimeProvider _time;
    private readonly Breaker _again;
    private readonly Channel<StorageWrite> _writes = Channel.CreateBounded<StorageWrite>(new BoundedChannelOptions(MostWaitingRuns));
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _writing;
    private readonly int _mostPrefetching;
    private readonly int _mostWriting;
    private readonly Lock _lock = new();
    private readonly HashSet<Task> _fetches = [];
    private readonly Dictionary<KvPageKey, Task> _underWay = [];
    private readonly TransferCost _cost;
    private IPageStorage? _known;
    private volatile IPageStorage? _storage;
    private bool _isDisposed;
    private int _prefetching;
    private int _writingPages;
    private long _fetched, _written, _dropped;

    public StorageTier(HostPool host, StorageTierOptions options, TimeProvider time)
    {
        (_host, _options, _time) = (host, options, time);
        _breaker = new Breaker(failures: 1, options.FirstPause, options.LongestPause, time);
        _again = new Breaker(failures: 1, options.FirstPause, options.LongestPause, time);
        host.RecheckAfter(options.RecheckAfter, options.SettleAfter);
        _mostPrefetching = Math.Max(1, (int)(host.CapacityPages * options.PrefetchShare));
        _mostWriting = Math.Max(1, host.CapacityPages / 4);
        _cost = new TransferCost(time);
        _writing = Task.WhenAll(Enumerable.Range(0, options.Writers).Select(_ => Task.Run(WriteAllAsync)));
    }

    public bool IsAttached => _storage is not null;

    /// <summary>Pages brought, written, and left unwritten because too many waited or the storage failed or had no room.</summary>
    public (long Fetched, long Written, long Dropped) Counts => (Interlocked.Read(ref _fetched), Interlocked.Read(ref _written), Interlocked.Read(ref _dropped));

    /// <summary>Whether nothing is being brought or written.</summary>
    internal bool IsIdle => Volatile.Read(ref _prefetching) == 0 && Volatile.Read(ref _writingPages) == 0;

    /// <summary>Pages that are being written, or asked for to be written, or wait for that.</summary>
    internal int WritingPages => Volatile.Read(ref _writingPages);

    /// <summary>Pages that are not stored there yet are written when they are used next.</summary>
    public void Attach(IPageStorage storage)
    {
        lock (_lock)
        {
            if (_isDisposed) return;
            Leave();
            _known = _storage = storage;
            storage.PagesLost += _host.Doubt;
            // It may be another one, or have lost anything meanwhile.
            _host.Doubt();
            _host.OnStored = Write;
        }
    }

    /// <summary>The storage is not asked from now on; what is under way ends.</summary>
    public void Detach()
    {
        lock (_lock) Leave();
    }

    /// <summary>Names the storage to be attached, now or later.</summary>
    public void Offer(IPageStorage storage, bool attach)
    {
        lock (_lock) _known = storage;
        if (attach) Attach(storage);
    }

    public bool TrySetAttached(bool isAttached)
    {
        if (Volatile.Read(ref _known) is not { } known) return false;
        if (!isAttached) Detach();
        else if (!IsAttached) Attach(known);
        return true;
    }

    /// <summary>Waits until what is to be written behind has been written, or could not be.</summary>
    /// <exception cref="OperationCanceledException">Not in time.</exception>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(FlushCheck, _time);
        while (Volatile.Read(ref _writingPages) > 0) await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false);
    }

    public Task? Begin(KvNamespaceId space, ReadOnlyMemory<int> tokens, int cachedTokens, double secondsPerToken)
    {
        var pageSize = _host.Layout.PageSizeTokens;
        if (_storage is not { } storage || !_breaker.MayEnter || _stop.IsCancellationRequested) return null;
        var loadable = Math.Max(0, tokens.Length - 1) / pageSize;
        if ((loadable - cachedTokens / pageSize) * pageSize < _options.MinTokens) return null;
        var keys = new KvPageKey[loadable];
        KvPageKey.Chain(space, tokens.Span[..(loadable * pageSize)], pageSize, keys);
        var first = cachedTokens / pageSize;
        first += _host.FindToContinue(keys.AsSpan(first));
        _host.StoreAgain(space, keys.AsSpan(0, first), first: 0);
        var (others, shared) = UnderWay(keys.AsSpan(first));
        var own = BeginFetch(storage, space, keys, first + shared, secondsPerToken);
        if (own is null && others is null) return null;
        var awaited = (own is null ? shared : loadable - first) * pageSize;
        var all = others is null ? own! : own is null ? others : Task.WhenAll(others, own);
        return Limit(all, WaitFor(awaited, secondsPerToken, DeadlineFor(awaited)));
    }

    public async ValueTask DisposeAsync()
    {
        Task[] fetches;
        lock (_lock)
        {
            if (_isDisposed) return;
            _isDisposed = true;
            fetches = [.. _fetches];
        }

        Detach();
        _writes.Writer.TryComplete();
        await _stop.CancelAsync().ConfigureAwait(false);
        await _writing.ConfigureAwait(false);
        // They write into the host's pages until they end.
        await Task.WhenAll(fetches).ConfigureAwait(false);
    }

    private void Leave()
    {
        if (_storage is { } storage) storage.PagesLost -= _host.Doubt;
        _host.OnStored = null;
        _storage = null;
    }

    /// <summary>Pages that are being brought for another request: nobody brings them twice.</summary>
    /// <returns>When they have come, or will not; null for none. And how many of the first keys they are.</returns>
    private (Task? Arrival, int Count) UnderWay(ReadOnlySpan<KvPageKey> keys)
    {
        var (arrivals, count) = (new List<Task>(), 0);
        lock (_lock)
        {
            for (; count < keys.Length && _underWay.TryGetValue(keys[count], out var fetch); count++)
            {
                if (arrivals.Count == 0 || arrivals[^1] != fetch) arrivals.Add(fetch);
            }
        }

        return arrivals.Count switch { 0 => (null, 0), 1 => (arrivals[0], count), _ => (Task.WhenAll(arrivals), count) };
    }

    /// <returns>Null if it is not worth it, or too much is under way.</returns>
    private Task? BeginFetch(IPageStorage storage, KvNamespaceId space, KvPageKey[] keys, int first, double secondsPerToken)
    {
        var wanted = keys.Length - first;
        var tokens = wanted * _host.Layout.PageSizeTokens;
        if (wanted == 0 || tokens < _options.MinTokens || (_options.OnlyIfFaster && !_cost.IsWorth(wanted, tokens * secondsPerToken))) return null;
        if (Interlocked.Add(ref _prefetching, wanted) > _mostPrefetching || !_breaker.TryEnter())
        {
            Interlocked.Add(ref _prefetching, -wanted);
            return null;
        }

        var run = new PageRun(space, first, first == 0 ? default : keys[first - 1], [.. keys.AsSpan(first)]);
        return Follow(FetchAsync(storage, run, DeadlineFor(tokens)), run);
    }

    private Task Follow(Task fetch, PageRun run)
    {
        lock (_lock)
        {
            _fetches.Add(fetch);
            foreach (var key in run.Keys) _underWay.TryAdd(key, fetch);
        }

        fetch.ContinueWith(
            ended =>
            {
                lock (_lock)
                {
                    _fetches.Remove(ended);
                    foreach (var key in run.Keys)
                    {
                        if (_underWay.TryGetValue(key, out var fetching) && fetching == ended) _underWay.Remove(key);
                    }
                }
            },
            CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        return fetch;
    }

    private TimeSpan DeadlineFor(int tokens) => _options.Policy == PrefetchPolicy.WaitComplete
        ? _options.LongestWait
        : TimeSpan.FromTicks(Math.Min(_options.LongestWait.Ticks, (_options.BaseWait + _options.WaitPerKiToken * (tokens / 1024.0)).Ticks));

    /// <summary>
    /// For a storage that does not answer a request waits no longer than computing takes, so that it is
    /// at most twice as late as one that had known (the ski-rental rule). What comes later is there for the next one.
    /// </summary>
    private TimeSpan WaitFor(int tokens, double secondsPerToken, TimeSpan deadline)
    {
        if (!_options.OnlyIfFaster || secondsPerToken <= 0 || _options.Policy == PrefetchPolicy.WaitComplete) return deadline;
        var compute = TimeSpan.FromSeconds(tokens * secondsPerToken);
        return compute < deadline ? compute : deadline;
    }

    private Task? Limit(Task fetch, TimeSpan deadline) =>
        _options.Policy == PrefetchPolicy.BestEffort || fetch.IsCompleted ? null : WaitAsync(fetch, deadline);

    /// <summary>Until it has ended, in whatever way, or is late.</summary>
    private async Task WaitAsync(Task fetch, TimeSpan deadline) =>
        await fetch.WaitAsync(deadline, _time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    private async Task FetchAsync(IPageStorage storage, PageRun run, TimeSpan deadline)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        limit.CancelAfter(deadline);
        var (started, isWell) = (_time.GetTimestamp(), false);
        try
        {
            var found = await storage.FindAsync(run, limit.Token).ConfigureAwait(false);
            var landed = found.Count == 0 ? 0 : await FetchAllAsync(found, run, limit.Token).ConfigureAwait(false);
            isWell = !limit.IsCancellationRequested;
            if (landed > 0) _cost.Observe(landed, _time.GetElapsedTime(started).TotalSeconds);
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            // Whatever a storage does, its pages are a miss: the prompt is computed.
        }
        finally
        {
            _breaker.Report(isWell);
            Interlocked.Add(ref _prefetching, -run.Count);
        }
    }

    /// <summary>Brings pages in batches, a few at a time.</summary>
    /// <returns>How many of the first pages are here, whatever came of those after them.</returns>
    private async Task<int> FetchAllAsync(StoredRun found, PageRun run, CancellationToken cancellationToken)
    {
        var under = new Queue<(Task<int> Landing, int Count)>();
        var (begun, landed, isWhole) = (0, 0, true);
        try
        {
            while (true)
            {
                while (isWhole && begun < found.Count && under.Count < _options.Readers)
                {
                    var count = Math.Min(_options.BatchPages, found.Count - begun);
                    under.Enqueue((FetchBatchAsync(found, begun, run.Slice(begun, count), cancellationToken), count));
                    begun += count;
                }

                if (!under.TryPeek(out var batch)) return landed;
                var here = await batch.Landing.ConfigureAwait(false);
                under.Dequeue();
                if (isWhole) landed += here;
                isWhole &= here == batch.Count;
            }
        }
        finally
        {
            // They write into the host's pages until they end.
            await Task.WhenAll(under.Select(Task (batch) => batch.Landing)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <param name="first">Where the batch begins in what was found.</param>
    private async Task<int> FetchBatchAsync(StoredRun found, int first, PageRun batch, CancellationToken cancellationToken)
    {
        var (pages, checksums) = (new int[batch.Count], new uint[batch.Count]);
        var reserved = _host.Reserve(pages);
        var landed = 0;
        try
        {
            if (reserved > 0)
                landed = await found.GetAsync(first, _host.Memory, pages.AsMemory(0, reserved), checksums, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _host.Publish(batch.Slice(0, landed), pages.AsSpan(0, landed), checksums);
            _host.Abandon(pages.AsSpan(landed, reserved - landed));
        }

        Interlocked.Add(ref _fetched, landed);
        return landed;
    }
}
