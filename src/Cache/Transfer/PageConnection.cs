using System.Net;
using System.Net.Sockets;
using ActorInference.Actors.Kv;

namespace ActorInference.Cache.Transfer;

/// <summary>
/// One connection to a page server, made when it is needed and made again after a failure. Used by one thread, which it blocks;
/// <see cref="Break"/> may be called by any.
/// </summary>
internal sealed class PageConnection(KvPoolId pool, KvPageSource source, IPAddress address) : IDisposable
{
    private readonly Lock _lock = new();
    private Socket? _socket;
    private PageClient? _client;

    /// <summary>Brings a part, and tells its job how that ended.</summary>
    public void Run(PagePart part)
    {
        if (!part.Job.TryBegin(part, this)) return;
        Exception? failure = null;
        try
        {
            Bring(part);
        }
        catch (Exception caught)
        {
            failure = caught;   // Whatever it is: the job's owner gets it.
            if (caught is not TransferException { Error: TransferError.Gone } || _client is null) Dispose();
        }

        part.Job.End(part, failure);
    }

    /// <summary>Fails what is under way.</summary>
    public void Break()
    {
        lock (_lock) _socket?.Dispose();
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _socket?.Dispose();
            (_socket, _client) = (null, null);
        }
    }

    private void Bring(PagePart part)
    {
        var wasOpen = _client is not null;
        try
        {
            Client(part).Fetch(part);
        }
        catch (Exception broken) when (IsBroken(broken))
        {
            // It may have been closed while it was idle; a new one says whether the server is there.
            if (!wasOpen || part.Job.IsAborted) throw Broken("broke off", broken);
            Dispose();
            try
            {
                Client(part).Fetch(part);
            }
            catch (Exception again) when (IsBroken(again))
            {
                throw Broken("broke off", again);
            }
        }
    }

    private PageClient Client(PagePart part)
    {
        if (_client is not null) return _client;
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        lock (_lock) _socket = socket;
        if (part.Job.IsAborted) throw new TransferException(TransferError.Broken, "Nobody wants the pages any more.");
        try
        {
            socket.Connect(new IPEndPoint(address, source.Port));
        }
        catch (Exception failure) when (IsBroken(failure))
        {
            throw Broken("cannot be reached", failure);
        }

        var client = new PageClient(new NetworkStream(socket, ownsSocket: false), $"{source.Host}:{source.Port}");
        client.Greet(pool, source.Format);
        return _client = client;
    }

    private static bool IsBroken(Exception failure) => failure is SocketException or IOException or ObjectDisposedException;

    private TransferException Broken(string how, Exception cause) =>
        new(TransferError.Broken, $"The page server at {source.Host}:{source.Port} {how}: {cause.Message}", cause);
}
