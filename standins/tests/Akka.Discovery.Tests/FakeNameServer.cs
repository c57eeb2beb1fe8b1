using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace ActorInference.Standins.Akka.Discovery.Tests;

/// <summary>A name server on loopback that answers every query, by UDP and TCP, as a test says.</summary>
internal sealed class FakeNameServer : IAsyncDisposable
{
    private const int Attempts = 100;

    private readonly Socket _udp;
    private readonly TcpListener _tcp;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _serving;

    /// <param name="answer">From the query and whether it came by TCP; null for silence.</param>
    public FakeNameServer(Func<byte[], bool, byte[]?> answer)
    {
        (_udp, _tcp) = Listen();
        Address = (IPEndPoint)_udp.LocalEndPoint!;
        _serving = Task.WhenAll(ServeUdpAsync(answer), ServeTcpAsync(answer));
    }

    public IPEndPoint Address { get; }

    /// <summary>An answer to a query, with SRV records whose targets are written in full.</summary>
    public static byte[] Answer(byte[] query, int flags, params (int Priority, int Weight, int Port, string Target)[] records)
    {
        var message = new List<byte>(query);
        BinaryPrimitives.WriteUInt16BigEndian(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(message)[2..], (ushort)(0x8180 | flags));
        message[7] = (byte)records.Length;
        foreach (var (priority, weight, port, target) in records)
        {
            byte[] name = [.. target.Split('.').SelectMany(label => (byte[])[(byte)label.Length, .. Encoding.ASCII.GetBytes(label)]), 0];
            message.AddRange([0xC0, 12, 0, 33, 0, 1, 0, 0, 0, 60, 0, (byte)(6 + name.Length)]);   // The name is that of the question.
            message.AddRange([0, (byte)priority, 0, (byte)weight, (byte)(port >> 8), (byte)port, .. name]);
        }

        return [.. message];
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _udp.Dispose();
        _tcp.Dispose();
        await _serving;
        _stopping.Dispose();
    }

    /// <summary>One port for both; one that is free for UDP may be taken for TCP.</summary>
    private static (Socket Udp, TcpListener Tcp) Listen()
    {
        for (var attempt = 1; ; attempt++)
        {
            var udp = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            udp.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            var tcp = new TcpListener((IPEndPoint)udp.LocalEndPoint!);
            try
            {
                tcp.Start();
                return (udp, tcp);
            }
            catch (SocketException) when (attempt < Attempts)
            {
                udp.Dispose();
            }
        }
    }

    private async Task ServeUdpAsync(Func<byte[], bool, byte[]?> answer)
    {
        var buffer = new byte[1024];
        try
        {
            while (true)
            {
                var received = await _udp.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.Any, 0), _stopping.Token);
                if (answer(buffer[..received.ReceivedBytes], false) is { } bytes) await _udp.SendToAsync(bytes, received.RemoteEndPoint, _stopping.Token);
            }
        }
        catch (Exception) when (_stopping.IsCancellationRequested)
        {
            // The test is over.
        }
    }

    private async Task AnswerAsync(NetworkStream stream, Func<byte[], bool, byte[]?> answer)
    {
        var length = new byte[2];
        try
        {
            await stream.ReadExactlyAsync(length, _stopping.Token);
            var query = new byte[BinaryPrimitives.ReadUInt16BigEndian(length)];
            await stream.ReadExactlyAsync(query, _stopping.Token);
            if (answer(query, true) is not { } bytes) return;
            BinaryPrimitives.WriteUInt16BigEndian(length, (ushort)bytes.Length);
            await stream.WriteAsync((byte[])[.. length, .. bytes], _stopping.Token);
        }
        catch (IOException)
        {
            // Whoever asked has gone; others may ask still.
        }
    }

    private async Task ServeTcpAsync(Func<byte[], bool, byte[]?> answer)
    {
        try
        {
            while (true)
            {
                using var client = await _tcp.AcceptTcpClientAsync(_stopping.Token);
                await AnswerAsync(client.GetStream(), answer);
            }
        }
        catch (Exception) when (_stopping.IsCancellationRequested)
        {
            // The test is over.
        }
    }
}
