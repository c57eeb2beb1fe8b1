using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;

namespace ActorInference.ClusterNodes.Tests;

/// <summary>
/// A proxy before each node, at a loopback address of its own that the others know it by. Whoever dials says first who it is, so
/// that the proxies can tell who talks to whom, and cut that.
/// </summary>
public sealed partial class CuttingNetwork : IAsyncDisposable
{
    private readonly CancellationTokenSource _closing = new();
    private readonly Lock _lock = new();
    private readonly List<Link> _links = [];
    private readonly Dictionary<string, int> _sides = [];
    private readonly List<(TcpListener Listener, Task Accepting)> _proxies = [];

    /// <summary>Opens a proxy for a node that is to start, and returns the configuration that puts it behind.</summary>
    public string AddNode()
    {
        var host = $"127.0.0.{_proxies.Count + 11}";
        var behind = FreePort.Next();
        var listener = new TcpListener(IPAddress.Parse(host), 0);
        listener.Start();
        _proxies.Add((listener, AcceptAsync(listener, host, behind)));
        return $"""

            akka.remote.dot-netty.tcp.port = {behind}
            akka.remote.dot-netty.tcp.public-hostname = "{host}"
            akka.remote.dot-netty.tcp.public-port = {((IPEndPoint)listener.LocalEndpoint).Port}

            """;
    }

    /// <summary>From now on nothing passes between the sides, each given by its hosts.</summary>
    public void Part(params IEnumerable<string>[] sides)
    {
        lock (_lock)
        {
            for (var side = 0; side < sides.Length; side++)
            {
                foreach (var host in sides[side]) _sides[host] = side;
            }

            foreach (var link in _links.Where(link => IsCut(link.From, link.To)).ToList()) link.Close();
        }
    }

    public void Heal()
    {
        lock (_lock) _sides.Clear();
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        foreach (var (listener, _) in _proxies) listener.Dispose();
        lock (_lock) foreach (var link in _links.ToList()) link.Close();
        await Task.WhenAll(_proxies.Select(proxy => proxy.Accepting)).WaitAsync(TimeSpan.FromSeconds(60));
        _closing.Dispose();
    }

    private bool IsCut(string from, string to) => _sides.TryGetValue(from, out var a) && _sides.TryGetValue(to, out var b) && a != b;

    private async Task AcceptAsync(TcpListener listener, string host, int behind)
    {
        try
        {
            while (true)
            {
                var dialler = await listener.AcceptTcpClientAsync(_closing.Token);
                _ = CarryAsync(dialler, host, behind);
            }
        }
        catch (Exception) when (_closing.IsCancellationRequested)
        {
            // The network is closed; what the listener says then depends on whether it was asked at that moment.
        }
    }

    private async Task CarryAsync(TcpClient dialler, string host, int behind)
    {
        using var node = new TcpClient();
        try
        {
            var (from, greeting) = await ReadGreetingAsync(dialler, host);
            var link = new Link(from, host, dialler, node);
            lock (_lock)
            {
                if (IsCut(from, host)) link.Close();
                else _links.Add(link);
            }

            await node.ConnectAsync(IPAddress.Loopback, behind, _closing.Token);
            await node.GetStream().WriteAsync(greeting, _closing.Token);
            var ways = new[]
            {
                dialler.GetStream().CopyToAsync(node.GetStream(), _closing.Token),
                node.GetStream().CopyToAsync(dialler.GetStream(), _closing.Token),
            };
            await await Task.WhenAny(ways);
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or OperationCanceledException or InvalidOperationException)
        {
            // Either end has gone, or the link was cut; what remains is to close both.
        }
        finally
        {
            dialler.Dispose();
        }
    }

    /// <summary>Both engines greet with the dialler's host in plain text, and perhaps with the one dialled.</summary>
    private async Task<(string From, byte[] Greeting)> ReadGreetingAsync(TcpClient dialler, string to)
    {
        var buffer = new byte[4096];
        var length = 0;
        while (length < buffer.Length)
        {
            var read = await dialler.GetStream().ReadAsync(buffer.AsMemory(length), _closing.Token);
            if (read == 0) break;
            length += read;
            var from = Host().Matches(Encoding.ASCII.GetString(buffer, 0, length)).Select(match => match.Value).FirstOrDefault(found => found != to);
            if (from is not null) return (from, buffer[..length]);
        }

        throw new IOException("The greeting does not say who dials.");
    }

    [GeneratedRegex(@"127\.0\.0\.1\d")]
    private static partial Regex Host();

    private sealed record Link(string From, string To, TcpClient Dialler, TcpClient Node)
    {
        public void Close()
        {
            Dialler.Dispose();
            Node.Dispose();
        }
    }
}
