using System.Net;
using ActorInference.Actors.Kv;

namespace ActorInference.Cache.Transfer;

/// <summary>How one process's pool exchanges pages with others: its server, and what brings pages into it. Disposed after the actors
/// that use it and before the pool.</summary>
public sealed class PageExchange : IAsyncDisposable
{
    private readonly PageServer _server;

    /// <param name="pool">Outlives this.</param>
    /// <param name="listen">Address of the page server.</param>
    /// <param name="publicHost">Name or address by which others reach it.</param>
    /// <param name="port">0 takes a free one.</param>
    /// <param name="options">How pages are brought.</param>
    /// <exception cref="System.Net.Sockets.SocketException">The port is taken.</exception>
    public PageExchange(IPageMemory pool, IPAddress listen, string publicHost, int port, PageFetcherOptions options)
    {
        Pool = pool;
        _server = new PageServer(pool, listen, port, new PageServerOptions());
        Fetcher = new PageFetcher(pool, options);
        Source = new KvPageSource(pool.Layout, pool.CapacityPages, pool.SharedPath, publicHost, _server.Port);
    }

    public IPageMemory Pool { get; }

    /// <summary>What others are told, to get pages from here.</summary>
    public KvPageSource Source { get; }

    public PageFetcher Fetcher { get; }

    public async ValueTask DisposeAsync()
    {
        await Fetcher.DisposeAsync();
        await _server.DisposeAsync();
    }
}
