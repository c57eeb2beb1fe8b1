using System.Net;
using System.Net.Sockets;
using ActorInference.Actors.Kv;
using ActorInference.Cache.Transfer;

namespace ActorInference.Cache.Tests.Transfer;

/// <summary>Whatever comes in, the server goes on and gives out nothing but whole pages that are there.</summary>
public sealed class PageServerFuzzTests
{
    private const int Rounds = 400;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_server_survives_whatever_clients_send(int seed)
    {
        var random = new Random(seed);
        await using var pools = new TwoPools(pages: 16);
        var sent = pools.Fill(8, seed);
        for (var round = 0; round < Rounds; round++)
        {
            var bytes = Greeting(pools).Concat(Request(pools, sent, random)).ToArray();
            Mutate(bytes, random);
            await SendAsync(pools.Server.Port, bytes.AsMemory(0, random.Next(3) == 0 ? random.Next(bytes.Length + 1) : bytes.Length));
        }

        var received = pools.Allocate(8);
        await pools.Fetcher.FetchAsync(pools.Message(sent), received, CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(30));
        pools.AssertSame(sent, received);
        Assert.True(pools.Sender.UsedPages == 8, $"Seed {seed}: {pools.Sender.UsedPages} pages are held.");
    }

    private static byte[] Greeting(TwoPools pools)
    {
        var greeting = new byte[PageWire.GreetingBytes];
        PageWire.WriteGreeting(greeting, pools.Sender.Id, TwoPools.Layout);
        return greeting;
    }

    private static byte[] Request(TwoPools pools, int[] pages, Random random)
    {
        var request = new byte[PageWire.RequestHeadBytes + pages.Length * PageWire.RequestPageBytes];
        BitConverter.TryWriteBytes(request, random.Next(5) == 0 ? random.Next() : pages.Length);
        for (var i = 0; i < pages.Length; i++)
            PageWire.WritePage(request.AsSpan(PageWire.RequestHeadBytes + i * PageWire.RequestPageBytes), new KvPageReference(pages[i], pools.Sender.Generation(pages[i])));
        return request;
    }

    private static void Mutate(byte[] bytes, Random random)
    {
        for (var i = random.Next(4); i > 0; i--) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
    }

    /// <summary>Sends, closes its half, and reads whatever comes until the server closes too.</summary>
    private static async Task SendAsync(int port, ReadOnlyMemory<byte> bytes)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, port, deadline.Token);
        try
        {
            await socket.SendAsync(bytes, deadline.Token);
            socket.Shutdown(SocketShutdown.Send);
            var buffer = new byte[4096];
            while (await socket.ReceiveAsync(buffer, deadline.Token) > 0)
            {
            }
        }
        catch (SocketException)
        {
            // Closed in its face: as good an answer.
        }
    }
}
