using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Petabridge.Cmd.Wire;

/// <summary>A connection to a console host. One command at a time.</summary>
public sealed class ConsoleClient : IAsyncDisposable
{
    private const int MaxUnread = 256;

    private readonly TcpClient _connection;
    private readonly NetworkStream _stream;

    /// <summary>Frames are read on a task of their own: a command that is cancelled must not leave half a frame unread.</summary>
    private readonly Channel<WireReply> _replies = Channel.CreateBounded<WireReply>(MaxUnread);

    private readonly Task _reading;
    private long _lastId;

    private ConsoleClient(TcpClient connection, NetworkStream stream, WireHello hello)
    {
        _connection = connection;
        _stream = stream;
        Hello = hello;
        _reading = Task.Run(ReadAllAsync);
    }

    /// <summary>What the host can do.</summary>
    public WireHello Hello { get; }

    /// <param name="timeout">For connecting and the host's first answer.</param>
    /// <exception cref="SocketException">Nobody listens there.</exception>
    /// <exception cref="WireException">Something else does.</exception>
    /// <exception cref="TimeoutException">The host did not answer in time.</exception>
    public static async Task<ConsoleClient> ConnectAsync(string host, int port, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(timeout);
        var connection = new TcpClient { NoDelay = true };
        try
        {
            await connection.ConnectAsync(host, port, deadline.Token).ConfigureAwait(false);
            var stream = connection.GetStream();
            await stream.WriteAsync(WireFrames.Magic.ToArray(), deadline.Token).ConfigureAwait(false);
            await WireFrames.ReadMagicAsync(stream, deadline.Token).ConfigureAwait(false);
            var hello = await WireFrames.ReadAsync(stream, WireFrames.MaxReplyBytes, WireJson.Default.WireHello, deadline.Token).ConfigureAwait(false)
                ?? throw new WireException("The host ended the connection.");
            return new ConsoleClient(connection, stream, hello);
        }
        catch (Exception e)
        {
            connection.Dispose();
            if (e is OperationCanceledException && !cancellationToken.IsCancellationRequested)
                throw new TimeoutException($"{host}:{port} did not answer within {timeout.TotalSeconds:0.#} s.", e);
            throw;
        }
    }

    /// <summary>Runs a command. Leaving the enumeration early, or cancelling it, cancels the command.</summary>
    /// <exception cref="WireException">The host broke the protocol or ended the connection.</exception>
    public async IAsyncEnumerable<WireReply> RunAsync(
        WireInvocation invocation, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var id = ++_lastId;
        var isDone = false;
        await SendAsync(new WireRequest(id, false, invocation.Palette, invocation.Command, invocation.Arguments)).ConfigureAwait(false);
        try
        {
            while (!isDone)
            {
                var reply = await ReadAsync(cancellationToken).ConfigureAwait(false);
                if (reply.Id != id) continue;   // The rest of a command that was cancelled.
                isDone = reply.IsFinal;
                yield return reply;
            }
        }
        finally
        {
            if (!isDone && _connection.Connected) await SendAsync(new WireRequest(id, true, null, null, null)).ConfigureAwait(false);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _connection.Dispose();
        _replies.Writer.TryComplete();
        await _reading.ConfigureAwait(false);
    }

    private async Task SendAsync(WireRequest request)
    {
        try
        {
            await _stream.WriteAsync(WireFrames.Encode(request, WireJson.Default.WireRequest)).ConfigureAwait(false);
        }
        catch (IOException e)
        {
            throw new WireException("The host has ended the connection.", e);
        }
    }

    private async Task<WireReply> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await _replies.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (ChannelClosedException e)
        {
            throw e.InnerException as WireException ?? new WireException("The host has ended the connection.", e);
        }
    }

    /// <summary>Ends with the connection; why it ended is told to whoever waits for a reply.</summary>
    private async Task ReadAllAsync()
    {
        try
        {
            while (await WireFrames.ReadAsync(_stream, WireFrames.MaxReplyBytes, WireJson.Default.WireReply, CancellationToken.None).ConfigureAwait(false) is { } reply)
                await _replies.Writer.WriteAsync(reply).ConfigureAwait(false);
            _replies.Writer.TryComplete();
        }
        catch (WireException e)
        {
            _replies.Writer.TryComplete(e);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or ChannelClosedException)
        {
            _replies.Writer.TryComplete(new WireException("The connection to the host broke.", e));
        }
    }
}
