using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace ActorInference.Remoting.Tests;

/// <summary>Passes TCP connections on to a port of this machine, until it is told to swallow everything, or to break them.</summary>
public sealed class CuttingProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private readonly ConcurrentDictionary<Socket, byte> _sockets = new();
    private readonly Task _accepting;
    private volatile bool _isCut;

    public CuttingProxy()
    {
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public int TargetPort { get; set; }

    /// <summary>Nothing arrives any more, in either direction, and nobody is told.</summary>
    public void Cut() => _isCut = true;

    /// <summary>Closes every connection. New ones are passed on.</summary>
    public void Break()
    {
        foreach (var socket in _sockets.Keys) socket.Close(0);
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listener.Stop();
        Break();
        await _accepting;
        _end.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                await CarryAsync(await _listener.AcceptSocketAsync(_end.Token));
            }
        }
        catch (Exception) when (_end.IsCancellationRequested)
        {
            // The test is over.
        }
    }

    /// <summary>One that breaks before it reaches its target is closed, as the target would close it; the next is carried nevertheless.</summary>
    private async Task CarryAsync(Socket near)
    {
        var far = new Socket(SocketType.Stream, ProtocolType.Tcp);
        _sockets[near] = _sockets[far] = 0;
        try
        {
            near.NoDelay = far.NoDelay = true;
            await far.ConnectAsync(IPAddress.Loopback, TargetPort, _end.Token);
            _ = PumpAsync(near, far);
            _ = PumpAsync(far, near);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            near.Close(0);
            far.Close(0);
        }
    }

    private async Task PumpAsync(Socket from, Socket to)
    {
        var buffer = new byte[64 * 1024];
        try
        {
            while (await from.ReceiveAsync(buffer, _end.Token) is var count and > 0)
            {
                if (!_isCut) await to.SendAsync(buffer.AsMemory(0, count), _end.Token);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // Broken, by either end.
        }

        if (_isCut) return;
        from.Close(0);
        to.Close(0);
    }
}
