using System.Collections.Immutable;
using ActorInference.Actors.Ids;
using ActorInference.Actors.Kv;
using ActorInference.Actors.Protocols;
using ActorInference.Cache.Tiers;
using Akka.Actor;
using static ActorInference.Actors.Protocols.CacheShardProtocol;

namespace ActorInference.Cache.Store;

/// <summary>One run of pages on its way into stores: started at the shards, taken by the stores, ended at the shards.</summary>
internal sealed class StoragePut(
    PageRun run, IPageMemory from, ReadOnlyMemory<int> pages, ReadOnlyMemory<uint> checksums, StorageClientOptions options, Guid writer)
{
    private readonly List<int> _started = [];

    /// <returns>How many of the run's first pages are stored.</returns>
    public async Task<int> RunAsync(ShardQuestions shards, CacheProcess process, KvPageSource? source, TimeSpan deadline, CancellationToken stop)
    {
        var places = await StartAsync(shards, stop).ConfigureAwait(false);
        var isStored = Array.ConvertAll(places, place => place.Outcome == CacheOutcome.AlreadyExists);
        _started.AddRange(Enumerable.Range(0, run.Count).Where(i => places[i].Outcome == CacheOutcome.Done));
        if (_started.Count > 0)
        {
            var replicas = new ImmutableArray<Replica>[run.Count];
            var stores = places.SelectMany(place => place.Stores).Distinct().ToList();
            var given = await Task.WhenAll(stores.Select(store => GiveAsync(store, places, process, source, deadline, stop))).ConfigureAwait(false);
            foreach (var i in _started) replicas[i] = [.. given.Select(each => each[i]).OfType<Replica>()];
            var outcomes = await EndAsync(shards, replicas, stop).ConfigureAwait(false);
            foreach (var (i, outcome) in outcomes) isStored[i] = outcome == CacheOutcome.Done;
            _started.Clear();
        }

        var leading = 0;
        while (leading < isStored.Length && isStored[leading]) leading++;
        return leading;
    }

    /// <summary>Lets others put what this one could not.</summary>
    public void RevokeRest(IActorRef region, int buckets)
    {
        foreach (var bucket in _started.GroupBy(i => CacheBuckets.Of(run.Keys[i], buckets)))
            region.Tell(new PutRevoke(bucket.Key, options.Tenant, writer, [.. bucket.Select(i => run.Keys[i])]), ActorRefs.NoSender);
    }

    private Task<PutPlace[]> StartAsync(ShardQuestions shards, CancellationToken stop)
    {
        var places = new Dictionary<KvPageKey, int>(run.Count);
        for (var i = 0; i < run.Count; i++) places[run.Keys[i]] = i;
        return shards.AskAsync<PutStarted, PutPlace>(
            run.Keys,
            (bucket, keys) => new PutStart(bucket, options.Tenant, writer, options.Host, options.Policy, [.. keys.Select(key => Describe(places[key]))]),
            answer => answer.Places,
            stop);
    }

    private NewPage Describe(int i) => new(run.Keys[i], i == 0 ? run.Previous : run.Keys[i - 1], run.FirstIndex + i, from.Layout.PageBytes);

    private async Task<Replica?[]> GiveAsync(
        StoreId store, PutPlace[] places, CacheProcess process, KvPageSource? source, TimeSpan deadline, CancellationToken stop)
    {
        var replicas = new Replica?[run.Count];
        if (!process.Table.TryGet(store, out var known)) return replicas;
        var mine = _started.Where(i => places[i].Stores.Contains(store)).ToList();
        var put = new CacheStoreProtocol.Put(
            options.Tenant, from.Id, source,
            [.. mine.Select(i => new CacheStoreProtocol.GivenPage(Describe(i), new KvPageReference(pages.Span[i], from.Generation(pages.Span[i])), checksums.Span[i]))]);
        try
        {
            var allowed = deadline + TimeSpan.FromSeconds((double)mine.Count * from.Layout.PageBytes / options.MinBytesPerSecond);
            var done = await known.Report.Actor.Ask<CacheStoreProtocol.PutDone>(put, allowed, stop).ConfigureAwait(false);
            for (var i = 0; i < mine.Count && i < done.Replicas.Length; i++) replicas[mine[i]] = done.Replicas[i];
        }
        catch (AskTimeoutException)
        {
            // A store that is slow gets no page this time; the others do.
        }

        return replicas;
    }

    private async Task<IEnumerable<(int, CacheOutcome)>> EndAsync(ShardQuestions shards, ImmutableArray<Replica>[] replicas, CancellationToken stop)
    {
        var ended = _started.ToArray();
        var places = ended.ToDictionary(i => run.Keys[i]);
        var outcomes = await shards.AskAsync<Outcomes, CacheOutcome>(
            [.. ended.Select(i => run.Keys[i])],
            (bucket, keys) => new PutEnd(
                bucket, options.Tenant, writer, [.. keys.Select(key => new EndedPage(key, checksums.Span[places[key]], replicas[places[key]]))]),
            answer => answer.Pages,
            stop).ConfigureAwait(false);
        return ended.Zip(outcomes);
    }
}
