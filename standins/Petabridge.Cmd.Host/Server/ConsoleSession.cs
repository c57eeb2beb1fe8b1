using System.Collections.Immutable;
using System.Net.Sockets;
using Akka.Actor;
using Akka.Event;
using Petabridge.Cmd.Wire;

namespace Petabridge.Cmd.Host.Server;

/// <summary>One console's connection: reads requests for its actor, and writes what the actor puts out.</summary>
internal sealed class ConsoleSession(ExtendedActorSystem system, TcpClient connection, ImmutableDictionary<string, CommandPaletteHandler> handlers)
{
    private static readonly TimeSpan GreetingTimeout = TimeSpan.FromSeconds(10);

    private readonly ILoggingAdapter _log = Logging.GetLogger(system, typeof(ConsoleSession));

    /// <summary>Runs until either side ends the connection. Does not throw.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        var peer = connection.Client.RemoteEndPoint;
        var outbox = new ConsoleOutbox(ending.Cancel);
        IActorRef? actor = null;
        try
        {
            connection.NoDelay = true;
            connection.Client.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            await using var stream = connection.GetStream();
            await GreetAsync(stream, ending.Token).ConfigureAwait(false);
            actor = system.SystemActorOf(Props.Create(() => new ConsoleActor(handlers, outbox)));
            var writing = WriteAsync(stream, outbox, ending);
            await ReadAsync(stream, actor, ending.Token).ConfigureAwait(false);
            await ending.CancelAsync().ConfigureAwait(false);
            await writing.ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            if (!stopping.IsCancellationRequested && actor is not null) _log.Warning("The console at {0} was disconnected: it does not read what it asked for", peer);
        }
        catch (Exception e) when (e is IOException or SocketException or WireException or TimeoutException)
        {
            _log.Warning("The connection of the console at {0} ended: {1}", peer, e.Message);
        }
        catch (Exception e)
        {
            _log.Error(e, "The connection of the console at {0} failed", peer);
        }
        finally
        {
            await ending.CancelAsync().ConfigureAwait(false);
            if (actor is not null) system.Stop(actor);
            connection.Dispose();
        }
    }

    private async Task GreetAsync(NetworkStream stream, CancellationToken cancellationToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(GreetingTimeout);
        try
        {
            await stream.WriteAsync(WireFrames.Magic.ToArray(), deadline.Token).ConfigureAwait(false);
            await WireFrames.ReadMagicAsync(stream, deadline.Token).ConfigureAwait(false);
            var hello = PaletteWire.Hello(system.Name, handlers.Values.Select(handler => handler.Palette));
            await stream.WriteAsync(WireFrames.Encode(hello, WireJson.Default.WireHello), deadline.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"it did not greet within {GreetingTimeout.TotalSeconds:0} s");
        }
    }

    private static async Task ReadAsync(NetworkStream stream, IActorRef actor, CancellationToken cancellationToken)
    {
        while (await WireFrames.ReadAsync(stream, WireFrames.MaxRequestBytes, WireJson.Default.WireRequest, cancellationToken).ConfigureAwait(false) is { } request)
            actor.Tell(request, ActorRefs.NoSender);
    }

    private static async Task WriteAsync(NetworkStream stream, ConsoleOutbox outbox, CancellationTokenSource ending)
    {
        try
        {
            await foreach (var reply in outbox.ReadAllAsync(ending.Token).ConfigureAwait(false))
                await stream.WriteAsync(WireFrames.Encode(reply, WireJson.Default.WireReply), ending.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            // The reader has seen the end, or the outbox is full.
        }
        catch (IOException)
        {
            await ending.CancelAsync().ConfigureAwait(false);   // The reader reports it.
        }
    }
}
