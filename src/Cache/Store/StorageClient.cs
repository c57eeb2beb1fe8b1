using System.Collections.Concurrent;
using System.Collections.Immutable;
using ActorInference.Actors.Kv;
using ActorInference.Actors.Protocols;
using ActorInference.Cache.Tiers;
using Akka.Actor;
using static ActorInference.Actors.Protocols.CacheShardProtocol;

namespace ActorInference.Cache.Store;

/// <summary>
/// The distributed store as a worker's process sees it. Asks shards where pages are, and moves them between its own pools and
/// the stores straight away. What fails, is late or comes broken is a miss.
/// </summary>
public sealed class StorageClient : IPageStorage, IAsyncDisposable
{
    private readonly StorageClientOptions _options;
    private readonly CacheProcess _process;
    private readonly ShardQuestions _shards;
    private readonly IActorRef _region;
    private readonly StoreReader _reader;
    private readonly Breaker _breaker;
    private readonly Func<IPageMemory, KvPageSource?> _sourceOf;
    private readonly Guid _writer = Guid.NewGuid();
    private readonly ConcurrentDictionary<KvPoolId, IPageMemory> _pools = new();

    /// <param name="system">Whose <see cref="CacheProcess"/> knows the stores.</param>
    /// <param name="shards">Takes messages to shards: the region, or a proxy of it.</param>
    /// <param name="sourceOf">How another process reaches one of this one's pools; null if it can't.</param>
    /// <param name="time">For the breaker's pause.</param>
    public StorageClient(ActorSystem system, IActorRef shards, StorageClientOptions options, Func<IPageMemory, KvPageSource?> sourceOf, TimeProvider time)
    {
        (_options, _region, _sourceOf) = (options, shards, sourceOf);
        _process = CacheProcess.Get(system);
        _shards = new ShardQuestions(shards, options.Buckets, options.QueryDeadline);
        _reader = new StoreReader(_process, options.Fetching, options.TransferDeadline);
        _breaker = new Breaker(options.BreakerFailures, options.BreakerPause, options.BreakerPause, time);
    }

    public event Action? PagesLost
    {
        add => _process.PagesLost += value;
        remove => _process.PagesLost -= value;
    }

    /// <summary>Times that the storage was given up for a while.</summary>
    public int BreakerOpened => _breaker.Opened;

    public async ValueTask<int> FindLeadingAsync(PageRun run, CancellationToken cancellationToken)
    {
        if (run.Count == 0) return 0;
        var found = await GuardAsync(
            _options.QueryDeadline, 0,
            stop => _shards.AskAsync<Outcomes, CacheOutcome>(
                run.Keys, (bucket, keys) => new Exists(bucket, _options.Tenant, keys), answer => answer.Pages, stop),
            cancellationToken).ConfigureAwait(false);
        return found is null ? 0 : Leading(found, outcome => outcome == CacheOutcome.Done);
    }

    /// <summary>As the other one, for who does not want the checksums.</summary>
    public ValueTask<int> GetAsync(PageRun run, IPageMemory into, ReadOnlyMemory<int> pages, CancellationToken cancellationToken) =>
        GetAsync(run, into, pages, new uint[run.Count], cancellationToken);

    public async ValueTask<int> GetAsync(PageRun run, IPageMemory into, ReadOnlyMemory<int> pages, Memory<uint> checksums, CancellationToken cancellationToken)
    {
        if (run.Count == 0) return 0;
        var reads = new List<PageRead>(run.Count);
        await GuardAsync(
            _options.QueryDeadline + _options.TransferDeadline, (long)run.Count * into.Layout.PageBytes,
            async stop => await ReadAsync(reads, run.Keys, await LocateAsync(run, stop).ConfigureAwait(false), into, pages, stop).ConfigureAwait(false),
            cancellationToken).ConfigureAwait(false);
        return Landed(reads, checksums.Span);
    }

    /// <summary>One question for where all of them are; they are leased from then on.</summary>
    public async ValueTask<StoredRun> FindAsync(PageRun run, CancellationToken cancellationToken)
    {
        var found = run.Count == 0 ? null : await GuardAsync(_options.QueryDeadline, 0, stop => LocateAsync(run, stop), cancellationToken).ConfigureAwait(false);
        return new LocatedRun(this, run, found ?? []);
    }

