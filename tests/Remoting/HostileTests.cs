using System.Net;
using System.Net.Sockets;
using Akka.Actor;

namespace ActorInference.Remoting.Tests;

/// <summary>Peers that speak something else, and ports that others hold.</summary>
public sealed class HostileTests
{
    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: there\r\n\r\n")]
    [InlineData("\u007f\u007f\u007f\u007f\u007f\u007f\u007f\u007f\u007f\u007f\u007f\u007f\u007f\u007f\u007f\u007f")]
    public async Task Garbage_closes_its_connection_and_no_other(string garbage)
    {
        await using var here = RemoteSystem.Start("here");
        await using var there = RemoteSystem.Start("there");
        var echo = await there.ResolveFrom(here, there.System.ActorOf(Props.Create(() => new EchoActor())));

        using var vandal = new TcpClient();
        await vandal.ConnectAsync(IPAddress.Loopback, there.Address.Port!.Value);
        var stream = vandal.GetStream();
        await stream.WriteAsync(System.Text.Encoding.Latin1.GetBytes(garbage));
        await ExpectClosed(stream);

        Assert.Equal("unharmed", await echo.Ask<string>("unharmed", RemoteSystem.Patience));
    }

    [Fact]
    public void A_system_whose_port_is_taken_does_not_start()
    {
        using var holder = new TcpListener(IPAddress.Loopback, 0);
        holder.Start();

        var thrown = Assert.ThrowsAny<Exception>(() => RemoteSystem.Start("late", port: ((IPEndPoint)holder.LocalEndpoint).Port));

        Assert.NotEmpty(thrown.Message);
    }

    private static async Task ExpectClosed(NetworkStream stream)
    {
        using var limit = new CancellationTokenSource(RemoteSystem.Patience);
        try
        {
            var buffer = new byte[1024];
            while (await stream.ReadAsync(buffer, limit.Token) > 0)
            {
            }
        }
        catch (IOException)
        {
            // Reset: closed with what was sent unread.
        }
    }
}
