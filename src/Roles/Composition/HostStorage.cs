using System.Net;
using ActorInference.Actors.Kv;
using ActorInference.Cache.Store;
using ActorInference.Cache.Tiers;
using ActorInference.Cache.Transfer;
using ActorInference.Roles.Configuration;
using Akka.Actor;

namespace ActorInference.Roles.Composition;

/// <summary>The cluster's stores as the tier behind a process's host pool. Disposed before the pool.</summary>
internal sealed class HostStorage : IAsyncDisposable
{
    private readonly StorageClient _client;
    private readonly PageExchange? _exchange;

    private HostStorage(StorageClient client, PageExchange? exchange) => (_client, _exchange) = (client, exchange);

    public IPageStorage Client => _client;

    /// <param name="shards">Region or proxy of the shards.</param>
    /// <param name="pages">The host pool's.</param>
    /// <param name="workers">How other processes reach this one's workers; null if there are no others.</param>
    public static HostStorage Create(ActorSystem system, IActorRef shards, CacheSettings settings, IPageMemory pages, PageExchange? workers)
    {
        // Stores elsewhere copy out of the host's pages, so these need a server of their own.
        var exchange = workers is null ? null : new PageExchange(pages, Listen(workers.Source.Host), workers.Source.Host, port: 0, workers.Fetcher.Options);
        return new HostStorage(CacheNode.CreateClient(system, shards, settings, exchange), exchange);
    }

    public async ValueTask DisposeAsync()
    {
        await _client.DisposeAsync().ConfigureAwait(false);
        if (_exchange is not null) await _exchange.DisposeAsync().ConfigureAwait(false);
    }

    private static IPAddress Listen(string host) => IPAddress.TryParse(host, out var address) ? address : IPAddress.Any;
}
