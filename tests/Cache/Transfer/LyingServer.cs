using System.Net;
using System.Net.Sockets;
using ActorInference.Actors.Kv;
using ActorInference.Cache.Transfer;

namespace ActorInference.Cache.Tests.Transfer;

/// <summary>A page server that does what a test has it do, to each client on a thread of its own. Ended with the test.</summary>
internal sealed class LyingServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly List<TcpClient> _clients = [];
    private int _connections;

    /// <param name="serve">Gets each connection and its number, from 0; the connection is closed when it returns.</param>
    public LyingServer(Action<NetworkStream, int> serve)
    {
        _listener.Start();
        new Thread(() => Accept(serve)) { IsBackground = true }.Start();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Takes the greeting and welcomes the client.</summary>
    public static void Welcome(NetworkStream stream, KvTransferFormat format, PageWire.Answer answer = PageWire.Answer.Welcome)
    {
        stream.ReadExactly(new byte[PageWire.GreetingBytes]);
        var bytes = new byte[PageWire.AnswerBytes];
        PageWire.WriteAnswer(bytes, answer, format);
        stream.Write(bytes);
    }

    /// <summary>Takes a request.</summary>
    /// <returns>Its stretches.</returns>
    public static PageWire.Stretch[] Request(NetworkStream stream)
    {
        var head = new byte[PageWire.RequestHeadBytes];
        stream.ReadExactly(head);
        var stretches = new byte[BitConverter.ToInt32(head) * PageWire.StretchBytes];
        stream.ReadExactly(stretches);
        return [.. stretches.Chunk(PageWire.StretchBytes).Select(bytes => PageWire.ReadStretch(bytes))];
    }

    public static void Head(NetworkStream stream, PageWire.ResponseState state = PageWire.ResponseState.Here, int index = 0)
    {
        var head = new byte[PageWire.ResponseHeadBytes];
        PageWire.WriteResponseHead(head, state, index);
        stream.Write(head);
    }

    /// <summary>Waits until the client closes.</summary>
    public static void Linger(NetworkStream stream)
    {
        var buffer = new byte[4096];
        while (stream.Read(buffer) > 0)
        {
        }
    }

    public void Dispose()
    {
        _listener.Stop();
        lock (_clients) _clients.ForEach(client => client.Dispose());
    }

    private void Accept(Action<NetworkStream, int> serve)
    {
        try
        {
            while (true)
            {
                var client = _listener.AcceptTcpClient();
                lock (_clients) _clients.Add(client);
                var number = _connections++;
                new Thread(() => Serve(client, number, serve)) { IsBackground = true }.Start();
            }
        }
        catch (Exception ended) when (ended is SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // The test is over.
        }
    }

    private static void Serve(TcpClient client, int number, Action<NetworkStream, int> serve)
    {
        try
        {
            using (client) serve(client.GetStream(), number);
        }
        catch (Exception ended) when (ended is IOException or ObjectDisposedException)
        {
            // The client was faster.
        }
    }
}
