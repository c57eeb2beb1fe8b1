using System.Net.Sockets;
using Akka.Actor;
using Akka.Remote.Wire;

namespace Akka.Remote.Transport;

/// <summary>A connection that this system dialled: messages go out, acknowledgements come back.</summary>
internal sealed class OutboundConnection : IDisposable
{
    private readonly Socket _socket;
    private readonly Stream _stream;

    private OutboundConnection(Socket socket, Stream stream, MessageEncoder encoder, long maximumFrameSize)
    {
        _socket = socket;
        _stream = stream;
        Writer = new FrameWriter(stream);
        Reader = new FrameReader(stream, maximumFrameSize);
        Encoder = encoder;
    }

    public FrameWriter Writer { get; }

    public FrameReader Reader { get; }

    public MessageEncoder Encoder { get; }

    public int PeerUid { get; private set; }

    /// <summary>Connects and exchanges greetings.</summary>
    /// <exception cref="RefusedException">The peer does not want this connection.</exception>
    /// <remarks>Throws what sockets, TLS and the wire's format throw, and OperationCanceledException when the time is up.</remarks>
    public static async Task<OutboundConnection> OpenAsync(Remoting remoting, Address peer, CancellationToken cancellation)
    {
        var tcp = remoting.Tcp;
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            tcp.Apply(socket);
            await Timed(tcp.ConnectionTimeout, "connection-timeout", token => socket.ConnectAsync(peer.Host, peer.Port ?? 0, token), cancellation)
                .ConfigureAwait(false);
            Stream stream = new NetworkStream(socket, ownsSocket: true);
            OutboundConnection connection = null;
            await Timed(
                remoting.Settings.HandshakeTimeout,
                "handshake-timeout",
                async token =>
                {
                    if (tcp.Tls is { } tls) stream = await tls.AsClientAsync(stream, peer.Host, token).ConfigureAwait(false);
                    connection = new OutboundConnection(
                        socket, stream, new MessageEncoder(remoting.System, remoting.DefaultAddress), tcp.MaximumFrameSize);
                    await connection.GreetAsync(new Hello(remoting.DefaultAddress, remoting.Uid, peer), token).ConfigureAwait(false);
                },
                cancellation).ConfigureAwait(false);
            return connection;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Nothing more is written; what comes back can still be read.</summary>
    public void EndWriting()
    {
        try
        {
            _socket.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The peer was quicker; there is nobody left to tell.
        }
    }

    public void Dispose()
    {
        _socket.Dispose();
        _stream.Dispose();
    }

    private static async Task Timed(TimeSpan limit, string setting, Func<CancellationToken, ValueTask> step, CancellationToken cancellation)
    {
        using var timed = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        timed.CancelAfter(limit);
        try
        {
            await step(timed.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw new TimeoutException($"It took longer than the {setting} of {limit}.", e);
        }
    }

    private async Task GreetAsync(Hello hello, CancellationToken cancellation)
    {
        var header = new WireWriter();
        hello.Write(header);
        Writer.Write(FrameKind.Hello, header.Written, []);
        await Writer.FlushAsync(cancellation).ConfigureAwait(false);
        if (!await Reader.ReadAsync(cancellation).ConfigureAwait(false))
            throw new WireFormatException("The peer closed the connection without an answer to the greeting.");
        ReadAnswer();
    }

    private void ReadAnswer()
    {
        var reader = new WireReader(Reader.Header.Span);
        switch (Reader.Kind)
        {
            case FrameKind.Welcome:
                PeerUid = reader.Int32();
                reader.End();
                break;
            case FrameKind.Refused:
                throw new RefusedException((RefusalReason)reader.Byte(), reader.Text());
            default:
                throw new WireFormatException($"The peer answered the greeting with a frame of kind {Reader.Kind}.");
        }
    }
}
