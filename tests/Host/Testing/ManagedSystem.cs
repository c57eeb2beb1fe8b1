using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using Akka.Management.Dsl;

namespace ActorInference.Host.Tests.Testing;

/// <summary>An actor system in this process whose management routes are served.</summary>
internal static class ManagedSystem
{
    private const int MostAttempts = 10;

    /// <summary>Starts it on a free port; on another one where somebody took that meanwhile.</summary>
    /// <param name="create">Makes the system, whose akka.management.http.port is the one that it is given.</param>
    /// <returns>The system, and the root of its routes.</returns>
    public static async Task<(ActorSystem System, Uri Root)> StartAsync(Func<int, ActorSystem> create)
    {
        for (var attempt = 1; ; attempt++)
        {
            var system = create(FreePort());
            try
            {
                return (system, (await AkkaManagement.Get(system).Start())!);
            }
            catch (InvalidOperationException) when (attempt < MostAttempts)
            {
                await Deadline.OnAsync(system.Terminate());
            }
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
