using System.Net;
using System.Net.Sockets;
using ActorInference.Host.Cli;

namespace ActorInference.Host.Composition;

/// <summary>
/// A port that is held for later, so that two programs that start at once do not choose the same one. Whoever listens on
/// it releases it just before.
/// </summary>
public sealed class ReservedPort : IDisposable
{
    private readonly Socket _socket;

    private ReservedPort(Socket socket, bool isGiven)
    {
        _socket = socket;
        Port = ((IPEndPoint)socket.LocalEndPoint!).Port;
        IsGiven = isGiven;
    }

    public int Port { get; }

    /// <summary>Whether the user asked for this port, so that doing without it is a failure.</summary>
    public bool IsGiven { get; }

    /// <summary>Holds the port that was asked for; for a default that is taken, a free one.</summary>
    /// <param name="flag">The option, for messages.</param>
    /// <param name="request">What was asked for.</param>
    /// <param name="mainPort">Taken by the API, though perhaps not yet bound.</param>
    /// <param name="note">Told when a default gave way.</param>
    /// <param name="host">Address to listen on.</param>
    /// <returns>Null if none is wanted.</returns>
    /// <exception cref="UserErrorException">The user asked for a port that is taken.</exception>
    public static ReservedPort? Take(string flag, PortRequest request, int mainPort, Action<string> note, IPAddress host)
    {
        if (request.Port is not { } port) return null;
        if (port != 0 && port == mainPort && request.IsGiven) throw new UserErrorException($"{flag} is '{port}', the port of the API; expected another.");
        if (port != 0 && port == mainPort) port = 0;
        try
        {
            return new ReservedPort(Bind(host, port), request.IsGiven);
        }
        catch (SocketException cause) when (request.IsGiven)
        {
            throw new UserErrorException($"{flag} is '{port}', which cannot be listened on ({cause.Message}); choose another, or 0 for a free one.", cause);
        }
        catch (SocketException)
        {
            var other = new ReservedPort(Bind(host, 0), isGiven: false);
            note($"Port {port} is taken; {flag} is {other.Port} instead.");
            return other;
        }
    }

    public void Dispose() => _socket.Dispose();

    private static Socket Bind(IPAddress host, int port)
    {
        var socket = new Socket(host.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(host, port));
            socket.Listen(1);   // Only a listening socket keeps others from the port.
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
