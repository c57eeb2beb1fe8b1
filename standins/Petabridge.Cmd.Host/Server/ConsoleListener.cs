using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using Akka.Event;

namespace Petabridge.Cmd.Host.Server;

/// <summary>Takes connections of consoles, up to a limit.</summary>
internal sealed class ConsoleListener : IAsyncDisposable
{
    private const int MaxConnections = 32;

    private readonly ExtendedActorSystem _system;
    private readonly TcpListener _listener;
    private readonly Func<ImmutableDictionary<string, CommandPaletteHandler>> _handlers;
    private readonly ILoggingAdapter _log;
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentDictionary<ConsoleSession, Task> _sessions = new();
    private readonly Task _accepting;

    private ConsoleListener(ExtendedActorSystem system, TcpListener listener, Func<ImmutableDictionary<string, CommandPaletteHandler>> handlers)
    {
        _system = system;
        _listener = listener;
        _handlers = handlers;
        _log = Logging.GetLogger(system, typeof(ConsoleListener));
        Address = (IPEndPoint)listener.LocalEndpoint;
        _accepting = Task.Run(AcceptAsync);
    }

    /// <summary>With the port that it got.</summary>
    public IPEndPoint Address { get; }

    /// <param name="handlers">Asked for at each connection.</param>
    /// <exception cref="InvalidOperationException">The address cannot be bound.</exception>
    public static ConsoleListener Start(ExtendedActorSystem system, IPEndPoint address, Func<ImmutableDictionary<string, CommandPaletteHandler>> handlers)
    {
        var listener = new TcpListener(address);
        try
        {
            listener.Start();
        }
        catch (SocketException e)
        {
            listener.Dispose();
            throw new InvalidOperationException($"petabridge.cmd cannot listen on {address} (petabridge.cmd.host and port): {e.Message}", e);
        }

        return new ConsoleListener(system, listener, handlers);
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        _listener.Dispose();
        await _accepting.ConfigureAwait(false);
        await Task.WhenAll(_sessions.Values).ConfigureAwait(false);
    }

    private async Task AcceptAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                var connection = await _listener.AcceptTcpClientAsync(_stopping.Token).ConfigureAwait(false);
                if (_sessions.Count < MaxConnections)
                {
                    Serve(connection);
                    continue;
                }

                connection.Dispose();
                _log.Warning("A console was turned away: {0} are connected", MaxConnections);
            }
            catch (Exception) when (_stopping.IsCancellationRequested)
            {
                return;   // A listener that has ended says so in a way that depends on the moment.
            }
            catch (SocketException e)
            {
                _log.Warning("A console could not connect: {0}", e.Message);
            }
        }
    }

    private void Serve(TcpClient connection)
    {
        var session = new ConsoleSession(_system, connection, _handlers());
        // The session is in the table before it can end and take itself out.
        var begin = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _sessions[session] = RunAsync();
        begin.SetResult();

        async Task RunAsync()
        {
            await begin.Task.ConfigureAwait(false);
            await session.RunAsync(_stopping.Token).ConfigureAwait(false);
            _sessions.TryRemove(session, out _);
        }
    }
}
