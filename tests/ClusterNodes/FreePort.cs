using System.Net;
using System.Net.Sockets;

namespace ActorInference.ClusterNodes.Tests;

/// <summary>
/// Ports for listeners that must be known before they listen, or that listen again: below those that the system gives away by itself,
/// to whoever asks for any port and to whoever dials, so that none of these takes one in between.
/// </summary>
internal static class FreePort
{
    /// <summary>Linux gives away 32768 and more, others 49152 and more.</summary>
    private const int First = 15000;

    private const int Count = 15000;
    private const int Attempts = 1000;

    private static readonly HashSet<int> Given = [];

    /// <returns>One that nobody listens on, and that was not given before.</returns>
    /// <exception cref="IOException">None was found.</exception>
    public static int Next()
    {
        lock (Given)
        {
            for (var attempt = 0; attempt < Attempts; attempt++)
            {
                var port = First + Random.Shared.Next(Count);
                if (CanListen(port) && Given.Add(port)) return port;
            }
        }

        throw new IOException($"None of {Attempts} ports between {First} and {First + Count} is free on {IPAddress.Loopback}.");
    }

    private static bool CanListen(int port)
    {
        try
        {
            using var probe = new TcpListener(IPAddress.Loopback, port);
            probe.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
