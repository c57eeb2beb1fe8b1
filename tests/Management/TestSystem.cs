using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using Akka.Configuration;

namespace ActorInference.Management.Tests;

/// <summary>An actor system that ends with its test.</summary>
internal sealed class TestSystem : IAsyncDisposable
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    public TestSystem(string hocon = "") => System = ActorSystem.Create("management-tests", ConfigurationFactory.ParseString(hocon)
        .WithFallback("akka { loglevel = WARNING, stdout-loglevel = ERROR, log-dead-letters = off, log-dead-letters-during-shutdown = off }"));

    public ActorSystem System { get; }

    /// <summary>A port that was free a moment ago.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public async ValueTask DisposeAsync() => await System.Terminate().WaitAsync(Limit);
}
