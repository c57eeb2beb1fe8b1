using System.Threading.Channels;
using ActorInference.Actors.Kv;

namespace ActorInference.Cache.Tiers;

/// <summary>
/// The storage tier behind a host pool: brings pages into the pool while their requests wait, and writes behind what the
/// pool takes in. A storage can be attached and detached at any time. Thread-safe.
/// </summary>
/// <remarks>A storage that fails or is late costs one deadline; then it is not asked for a while, longer each time.</remarks>
public sealed class StorageTier : IPagePrefetch, IAsyncDisposable
{
    private const int MostWaitingRuns = 1024;

    private static readonly TimeSpan FlushCheck = TimeSpan.FromMilliseconds(10);

    private readonly HostPool _host;
    private readonly StorageTierOptions _options;
    private readonly Breaker _breaker;
    private readonly TimeProvider _time;
    private readonly Channel<(PageRun Run, int[] Pages)> _writes = Channel.CreateBounded<(PageRun, int[])>(
        new BoundedChannelOptions(MostWaitingRuns));
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _writing;
    private readonly int _mostPrefetching;
    private readonly int _mostWriting;
    private readonly Lock _lock = new();
    private readonly HashSet<Task> _fetches = [];
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
        _mostPrefetching = Math.Max(1, (int)(host.CapacityPages * options.PrefetchShare));
        _mostWriting = Math.Max(1, host.CapacityPages / 4);
        _cost = new TransferCost(time);
        _writing = Task.WhenAll(Enumerable.Range(0, options.Writers).Select(_ => Task.Run(WriteAllAsync)));
    }

    public bool IsAttached => _storage is not null;

    /// <summary>Pages brought, written, and left unwritten because too many waited or the storage failed.</summary>
    public (long Fetched, long Written, long Dropped) Counts => (Interlocked.Read(ref _fetched), Interlocked.Read(ref _written), Interlocked.Read(ref _dropped));

    /// <summary>Whether nothing is being brought or written.</summary>
    internal bool IsIdle => Volatile.Read(ref _prefetching) == 0 && Volatile.Read(ref _writingPages) == 0;

    /// <summary>Pages that are not stored there yet are written when they are used next.</summary>
    public void Attach(IPageStorage storage)
    {
        lock (_lock)
        {
            if (_isDisposed) return;
            _known = _storage = storage;
            _host.OnStored = Write;
        }
    }

    /// <summary>The storage is not asked from now on; what is under way ends.</summary>
    public void Detach()
    {
        lock (_lock)
        {
            _host.OnStored = null;
            _storage = null;
        }
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
        var wanted = loadable - first;
        if (wanted * pageSize < _options.MinTokens || (_options.OnlyIfFaster && !_cost.IsWorth(wanted, wanted * pageSize * secondsPerToken))) return null;
        if (Interlocked.Add(ref _prefetching, wanted) > _mostPrefetching || !_breaker.TryEnter())
        {
            Interlocked.Add(ref _prefetching, -wanted);
            return null;
        }

        var run = new PageRun(space, first, first == 0 ? default : keys[first - 1], [.. keys.AsSpan(first)]);
        var deadline = DeadlineFor(wanted * pageSize);
        return Limit(Follow(FetchAsync(storage, run, deadline)), WaitFor(wanted * pageSize, secondsPerToken, deadline));
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

    private Task Follow(Task fetch)
    {
        lock (_lock) _fetches.Add(fetch);
        fetch.ContinueWith(
            ended =>
            {
                lock (_lock) _fetches.Remove(ended);
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
            var found = await storage.FindLeadingAsync(run, limit.Token).ConfigureAwait(false);
            var landed = 0;
            while (landed < found)
            {
                var batch = await FetchBatchAsync(storage, Slice(run, landed, Math.Min(_options.BatchPages, found - landed)), limit.Token).ConfigureAwait(false);
                if (batch == 0) break;
                landed += batch;
            }

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

    private async Task<int> FetchBatchAsync(IPageStorage storage, PageRun run, CancellationToken cancellationToken)
    {
        var pages = new int[run.Count];
        var reserved = _host.Reserve(pages);
        var landed = 0;
        try
        {
            if (reserved > 0)
                landed = await storage.GetAsync(Slice(run, 0, reserved), _host.Memory, pages.AsMemory(0, reserved), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _host.Publish(Slice(run, 0, landed), pages.AsSpan(0, landed), mark: 0);
            _host.Abandon(pages.AsSpan(landed, reserved - landed));
        }

        Interlocked.Add(ref _fetched, landed);
        return landed < run.Count ? 0 : landed;
    }

    private static PageRun Slice(PageRun run, int first, int count) =>
        new(run.Space, run.FirstIndex + first, first == 0 ? run.Previous : run.Keys[first - 1], run.Keys.Slice(first, count));

    private void Write(PageRun run, int[] pages)
    {
        if (_storage is null)
        {
            _host.EndWriting(pages, written: 0);
            return;
        }

        // One run may wait however long it is; several only while they leave most of the pool to others.
        var waiting = Interlocked.Add(ref _writingPages, pages.Length);
        if ((waiting <= _mostWriting || waiting == pages.Length) && _writes.Writer.TryWrite((run, pages))) return;
        End(pages, written: 0);
    }

    private async Task WriteAllAsync()
    {
        await foreach (var (run, pages) in _writes.Reader.ReadAllAsync().ConfigureAwait(false))
        {
            var written = 0;
            try
            {
                if (_storage is { } storage && !_stop.IsCancellationRequested) written = await WriteAsync(storage, run, pages).ConfigureAwait(false);
            }
            finally
            {
                End(pages, written);
            }
        }
    }

    private void End(int[] pages, int written)
    {
        _host.EndWriting(pages, written);
        Interlocked.Add(ref _written, written);
        Interlocked.Add(ref _dropped, pages.Length - written);
        // Last: whoever waits until all is written counts at once, and may free the pages.
        Interlocked.Add(ref _writingPages, -pages.Length);
    }

    /// <returns>How many of the first pages are stored: none where the storage fails.</returns>
    private async Task<int> WriteAsync(IPageStorage storage, PageRun run, int[] pages)
    {
        if (!_breaker.TryEnter()) return 0;
        var isWell = false;
        try
        {
            var written = await PutAsync(storage, run, pages).ConfigureAwait(false);
            isWell = true;
            return written;
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            return 0;
        }
        finally
        {
            _breaker.Report(isWell);
        }
    }

    private async Task<int> PutAsync(IPageStorage storage, PageRun run, int[] pages)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        limit.CancelAfter(_options.WriteDeadline);
        // What rotted here must not be stored with a checksum that says it is right.
        var sound = _host.CountSound(pages);
        if (sound == 0) return 0;
        return await storage.PutAsync(Slice(run, 0, sound), _host.Memory, pages.AsMemory(0, sound), limit.Token).ConfigureAwait(false);
    }
}
