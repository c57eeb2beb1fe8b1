using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Akka.Configuration;

namespace Petabridge.Cmd.Host.Server;

/// <summary>Where the host listens.</summary>
internal static class ConsoleAddress
{
    /// <exception cref="ConfigurationException">The section is wrong.</exception>
    public static IPEndPoint Read(Config section)
    {
        var host = section.GetString("host");
        var port = section.GetString("port");
        if (!ushort.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            throw new ConfigurationException($"petabridge.cmd.port is '{port}'; it must be a port from 0 to 65535.");
        return new IPEndPoint(Resolve(host), number);
    }

    private static IPAddress Resolve(string host)
    {
        if (IPAddress.TryParse(host, out var address)) return address;
        try
        {
            return Dns.GetHostAddresses(host).OrderBy(each => each.AddressFamily != AddressFamily.InterNetwork).First();
        }
        catch (Exception e) when (e is SocketException or ArgumentException or InvalidOperationException)
        {
            throw new ConfigurationException($"petabridge.cmd.host is '{host}'; it must be an address of this machine, such as 127.0.0.1: {e.Message}", e);
        }
    }
}
