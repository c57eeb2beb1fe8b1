using System.Net.Sockets;

namespace ActorInference.Cache.Transfer;

/// <summary>Whole buffers through sockets.</summary>
internal static class SocketExtensions
{
    /// <exception cref="IOException">The other side closed before all had come.</exception>
    public static async ValueTask ReceiveAllAsync(this Socket socket, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        while (buffer.Length > 0)
        {
            var received = await socket.ReceiveAsync(buffer, cancellationToken).ConfigureAwait(false);
            if (received == 0) throw new IOException("The other side closed the connection.");
            buffer = buffer[received..];
        }
    }

    public static async ValueTask SendAllAsync(this Socket socket, ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken)
    {
        while (buffer.Length > 0) buffer = buffer[await socket.SendAsync(buffer, cancellationToken).ConfigureAwait(false)..];
    }
}