    /// <summary>As the other one, for pages that are what they are.</summary>
    public async ValueTask<int> PutAsync(PageRun run, IPageMemory from, ReadOnlyMemory<int> pages, CancellationToken cancellationToken)
    {
        var checksums = new uint[run.Count];
        await Task.Run(() => from.Sum(pages.Span, checksums), cancellationToken).ConfigureAwait(false);
        return await PutAsync(run, from, pages, checksums, cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask<int> PutAsync(PageRun run, IPageMemory from, ReadOnlyMemory<int> pages, ReadOnlyMemory<uint> checksums, CancellationToken cancellationToken)
    {
        if (run.Count == 0) return 0;
        if (_options.OffersPools && _pools.TryAdd(from.Id, from)) _process.Add(from);
        var bytes = (long)run.Count * from.Layout.PageBytes;
        var put = new StoragePut(run, from, pages, checksums, _options, _writer);
        var stored = await GuardAsync(
            2 * _options.QueryDeadline + _options.TransferDeadline, bytes,
            stop => put.RunAsync(_shards, _process, _sourceOf(from), _options.TransferDeadline, stop), cancellationToken).ConfigureAwait(false);
        put.RevokeRest(_region, _options.Buckets);
        return stored;
    }

    /// <summary>Ends what is under way. To be called before the pools that it has read into and stored from are disposed.</summary>
    public ValueTask DisposeAsync()
    {
        foreach (var pool in _pools.Values) _process.Remove(pool);
        return _reader.DisposeAsync();
    }

    private static int Leading<T>(IReadOnlyList<T> all, Func<T, bool> isGood)
    {
        var count = 0;
        while (count < all.Count && isGood(all[count])) count++;
        return count;
    }

    /// <summary>A failure costs one deadline; several in a row, none for a while.</summary>
    private async Task<T?> GuardAsync<T>(TimeSpan limit, long bytes, Func<CancellationToken, Task<T>> call, CancellationToken cancellationToken)
    {
        if (_process.Table.Stores.IsEmpty || !_breaker.TryEnter()) return default;
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(limit + TimeSpan.FromSeconds((double)bytes / _options.MinBytesPerSecond));
        var isWell = false;
        try
        {
            var result = await call(deadline.Token).ConfigureAwait(false);
            isWell = true;
            return result;
        }
        catch (Exception failure) when (failure is AskTimeoutException or OperationCanceledException or StorageUnavailableException)
        {
            // Who gave up himself says nothing of the storage.
            isWell = cancellationToken.IsCancellationRequested;
            cancellationToken.ThrowIfCancellationRequested();
            return default;
        }
        finally
        {
            _breaker.Report(isWell);
        }
    }

    private Task<FoundPage[]> LocateAsync(PageRun run, CancellationToken stop) => _shards.AskAsync<Found, FoundPage>(
        run.Keys, (bucket, keys) => new Query(bucket, _options.Tenant, Lease: true, keys), answer => answer.Pages, stop);

    /// <summary>Reads the leading pages that were found.</summary>
    private async Task<bool> ReadAsync(
        List<PageRead> reads, ImmutableArray<KvPageKey> keys, ReadOnlyMemory<FoundPage> found, IPageMemory into, ReadOnlyMemory<int> pages, CancellationToken stop)
    {
        for (var i = 0; i < keys.Length && found.Span[i] is { Outcome: CacheOutcome.Done } page && page.SizeBytes == into.Layout.PageBytes; i++)
            reads.Add(new PageRead(new TenantKey(_options.Tenant, keys[i]), page.SizeBytes, page.Checksum, page.Replicas, pages.Span[i]));
        await _reader.ReadAsync(reads, into, stop).ConfigureAwait(false);
        return true;
    }

    private int Landed(List<PageRead> reads, Span<uint> checksums)
    {
        foreach (var read in reads) Report(read);
        var landed = Leading(reads, read => read.HasLanded);
        for (var i = 0; i < landed; i++) checksums[i] = reads[i].Checksum;
        return landed;
    }

    private void Report(PageRead read)
    {
        foreach (var replica in read.Broken)
            _region.Tell(new Broken(CacheBuckets.Of(read.Page.Key, _options.Buckets), read.Page.Tenant, read.Page.Key, replica), ActorRefs.NoSender);
    }

    /// <summary>Pages of which it is known where they are.</summary>
    private sealed class LocatedRun(StorageClient client, PageRun run, FoundPage[] found)
        : StoredRun(client, run, Leading(found, static page => page.Outcome == CacheOutcome.Done))
    {
        private readonly StorageClient _client = client;
        private readonly PageRun _run = run;

        public override async ValueTask<int> GetAsync(int first, IPageMemory into, ReadOnlyMemory<int> pages, Memory<uint> checksums, CancellationToken cancellationToken)
        {
            var reads = new List<PageRead>(pages.Length);
            await _client.GuardAsync(
                _client._options.TransferDeadline, (long)pages.Length * into.Layout.PageBytes,
                stop => _client.ReadAsync(reads, _run.Keys.Slice(first, pages.Length), found.AsMemory(first, pages.Length), into, pages, stop),
                cancellationToken).ConfigureAwait(false);
            return _client.Landed(reads, checksums.Span);
        }
    }
}

/// <summary>The storage answers, but not what it should.</summary>
public sealed class StorageUnavailableException(string message, Exception? cause = null) : Exception(message, cause);
