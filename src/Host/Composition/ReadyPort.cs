using System.Net;
using System.Net.Sockets;
using ActorInference.Host.Cli;

namespace ActorInference.Host.Composition;

/// <summary>
/// A port that is listened on as long as the process takes work: a probe by TCP, which needs no more than that, sees by it
/// whether the process is ready. Costs nothing to start, other than management routes.
/// </summary>
public sealed class ReadyPort : IDisposable
{
    private readonly TcpListener _listener;

    private ReadyPort(TcpListener listener)
    {
        _listener = listener;
        _ = AcceptAsync();
    }

    /// <exception cref="UserErrorException">Another process has the port.</exception>
    public static ReadyPort Open(IPAddress host, int port)
    {
        var listener = new TcpListener(host, port);
        try
        {
            listener.Start();
        }
        catch (SocketException cause)
        {
            listener.Dispose();
            throw new UserErrorException($"--ready-port is '{port}', which cannot be listened on ({cause.Message}); choose another.", cause);
        }

        return new ReadyPort(listener);
    }

    public void Dispose() => _listener.Dispose();

    /// <summary>Lets go of each connection at once: those not accepted would fill the queue, and a probe would wait for a place in it.</summary>
    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                using var probe = await _listener.AcceptSocketAsync().ConfigureAwait(false);
            }
        }
        catch (Exception end) when (end is SocketException or ObjectDisposedException)
        {
            // It is not listened on any more: nobody finds this process ready.
            _listener.Dispose();
        }
    }
}
