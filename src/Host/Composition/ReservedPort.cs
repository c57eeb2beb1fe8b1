using System.Net;
using System.Net.Sockets;
using ActorInference.Host.Cli;

namespace ActorInference.Host.Composition;

/// <summary>
/// A port that is held for later, so that two programs that start at once do not choose the same one. It is released just before
/// somebody listens on it: a free one is none of those that the system gives away by itself, so that nobody gets it by chance in between.
/// </summary>
public sealed class ReservedPort : IDisposable
{
    /// <summary>Linux gives 32768 and more to whoever dials or asks for any port, others 49152 and more.</summary>
    private const int FirstFree = 10000;

    private const int FreeCount = 5000;
    private const int Attempts = 100;

    private readonly Socket _socket;
    private readonly string _flag;

    private ReservedPort(string flag, Socket socket, bool isGiven)
    {
        (_flag, _socket) = (flag, socket);
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
            return new ReservedPort(flag, port == 0 ? BindFree(host) : Bind(host, port), request.IsGiven);
        }
        catch (SocketException cause) when (cause.SocketErrorCode == SocketError.AddressNotAvailable)
        {
            throw new UserErrorException($"{flag} cannot be listened on at '{host}'; expected an address of this machine.", cause);
        }
        catch (SocketException cause) when (request.IsGiven)
        {
            throw new UserErrorException($"{flag} is '{port}', which cannot be listened on ({cause.Message}); choose another, or 0 for a free one.", cause);
        }
        catch (SocketException)
        {
            var other = new ReservedPort(flag, BindFree(host), isGiven: false);
            note($"Port {port} is taken; {flag} is {other.Port} instead.");
            return other;
        }
    }

    /// <summary>Releases the port and has somebody listen on it. A default one that was lost to another process meanwhile costs only what it was for.</summary>
    /// <param name="start">Listens; an <see cref="InvalidOperationException"/> says that it cannot.</param>
    /// <param name="log">Told when a default was lost.</param>
    /// <returns>Whether it is listened on.</returns>
    /// <exception cref="UserErrorException">A port that the user asked for was lost.</exception>
    public async Task<bool> ListenAsync(Func<Task> start, ILogger log)
    {
        Dispose();
        try
        {
            await start();
            return true;
        }
        catch (InvalidOperationException cause) when (IsGiven)
        {
            throw new UserErrorException($"{_flag} is '{Port}': {cause.Message}", cause);
        }
        catch (InvalidOperationException cause)
        {
            log.LogWarning("Nothing listens for {Flag}, since another process took port {Port}: {Reason}", _flag, Port, cause.Message);
            return false;
        }
    }

    public void Dispose() => _socket.Dispose();

    private static Socket BindFree(IPAddress host)
    {
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            try
            {
                return Bind(host, FirstFree + Random.Shared.Next(FreeCount));
            }
            catch (SocketException taken) when (taken.SocketErrorCode is SocketError.AddressAlreadyInUse or SocketError.AccessDenied)
            {
                // Another may be free.
            }
        }

        return Bind(host, 0);
    }

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
