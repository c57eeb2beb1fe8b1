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
    private readonly HashSet<Fetch> _fetches = [];
    private readonly Dictionary<KvPageKey, Fetch> _underWay = [];
    private readonly AnswerTime _answers = new();
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
        return Limit(Fetch.All(others, own), awaited, secondsPerToken);
    }

    public async ValueTask DisposeAsync()
    {
        Fetch[] fetches;
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
        await Task.WhenAll(fetches.Select(fetch => fetch.Landing)).ConfigureAwait(false);
    }

    private void Leave()
    {
        if (_storage is { } storage) storage.PagesLost -= _host.Doubt;
        _host.OnStored = null;
        _storage = null;
    }
}
