using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Akka.Discovery.Dns;

/// <summary>
/// Asks name servers for SRV records: by UDP, again by TCP when the answer was cut off, and the next server when one does
/// not answer. The runtime's own resolver knows addresses only.
/// </summary>
internal sealed class SrvClient(IReadOnlyList<IPEndPoint> servers)
{
    private const int MaxUdpBytes = 4096;

    /// <summary>How long a server may take before the next one is asked. The last one has as long as whoever asks.</summary>
    private static readonly TimeSpan ServerTimeout = TimeSpan.FromSeconds(2);

    /// <summary>The records of a name, in the order in which they should be used; none if the name does not exist.</summary>
    /// <exception cref="DnsException">The last server answered with an error, or with what cannot be read, or cannot be reached.</exception>
    /// <exception cref="OperationCanceledException">It did not answer.</exception>
    public async Task<IReadOnlyList<SrvRecord>> QueryAsync(string name, CancellationToken cancellationToken)
    {
        DnsException failure = null;
        foreach (var (index, server) in servers.Index())
        {
            using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            if (index < servers.Count - 1) deadline.CancelAfter(ServerTimeout);
            try
            {
                return await AskAsync(server, name, deadline.Token).ConfigureAwait(false);
            }
            catch (DnsException e)
            {
                failure = e;
            }
            catch (SocketException e)
            {
                failure = new DnsException($"Name server {server} cannot be reached: {e.Message}");
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                failure = new DnsException($"Name server {server} did not answer within {ServerTimeout.TotalSeconds} s.");
            }
        }

        throw failure ?? new DnsException("There is no name server to ask.");
    }

    private static async Task<IReadOnlyList<SrvRecord>> AskAsync(IPEndPoint server, string name, CancellationToken cancellationToken)
    {
        // A random id, and a socket that takes datagrams of this server only: a stranger's answer is not believed.
        var id = (ushort)RandomNumberGenerator.GetInt32(ushort.MaxValue + 1);
        var query = DnsMessage.Query(id, name);
        var answer = DnsMessage.Read(await AskUdpAsync(server, query, id, cancellationToken).ConfigureAwait(false), id, name);
        if (answer.IsTruncated) answer = DnsMessage.Read(await AskTcpAsync(server, query, cancellationToken).ConfigureAwait(false), id, name);
        return [.. answer.Records.OrderBy(record => record.Priority).ThenByDescending(record => record.Weight)];
    }

    private static async Task<byte[]> AskUdpAsync(IPEndPoint server, byte[] query, ushort id, CancellationToken cancellationToken)
    {
        using var socket = new Socket(server.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        await socket.ConnectAsync(server, cancellationToken).ConfigureAwait(false);
        await socket.SendAsync(query, cancellationToken).ConfigureAwait(false);
        var buffer = new byte[MaxUdpBytes];
        while (true)
        {
            var length = await socket.ReceiveAsync(buffer, cancellationToken).ConfigureAwait(false);
            if (length >= 2 && BinaryPrimitives.ReadUInt16BigEndian(buffer) == id) return buffer[..length];
        }
    }

    private static async Task<byte[]> AskTcpAsync(IPEndPoint server, byte[] query, CancellationToken cancellationToken)
    {
        using var socket = new Socket(server.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(server, cancellationToken).ConfigureAwait(false);
        await using var stream = new NetworkStream(socket);
        var framed = new byte[query.Length + 2];
        BinaryPrimitives.WriteUInt16BigEndian(framed, (ushort)query.Length);
        query.CopyTo(framed, 2);
        await stream.WriteAsync(framed, cancellationToken).ConfigureAwait(false);
        var length = new byte[2];
        await ReadAsync(stream, length, cancellationToken).ConfigureAwait(false);
        var answer = new byte[BinaryPrimitives.ReadUInt16BigEndian(length)];
        await ReadAsync(stream, answer, cancellationToken).ConfigureAwait(false);
        return answer;
    }

    private static async Task ReadAsync(NetworkStream stream, byte[] buffer, CancellationToken cancellationToken)
    {
        try
        {
            await stream.ReadExactlyAsync(buffer, cancellationToken).ConfigureAwait(false);
        }
        catch (IOException e)
        {
            throw new DnsException($"The name server ended the connection in the middle of its answer: {e.Message}");
        }
    }
}

/// <summary>One place of a service (RFC 2782).</summary>
internal readonly record struct SrvRecord(int Priority, int Weight, int Port, string Target);
