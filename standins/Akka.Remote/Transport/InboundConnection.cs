using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using Akka.Actor;
using Akka.Event;
using Akka.Remote.Wire;

namespace Akka.Remote.Transport;

/// <summary>A connection that a peer dialled: messages come in, acknowledgements go back.</summary>
internal sealed class InboundConnection
{
    private readonly Remoting _remoting;
    private readonly ILoggingAdapter _log;
    private readonly Socket _socket;
    private readonly EndPoint _from;
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly WireWriter _header = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Stream _stream;
    private FrameReader _reader;
    private FrameWriter _writer;
    private Association _peer;
    private MessageDecoder _decoder;
    private long _heard = Environment.TickCount64;
    private volatile bool _isClosing;
    private bool _isAckDue;

    public InboundConnection(Remoting remoting, Socket socket)
    {
        _remoting = remoting;
        _log = remoting.Log;
        _socket = socket;
        _from = socket.RemoteEndPoint;
    }

    public async Task RunAsync(CancellationToken cancellation)
    {
        try
        {
            _remoting.Tcp.Apply(_socket);
            _stream = new NetworkStream(_socket, ownsSocket: true);
            if (await GreetAsync(cancellation).ConfigureAwait(false))
            {
                _remoting.Publish(new AssociatedEvent(_remoting.DefaultAddress, _peer.RemoteAddress, inbound: true));
                await TakeAsync(cancellation).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (_isClosing || cancellation.IsCancellationRequested)
        {
            _log.Debug("The connection from [{0}] was closed: {1}", Name, e.Message);
        }
        catch (Exception e) when (e is WireFormatException or AuthenticationException or TimeoutException)
        {
            _log.Warning("The connection from [{0}] is closed: {1}", Name, e.Message);
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
        {
            _log.Debug("The connection from [{0}] broke: {1}", Name, e.Message);
        }
        catch (Exception e)
        {
            _log.Error(e, "The connection from [{0}] failed.", Name);
        }

        End();
    }

    /// <summary>Ends the connection and waits until nothing of it is being handled.</summary>
    public Task CloseAsync()
    {
        _isClosing = true;
        _socket.Dispose();
        return _ended.Task;
    }

    public void CloseQuarantined() => _ = CloseWithAsync(FrameKind.Quarantined);

    /// <summary>Tells the peer why, and closes.</summary>
    public async Task CloseWithAsync(FrameKind lastWord)
    {
        _isClosing = true;
        try
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(1));
            await WriteAsync(lastWord, [], limit.Token).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            _log.Debug("[{0}] could not be told {1}: {2}", Name, lastWord, e.Message);
        }

        await CloseAsync().ConfigureAwait(false);
    }

    public void CheckSilence(TimeSpan acceptable)
    {
        var silence = TimeSpan.FromMilliseconds(Environment.TickCount64 - Volatile.Read(ref _heard));
        if (silence <= acceptable) return;
        _log.Warning("The connection from [{0}] is closed: nothing came by it for {1}.", Name, silence);
        _ = CloseAsync();
    }

    private object Name => _peer is null ? _from : _peer.RemoteAddress;

    private async Task<bool> GreetAsync(CancellationToken cancellation)
    {
        using var timed = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        timed.CancelAfter(_remoting.Settings.HandshakeTimeout);
        try
        {
            if (_remoting.Tcp.Tls is { } tls) _stream = await tls.AsServerAsync(_stream, timed.Token).ConfigureAwait(false);
            _reader = new FrameReader(_stream, _remoting.Tcp.MaximumFrameSize);
            _writer = new FrameWriter(_stream);
            if (!await _reader.ReadAsync(timed.Token).ConfigureAwait(false)) return false;   // Somebody looked whether the port is open.
            if (_reader.Kind != FrameKind.Hello) throw new WireFormatException($"The first frame is of kind {_reader.Kind}; it must be a greeting.");
            return await AnswerAsync(Hello.Read(_reader.Header.Span), timed.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new TimeoutException($"It did not say who it is within the handshake-timeout of {_remoting.Settings.HandshakeTimeout}.");
        }
    }

    private async Task<bool> AnswerAsync(Hello hello, CancellationToken cancellation)
    {
        if (!_remoting.Addresses.Contains(hello.To))
        {
            _log.Warning("The connection from [{0}] is closed: it means [{1}], and this is [{2}].", hello.From, hello.To, _remoting.DefaultAddress);
            return await RefuseAsync(RefusalReason.OtherAddress, $"[{hello.To}] was meant, and this is [{_remoting.DefaultAddress}]", cancellation).ConfigureAwait(false);
        }

        if (hello.From.Equals(_remoting.DefaultAddress))
            return await RefuseAsync(RefusalReason.OtherAddress, $"[{hello.From}] is this system's own address", cancellation).ConfigureAwait(false);
        _peer = _remoting.AssociationFor(hello.From);
        if (!await _peer.AcceptAsync(this, hello.Uid).ConfigureAwait(false))
            return await RefuseAsync(RefusalReason.Quarantined, $"UID [{hello.Uid}] is quarantined here", cancellation).ConfigureAwait(false);
        _decoder = new MessageDecoder(_remoting.Provider, _peer, _remoting.Settings, _log);
        _header.Clear();
        _header.VarInt(_remoting.Uid);
        await WriteAsync(FrameKind.Welcome, _header.ToArray(), cancellation).ConfigureAwait(false);
        return true;
    }

    private async Task<bool> RefuseAsync(RefusalReason reason, string text, CancellationToken cancellation)
    {
        _peer = null;
        _header.Clear();
        _header.Byte((byte)reason).Text(text);
        await WriteAsync(FrameKind.Refused, _header.ToArray(), cancellation).ConfigureAwait(false);
        return false;
    }

    private async Task TakeAsync(CancellationToken cancellation)
    {
        while (await _reader.ReadAsync(cancellation).ConfigureAwait(false))
        {
            Handle();
            if (_reader.Kind == FrameKind.Heartbeat) await WriteAsync(FrameKind.HeartbeatAck, [], cancellation).ConfigureAwait(false);
            if (!_isAckDue || _reader.HasBufferedFrame) continue;
            _isAckDue = false;
            _header.Clear();
            _header.VarUInt(_peer.LastSystemNumber);
            await WriteAsync(FrameKind.Ack, _header.ToArray(), cancellation).ConfigureAwait(false);
        }
    }

    private void Handle()
    {
        Volatile.Write(ref _heard, Environment.TickCount64);
        switch (_reader.Kind)
        {
            case FrameKind.Message:
                _decoder.DeliverMessage(_reader.Header.Span, _reader.Payload);
                break;
            case FrameKind.SystemMessage:
                _isAckDue = true;
                _decoder.DeliverSystemMessage(_reader.Header.Span, _reader.Payload);
                break;
            case FrameKind.Heartbeat:
                break;
            case FrameKind.Goodbye:
                AddressTerminatedTopic.Get(_remoting.System).Publish(new AddressTerminated(_peer.RemoteAddress));
                break;
            default:
                throw new WireFormatException($"A frame of kind {_reader.Kind} came from the side that sends.");
        }
    }

    private async Task WriteAsync(FrameKind kind, byte[] header, CancellationToken cancellation)
    {
        await _writing.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            _writer.Write(kind, header, []);
            await _writer.FlushAsync(cancellation).ConfigureAwait(false);
        }
        finally
        {
            _writing.Release();
        }
    }

    private void End()
    {
        _socket.Dispose();
        _stream?.Dispose();
        _reader?.Dispose();
        _ended.TrySetResult();
        _remoting.Forget(this);
        if (_peer is null) return;
        _peer.Leave(this);
        _remoting.Publish(new DisassociatedEvent(_remoting.DefaultAddress, _peer.RemoteAddress, inbound: true));
    }
}
