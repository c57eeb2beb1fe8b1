using System.Net;

namespace ActorInference.Host.Composition;

/// <summary>Where a process is reached by the others of its cluster.</summary>
/// <param name="Listen">Address that it listens on.</param>
/// <param name="Name">What the others call it: that address, or a name that leads there.</param>
public sealed record ClusterHost(IPAddress Listen, string Name)
{
    public static readonly ClusterHost Loopback = new(IPAddress.Loopback, IPAddress.Loopback.ToString());

    /// <summary>Reads an address, or a name: then the process listens on all addresses, since a name may come to mean another.</summary>
    /// <returns>Null if it is neither, or an address that nobody can be reached at.</returns>
    public static ClusterHost? TryParse(string? text)
    {
        if (text is null or "localhost") return Loopback;
        if (IPAddress.TryParse(text, out var address))
            return address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any) ? null : new ClusterHost(address, address.ToString());
        return Uri.CheckHostName(text) == UriHostNameType.Dns ? new ClusterHost(IPAddress.Any, text) : null;
    }
}
