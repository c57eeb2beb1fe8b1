using System.Net;
using Akka.Configuration;

namespace Akka.Discovery.Dns;

/// <summary>Whom DNS queries go to.</summary>
internal static class NameServers
{
    private const string Path = "akka.discovery.akka-dns.nameservers";
    private const string ResolverFile = "/etc/resolv.conf";
    private const int DnsPort = 53;

    /// <exception cref="ConfigurationException">The setting is wrong, or the machine has no name server.</exception>
    public static IReadOnlyList<IPEndPoint> Read(Configuration.Config config)
    {
        var value = config.GetValue("nameservers");
        if (value is null || (!value.IsArray() && value.GetString() == "default")) return OfMachine();
        List<string> names = value.IsArray() ? [.. value.GetArray().Select(each => each.GetString())] : [value.GetString()];
        return [.. names.Select(name => Parse(name) ?? throw new ConfigurationException(
            $"{Path} has '{name}'; each must be an IP address, or an IP address with a port."))];
    }

    private static List<IPEndPoint> OfMachine()
    {
        var lines = File.Exists(ResolverFile) ? File.ReadAllLines(ResolverFile) : [];
        var found = lines
            .Select(line => line.Split((char[])null, StringSplitOptions.RemoveEmptyEntries))
            .Where(words => words is ["nameserver", _, ..])
            .Select(words => Parse(words[1]))
            .OfType<IPEndPoint>()
            .ToList();
        return found.Count > 0 ? found : throw new ConfigurationException($"{ResolverFile} names no name server; set {Path}, for instance to [\"10.0.0.2\"].");
    }

    private static IPEndPoint Parse(string text)
    {
        if (IPAddress.TryParse(text, out var address)) return new IPEndPoint(address, DnsPort);
        return IPEndPoint.TryParse(text, out var endPoint) && endPoint.Port > 0 ? endPoint : null;
    }
}
