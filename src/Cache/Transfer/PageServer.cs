using System.Buffers;
using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using ActorInference.Actors.Kv;

namespace ActorInference.Cache.Transfer;

/// <summary>
/// Gives the pages of one pool to other hosts, straight from the pool's memory. Whoever asks names pages by their
/// generation; one that was freed meanwhile is said to be gone.
/// </summary>
public sealed class PageServer : IAsyncDisposable
{
    /// <summary>Pages that go into one system call.</summary>
    private const int GatherPages = 16;

    private readonly IPageMemory _pool;
    private readonly TimeSpan _stall;
    private readonly Socket _listener;
    private readonly CancellationTokenSource _stop = new();
    private readonly HashSet<Task> _connections = [];
    private readonly Lock _lock = new();
    private readonly Task _accepting;

    /// <param name="pool">Outlives the server.</param>
    /// <param name="address">Where to listen.</param>
    /// <param name="port">0 takes a free one.</param>
    /// <param name="stall">How long a client may be silent within a request, or take nothing.</param>
    /// <exception cref="SocketException">The port is taken.</exception>
    public PageServer(IPageMemory pool, IPAddress address, int port, TimeSpan stall)
    {
        (_pool, _stall) = (pool, stall);
        _listener = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        _listener.Bind(new IPEndPoint(address, port));
        _listener.Listen();
        Port = ((IPEndPoint)_listener.LocalEndPoint!).Port;
        _accepting = AcceptAsync();
    }

    public int Port { get; }

    /// <summary>Connections that ended because a client did not keep to the protocol.</summary>
    public long ProtocolErrors => Interlocked.Read(ref _protocolErrors);

    private long _protocolErrors;

    public async ValueTask DisposeAsync()
    {
        if (_stop.IsCancellationRequested) return;
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting;
        Task[] connections;
        lock (_lock) connections = [.. _connections];
        await Task.WhenAll(connections);
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            Socket socket;
            try
            {
                socket = await _listener.AcceptAsync(_stop.Token);
            }
            catch (Exception ended) when (ended is OperationCanceledException or ObjectDisposedException or SocketException)
            {
                if (_stop.IsCancellationRequested) return;
                continue;   // One that broke off before it was taken; others go on.
            }

            var serving = Task.Run(() => ServeAsync(socket));
            lock (_lock) _connections.Add(serving);
            _ = serving.ContinueWith(done => { lock (_lock) _connections.Remove(done); }, TaskScheduler.Default);
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(PageWire.MaxRequestPages * PageWire.RequestPageBytes);
        using (socket)
        {
            try
            {
                socket.NoDelay = true;
                if (!await GreetAsync(socket, buffer)) return;
                while (await ReadRequestAsync(socket, buffer) is { Length: > 0 } pages) await SendAsync(socket, pages);
            }
            catch (TransferException)
            {
                Interlocked.Increment(ref _protocolErrors);
            }
            catch (Exception ended) when (ended is SocketException or IOException or OperationCanceledException or ObjectDisposedException)
            {
                // The client is gone or too slow, or this side ends; either way the connection is over.
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
    }

    private async Task<bool> GreetAsync(Socket socket, byte[] buffer)
    {
        using var deadline = Deadline();
        await socket.ReceiveAllAsync(buffer.AsMemory(0, PageWire.GreetingBytes), deadline.Token);
        var answer = Judge(buffer);
        BinaryPrimitives.WriteInt32LittleEndian(buffer, (int)answer);
        await socket.SendAllAsync(buffer.AsMemory(0, PageWire.AnswerBytes), deadline.Token);
        return answer == PageWire.Answer.Welcome;
    }

    private PageWire.Answer Judge(byte[] greeting)
    {
        if (!PageWire.TryReadGreeting(greeting, out var pool, out var layout))
            throw new TransferException(TransferError.Protocol, "A client does not speak the page protocol.");
        if (pool != _pool.Id) return PageWire.Answer.UnknownPool;
        return PageWire.IsLayout(layout, _pool.Layout) ? PageWire.Answer.Welcome : PageWire.Answer.OtherLayout;
    }

    /// <returns>Null when the client has closed.</returns>
    private async Task<KvPageReference[]?> ReadRequestAsync(Socket socket, byte[] buffer)
    {
        // Between two requests a client may be silent for as long as it likes.
        if (await socket.ReceiveAsync(buffer.AsMemory(0, 1), _stop.Token) == 0) return null;
        using var deadline = Deadline();
        await socket.ReceiveAllAsync(buffer.AsMemory(1, PageWire.RequestHeadBytes - 1), deadline.Token);
        var count = BinaryPrimitives.ReadInt32LittleEndian(buffer);
        if (count is < 1 or > PageWire.MaxRequestPages)
            throw new TransferException(TransferError.Protocol, $"A client asks for {count} pages at once.");
        await socket.ReceiveAllAsync(buffer.AsMemory(0, count * PageWire.RequestPageBytes), deadline.Token);
        var pages = new KvPageReference[count];
        for (var i = 0; i < count; i++) pages[i] = PageWire.ReadPage(buffer.AsSpan(i * PageWire.RequestPageBytes));
        return pages;
    }

    private async Task SendAsync(Socket socket, KvPageReference[] pages)
    {
        var heads = new byte[GatherPages * PageWire.PageHeadBytes];
        var pieces = new List<ReadOnlyMemory<byte>>(2 * GatherPages);
        for (var first = 0; first < pages.Length; first += GatherPages)
        {
            var group = pages.AsMemory(first, Math.Min(GatherPages, pages.Length - first));
            var held = new List<int>(group.Length);
            pieces.Clear();
            try
            {
                Gather(group.Span, heads, pieces, held);
                using var deadline = Deadline();
                foreach (var piece in pieces) await socket.SendAllAsync(piece, deadline.Token);
            }
            finally
            {
                _pool.Release(held.ToArray());
            }
        }
    }

    /// <summary>Holds those pages that are still there, and lists what is to be sent.</summary>
    private void Gather(ReadOnlySpan<KvPageReference> pages, byte[] heads, List<ReadOnlyMemory<byte>> pieces, List<int> held)
    {
        for (var i = 0; i < pages.Length; i++)
        {
            var (page, generation) = pages[i];
            var isHere = (uint)page < (uint)_pool.CapacityPages && _pool.TryAddReference(page, generation);
            var head = heads.AsMemory(i * PageWire.PageHeadBytes, PageWire.PageHeadBytes);
            BinaryPrimitives.WriteInt32LittleEndian(head.Span, (int)(isHere ? PageWire.PageState.Here : PageWire.PageState.Gone));
            pieces.Add(head);
            if (!isHere) continue;
            held.Add(page);
            pieces.Add(_pool.Bytes(page));
        }
    }

    private CancellationTokenSource Deadline()
    {
        var deadline = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        deadline.CancelAfter(_stall);
        return deadline;
    }
}
