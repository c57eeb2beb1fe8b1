using System.Collections.Immutable;
using ActorInference.Actors.Ids;
using ActorInference.Actors.Kv;
using ActorInference.Actors.Protocols;
using Akka.Actor;
using static ActorInference.Actors.Protocols.CacheShardProtocol;

namespace ActorInference.Cache.Store;

/// <summary>What operators ask of the whole cache, divided among its shards and stores. Thread-safe.</summary>
/// <param name="shards">Takes messages to shards.</param>
/// <param name="deadline">Longest time for one question.</param>
public sealed class CacheAdministration(ActorSystem system, IActorRef shards, int buckets, TimeSpan deadline)
{
    /// <summary>Draining and writing out take as long as they take, up to this.</summary>
    private static readonly TimeSpan LongDeadline = TimeSpan.FromMinutes(10);

    private readonly CacheProcess _process = CacheProcess.Get(system);
    private readonly ShardQuestions _questions = new(shards, buckets, deadline);

    /// <summary>The stores, as this node knows them.</summary>
    public StoreTable Stores => _process.Table;

    /// <exception cref="AskTimeoutException">A shard has not answered.</exception>
    public async Task<ImmutableArray<ShardStatus>> ShardsAsync()
    {
        var all = Enumerable.Range(0, buckets).Select(bucket => shards.Ask<ShardStatus>(new GetShardStatus(bucket), deadline));
        return [.. await Task.WhenAll(all).ConfigureAwait(false)];
    }

    /// <summary>Each store's own account; null of one that does not answer.</summary>
    public async Task<ImmutableArray<(KnownStore Store, CacheStoreProtocol.StoreStatus? Status)>> StoresAsync()
    {
        var all = Stores.Stores.Values.Select(async store => (store, store.IsSuspect ? null : await StatusAsync(store).ConfigureAwait(false)));
        return [.. await Task.WhenAll(all).ConfigureAwait(false)];
    }

    /// <summary>The first pages in the order of their keys.</summary>
    /// <exception cref="AskTimeoutException">A shard has not answered.</exception>
    public async Task<ImmutableArray<ListedPage>> ListAsync(string tenant, int limit)
    {
        var listed = new List<ListedPage>();
        for (var bucket = 0; bucket < buckets && listed.Count < limit; bucket++)
        {
            var part = await shards.Ask<Listed>(new List(bucket, tenant, default, limit - listed.Count), deadline).ConfigureAwait(false);
            listed.AddRange(part.Pages);
        }

        return [.. listed];
    }

    /// <summary>Pins pages for a time; zero takes the pin away.</summary>
    public Task<CacheOutcome[]> PinAsync(string tenant, ImmutableArray<KvPageKey> keys, TimeSpan time)
    {
        var action = time > TimeSpan.Zero ? PinAction.Enable : PinAction.Disable;
        return _questions.AskAsync<Outcomes, CacheOutcome>(
            keys, (bucket, part) => new Pin(bucket, tenant, action, (long)time.TotalMilliseconds, part), answer => answer.Pages, CancellationToken.None);
    }

    /// <summary>Removes pages of a tenant: all, or those whose keys match.</summary>
    /// <param name="pattern">A regular expression for the hexadecimal digits; empty for all.</param>
    /// <param name="force">Those that somebody may be reading too.</param>
    /// <returns>How many.</returns>
    public async Task<int> RemoveAsync(string tenant, string pattern, bool force)
    {
        var all = Enumerable.Range(0, buckets).Select(bucket => shards.Ask<Counted>(new RemoveMatching(bucket, tenant, force, pattern), deadline));
        return (await Task.WhenAll(all).ConfigureAwait(false)).Sum(counted => counted.Pages);
    }

    /// <summary>Gives a tenant a limit, or none.</summary>
    public Task SetQuotaAsync(string tenant, long? bytes) =>
        Task.WhenAll(Enumerable.Range(0, buckets).Select(bucket => shards.Ask<Outcomes>(new SetQuota(bucket, tenant, bytes), deadline)));

    /// <exception cref="ArgumentException">There is no such store.</exception>
    public Task<CacheStoreProtocol.Governed> GovernAsync(StoreId id, CacheStoreProtocol.StoreAction action)
    {
        if (!Stores.TryGet(id, out var store))
            throw new ArgumentException($"store is '{id}'; expected one of {string.Join(", ", Stores.Stores.Keys)}.", nameof(id));
        return store.Report.Actor.Ask<CacheStoreProtocol.Governed>(new CacheStoreProtocol.Govern(action), LongDeadline);
    }

    private async Task<CacheStoreProtocol.StoreStatus?> StatusAsync(KnownStore store)
    {
        try
        {
            return await store.Report.Actor.Ask<CacheStoreProtocol.StoreStatus>(CacheStoreProtocol.GetStoreStatus.Instance, deadline).ConfigureAwait(false);
        }
        catch (AskTimeoutException)
        {
            return null;
        }
    }
}
