using ActorInference.Actors.Kv;

namespace ActorInference.Cache.Tiers;

/// <summary>How pages come, and how long a request waits for them.</summary>
public sealed partial class StorageTier
{
    /// <summary>For an answer: what a busy processor makes of one that is usually quicker.</summary>
    private static readonly TimeSpan LeastPatience = TimeSpan.FromMilliseconds(20);

    /// <summary>Pages that are being brought for another request: nobody brings them twice.</summary>
    /// <returns>Null for none. And how many of the first keys they are.</returns>
    private (Fetch? Others, int Count) UnderWay(ReadOnlySpan<KvPageKey> keys)
    {
        var (others, count) = (new HashSet<Fetch>(), 0);
        lock (_lock)
        {
            for (; count < keys.Length && _underWay.TryGetValue(keys[count], out var fetch); count++) others.Add(fetch);
        }

        return (Fetch.All([.. others]), count);
    }

    /// <returns>Null if it is not worth it, or too much is under way.</returns>
    private Fetch? BeginFetch(IPageStorage storage, KvNamespaceId space, KvPageKey[] keys, int first, double secondsPerToken)
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
        var answered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return Follow(new Fetch(answered.Task, FetchAsync(storage, run, DeadlineFor(tokens), answered)), run);
    }

    private Fetch Follow(Fetch fetch, PageRun run)
    {
        lock (_lock)
        {
            _fetches.Add(fetch);
            foreach (var key in run.Keys) _underWay.TryAdd(key, fetch);
        }

        fetch.Landing.ContinueWith(
            _ =>
            {
                lock (_lock)
                {
                    _fetches.Remove(fetch);
                    foreach (var key in run.Keys)
                    {
                        if (_underWay.TryGetValue(key, out var present) && present == fetch) _underWay.Remove(key);
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
    /// For pages that do not come a request waits no longer than computing takes, so that it is at most twice as late as one that had known
    /// (the ski-rental rule), and for a storage that does not even say what it has, not nearly as long: only while nearly all answers
    /// have come later, or an eighth of what computing takes has not passed. What comes after that is there for the next one.
    /// </summary>
    /// <param name="fetch">Awaited.</param>
    /// <param name="tokens">Of its pages.</param>
    /// <param name="secondsPerToken">To compute one; 0 if that is not known.</param>
    /// <returns>Null if there is nothing to wait for.</returns>
    private Task? Limit(Fetch? fetch, int tokens, double secondsPerToken)
    {
        if (fetch is null || fetch.Landing.IsCompleted || _options.Policy == PrefetchPolicy.BestEffort) return null;
        var deadline = DeadlineFor(tokens);
        if (!_options.OnlyIfFaster || secondsPerToken <= 0 || _options.Policy == PrefetchPolicy.WaitComplete) return WaitAsync(fetch, deadline, deadline);
        var compute = TimeSpan.FromSeconds(tokens * secondsPerToken);
        return WaitAsync(fetch, PatienceFor(compute), compute < deadline ? compute : deadline);
    }

    private TimeSpan PatienceFor(TimeSpan compute)
    {
        if (_answers.Usual is not { Ticks: > 0 } usual) return compute;
        var patience = 2 * usual;
        if (patience < compute / 8) patience = compute / 8;
        return patience < LeastPatience ? LeastPatience : patience;
    }

    /// <summary>Until it has ended, in whatever way, or it or its answer is late.</summary>
    private async Task WaitAsync(Fetch fetch, TimeSpan patience, TimeSpan deadline)
    {
        var begun = _time.GetTimestamp();
        if (patience < deadline)
        {
            await fetch.Answer.WaitAsync(patience, _time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            deadline -= _time.GetElapsedTime(begun);
            if (!fetch.Answer.IsCompleted || deadline <= TimeSpan.Zero) return;
        }

        await fetch.Landing.WaitAsync(deadline, _time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <param name="answered">Is set when it is known what can be brought, at the latest when nothing more comes.</param>
    private async Task FetchAsync(IPageStorage storage, PageRun run, TimeSpan deadline, TaskCompletionSource answered)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        limit.CancelAfter(deadline);
        var (started, isWell) = (_time.GetTimestamp(), false);
        try
        {
            var found = await FindAsync(storage, run, limit.Token).ConfigureAwait(false);
            answered.SetResult();
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
            answered.TrySetResult();
            _breaker.Report(isWell);
            Interlocked.Add(ref _prefetching, -run.Count);
        }
    }

    private async Task<StoredRun> FindAsync(IPageStorage storage, PageRun run, CancellationToken cancellationToken)
    {
        var asked = _time.GetTimestamp();
        try
        {
            return await storage.FindAsync(run, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _answers.Observe(_time.GetElapsedTime(asked));
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

    /// <summary>Pages that are being brought.</summary>
    /// <param name="Answer">When it is known what can be brought.</param>
    /// <param name="Landing">When they are here, or will not come. Never fails.</param>
    private sealed record Fetch(Task Answer, Task Landing)
    {
        /// <returns>Null if all are.</returns>
        public static Fetch? All(params Fetch?[] fetches) => fetches.OfType<Fetch>().ToList() switch
        {
            [] => null,
            [var only] => only,
            var several => new Fetch(Task.WhenAll(several.Select(fetch => fetch.Answer)), Task.WhenAll(several.Select(fetch => fetch.Landing))),
        };
    }
}
