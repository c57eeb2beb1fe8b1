using System.Net;
using System.Net.Sockets;
using ActorInference.Actors.Kv;

namespace ActorInference.Cache.Transfer;

/// <summary>
/// Gives the pages of one pool to other hosts, straight from the pool's memory. Whoever asks names pages by their generation; one that
/// was freed meanwhile is said to be gone. A connection has a thread of its own, which waits in the kernel and nowhere else
/// (docs/decisions/0011-page-threads.md).
/// </summary>
public sealed class PageServer : IAsyncDisposable
{
    private const int StackBytes = 256 << 10;

    /// <summary>
    /// On one host nothing is on the way: what the kernel keeps of a connection only falls out of the processor's caches. Between hosts the
    /// kernel chooses, by how long the way is.
    /// </summary>
    internal const int LoopbackBufferBytes = 256 << 10;

    private readonly IPageMemory _pool;
    private readonly PageServerOptions _options;
    private readonly Socket _listener;
    private readonly CancellationTokenSource _stop = new();
    private readonly Dictionary<Socket, Connection> _connections = [];
    private readonly Lock _lock = new();
    private readonly Task _accepting;
    private readonly Timer _watch;
    private long _protocolErrors;
    private long _stalled;

    /// <param name="pool">Outlives the server.</param>
    /// <param name="address">Where to listen.</param>
    /// <param name="port">0 takes a free one.</param>
    /// <param name="options">Its limits.</param>
    /// <exception cref="SocketException">The port is taken.</exception>
    public PageServer(IPageMemory pool, IPAddress address, int port, PageServerOptions options)
    {
        (_pool, _options) = (pool, options);
        _listener = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        _listener.Bind(new IPEndPoint(address, port));
        _listener.Listen();
        Port = ((IPEndPoint)_listener.LocalEndPoint!).Port;
        _accepting = AcceptAsync();
        var period = options.Stall / 4;
        _watch = new Timer(_ => EndOverdue(), null, period, period);
    }

    public int Port { get; }

    /// <summary>Connections that ended because a client did not keep to the protocol.</summary>
    public long ProtocolErrors => Interlocked.Read(ref _protocolErrors);

    /// <summary>Connections that were ended because a client was silent in the middle of something, or did not take what it had asked for.</summary>
    public long Stalled => Interlocked.Read(ref _stalled);

    /// <summary>Clients that are connected.</summary>
    public int Connections
    {
        get { lock (_lock) return _connections.Count; }
    }

    /// <summary>Ends all connections and waits for them: from then on nothing here touches the pool.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_stop.IsCancellationRequested) return;
        await _stop.CancelAsync().ConfigureAwait(false);
        _listener.Dispose();
        await _accepting.ConfigureAwait(false);
        await _watch.DisposeAsync().ConfigureAwait(false);
        Connection[] connections;
        lock (_lock) connections = [.. _connections.Values];
        foreach (var connection in connections) connection.Socket.Dispose();
        foreach (var connection in connections) await connection.Ended.Task.ConfigureAwait(false);
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                Take(await _listener.AcceptAsync(_stop.Token).ConfigureAwait(false));
            }
            catch (Exception ended) when (ended is OperationCanceledException or ObjectDisposedException or SocketException)
            {
                // The end, or one that broke off before it was taken; others go on.
            }
        }
    }

    private void Take(Socket socket)
    {
        var connection = new Connection(socket, new TransferClock(TimeProvider.System, _options.Stall, _options.MinBytesPerSecond));
        lock (_lock)
        {
            if (_connections.Count >= _options.MaxConnections)
            {
                Refuse(socket);
                return;
            }

            _connections.Add(socket, connection);
        }

        new Thread(() => Serve(connection), StackBytes) { IsBackground = true, Name = "kv-page-server" }.Start();
    }

    private void Refuse(Socket socket)
    {
        Span<byte> answer = stackalloc byte[PageWire.AnswerBytes];
        PageWire.WriteAnswer(answer, PageWire.Answer.Busy, KvTransferFormat.Of(_pool.Layout));
        using (socket)
        {
            socket.Blocking = false;   // It fits into the empty buffer of a new connection, or is not worth waiting for.
            socket.Send(answer, SocketFlags.None, out _);
            socket.Shutdown(SocketShutdown.Send);
        }
    }

    private IPageOutput Output(Socket socket, Stream stream)
    {
        if (!_pool.HasBytes) return new StagedOutput(_pool, stream);
        return OperatingSystem.IsLinux() ? new GatherOutput(socket, _pool) : new MemoryOutput(_pool, stream);
    }

    private void Serve(Connection connection)
    {
        try
        {
            connection.Socket.NoDelay = true;
            if (connection.Socket.RemoteEndPoint is IPEndPoint peer && IPAddress.IsLoopback(peer.Address)) connection.Socket.SendBufferSize = LoopbackBufferBytes;
            using var stream = new NetworkStream(connection.Socket, ownsSocket: false);
            new PageSession(_pool, stream, Output(connection.Socket, stream), connection.Clock).Run();
        }
        catch (TransferException)
        {
            Interlocked.Increment(ref _protocolErrors);
        }
        catch (Exception ended) when (ended is SocketException or IOException or ObjectDisposedException)
        {
            // The client is gone, or was ended for being too slow, or this side ends; either way the connection is over.
        }
        finally
        {
            lock (_lock) _connections.Remove(connection.Socket);
            connection.Socket.Dispose();
            connection.Ended.SetResult();
        }
    }

    private void EndOverdue()
    {
        lock (_lock)
        {
            foreach (var connection in _connections.Values)
            {
                if (!connection.Clock.IsOverdue) continue;
                connection.Clock.Rest();
                connection.Socket.Dispose();
                Interlocked.Increment(ref _stalled);
            }
        }
    }

    private sealed record Connection(Socket Socket, TransferClock Clock)
    {
        public TaskCompletionSource Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
