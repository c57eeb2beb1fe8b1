using System.Net;
using System.Net.Sockets;
using ActorInference.Actors.Kv;
using ActorInference.Actors.Protocols;

namespace ActorInference.Cache.Transfer;

/// <summary>Over TCP from the sender's page server, by several connections at once, straight into the pool if the host reaches it.</summary>
internal sealed class SocketTransport(IPageMemory pool, int connections) : IPageTransport
{
    /// <summary>Processes whose connections are kept.</summary>
    private const int MaxPeers = 64;

    private readonly PageLanding _landing = new(pool);
    private readonly Lock _lock = new();
    private readonly OrderedDictionary<KvPoolId, PagePeer> _peers = [];

    public async Task<bool> TryBringAsync(KvTransferProtocol.KvPages message, ReadOnlyMemory<int> local, CancellationToken cancellationToken)
    {
        var source = message.Remote!.Source;
        if (source.Port == 0) return false;
        var address = IPAddress.TryParse(source.Host, out var known) ? known : await ResolveAsync(source, cancellationToken).ConfigureAwait(false);
        if (pool.HasBytes) await FetchAsync(message, pool, local, address, cancellationToken).ConfigureAwait(false);
        else await _landing.FetchAsync(message, local, (part, into, pages) => FetchAsync(part, into, pages, address, cancellationToken), cancellationToken).ConfigureAwait(false);
        return true;
    }

    public void Dispose()
    {
        _landing.Dispose();
        lock (_lock)
        {
            foreach (var peer in _peers.Values) peer.Dispose();
            _peers.Clear();
        }
    }

    private async Task FetchAsync(KvTransferProtocol.KvPages message, IPageMemory into, ReadOnlyMemory<int> pages, IPAddress address, CancellationToken cancellationToken)
    {
        var job = new PageJob(message, into, pages, connections);
        Start(job, message.Pool, message.Remote!.Source, address);
        await using var registration = cancellationToken.UnsafeRegister(static job => ((PageJob)job!).Abort(), job).ConfigureAwait(false);
        await job.Done.ConfigureAwait(false);
    }

    private void Start(PageJob job, KvPoolId id, KvPageSource source, IPAddress address)
    {
        lock (_lock)
        {
            if (!_peers.TryGetValue(id, out var peer))
            {
                if (_peers.Count >= MaxPeers)
                {
                    _peers.GetAt(0).Value.Dispose();
                    _peers.RemoveAt(0);
                }

                peer = new PagePeer(id, source, address, connections);
                _peers.Add(id, peer);
            }

            peer.Enqueue(job);
        }
    }

    private static async Task<IPAddress> ResolveAsync(KvPageSource source, CancellationToken cancellationToken)
    {
        try
        {
            return (await Dns.GetHostAddressesAsync(source.Host, cancellationToken).ConfigureAwait(false))[0];
        }
        catch (Exception unknown) when (unknown is SocketException or ArgumentException or IndexOutOfRangeException)
        {
            throw new TransferException(TransferError.Broken, $"The page server's host '{source.Host}' has no address: {unknown.Message}", unknown);
        }
    }
}
