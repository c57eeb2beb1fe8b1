using System.Buffers.Binary;
using System.Net.Sockets;
using ActorInference.Actors.Kv;

namespace ActorInference.Cache.Transfer;

/// <summary>
/// One connection to another process's page server: reads pages straight into the memory of a local pool. One request at a
/// time. After any failure the connection is unusable.
/// </summary>
internal sealed class PageClient : IDisposable
{
    private readonly Socket _socket;
    private readonly byte[] _buffer = new byte[PageWire.RequestHeadBytes + PageWire.MaxRequestPages * PageWire.RequestPageBytes];

    private PageClient(Socket socket)
    {
        _socket = socket;
    }

    /// <summary>Connects and greets.</summary>
    /// <exception cref="TransferException">It cannot be reached, or does not fit.</exception>
    public static async Task<PageClient> ConnectAsync(KvPoolId pool, KvPageSource source, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        var client = new PageClient(socket);
        try
        {
            await socket.ConnectAsync(source.Host, source.Port, cancellationToken).ConfigureAwait(false);
            PageWire.WriteGreeting(client._buffer, pool, source.Layout);
            await socket.SendAllAsync(client._buffer.AsMemory(0, PageWire.GreetingBytes), cancellationToken).ConfigureAwait(false);
            await socket.ReceiveAllAsync(client._buffer.AsMemory(0, PageWire.AnswerBytes), cancellationToken).ConfigureAwait(false);
            client.CheckAnswer(pool, source);
            return client;
        }
        catch (Exception failure)
        {
            client.Dispose();
            if (failure is SocketException or IOException)
                throw new TransferException(TransferError.Broken, $"The page server at {source.Host}:{source.Port} cannot be reached: {failure.Message}", failure);
            throw;
        }
    }

    /// <summary>Fills local pages with remote ones, in this order.</summary>
    /// <param name="remote">At most <see cref="PageWire.MaxRequestPages"/>.</param>
    /// <param name="local">Pages of <paramref name="pool"/> that the caller holds. Same length.</param>
    /// <exception cref="TransferException">A page is gone, or the connection broke.</exception>
    public async Task FetchAsync(
        ReadOnlyMemory<KvPageReference> remote, IPageMemory pool, ReadOnlyMemory<int> local, CancellationToken cancellationToken)
    {
        try
        {
            BinaryPrimitives.WriteInt32LittleEndian(_buffer, remote.Length);
            for (var i = 0; i < remote.Length; i++)
                PageWire.WritePage(_buffer.AsSpan(PageWire.RequestHeadBytes + i * PageWire.RequestPageBytes), remote.Span[i]);
            var request = _buffer.AsMemory(0, PageWire.RequestHeadBytes + remote.Length * PageWire.RequestPageBytes);
            await _socket.SendAllAsync(request, cancellationToken).ConfigureAwait(false);
            for (var i = 0; i < local.Length; i++) await ReadPageAsync(remote.Span[i].Page, pool.Bytes(local.Span[i]), cancellationToken).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is SocketException or IOException)
        {
            throw new TransferException(TransferError.Broken, $"The page server broke off: {failure.Message}", failure);
        }
    }

    public void Dispose() => _socket.Dispose();

    private async ValueTask ReadPageAsync(int remotePage, Memory<byte> target, CancellationToken cancellationToken)
    {
        await _socket.ReceiveAllAsync(_buffer.AsMemory(0, PageWire.PageHeadBytes), cancellationToken).ConfigureAwait(false);
        var state = (PageWire.PageState)BinaryPrimitives.ReadInt32LittleEndian(_buffer);
        switch (state)
        {
            case PageWire.PageState.Here:
                await _socket.ReceiveAllAsync(target, cancellationToken).ConfigureAwait(false);
                break;
            case PageWire.PageState.Gone:
                throw new TransferException(TransferError.Gone, $"Page {remotePage} was released by its sender.");
            default:
                throw new TransferException(TransferError.Protocol, $"The page server says {(int)state} of page {remotePage}.");
        }
    }

    private void CheckAnswer(KvPoolId pool, KvPageSource source)
    {
        var answer = (PageWire.Answer)BinaryPrimitives.ReadInt32LittleEndian(_buffer);
        if (answer == PageWire.Answer.Welcome) return;
        throw answer switch
        {
            PageWire.Answer.UnknownPool => new TransferException(TransferError.Gone, $"{source.Host}:{source.Port} has no pool {pool}; it was started anew."),
            PageWire.Answer.OtherLayout => new TransferException(TransferError.Mismatch, $"{source.Host}:{source.Port} has pages of another layout than {source.Layout}."),
            _ => new TransferException(TransferError.Protocol, $"{source.Host}:{source.Port} is no page server: it answers {(int)answer}."),
        };
    }
}
