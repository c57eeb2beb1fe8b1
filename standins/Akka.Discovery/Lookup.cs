using System.Text.RegularExpressions;
using Akka.Actor;

namespace Akka.Discovery;

/// <summary>What is looked for. What port name and protocol mean is up to the method; in DNS they ask for SRV records.</summary>
public partial class Lookup : INoSerializationVerificationNeeded, IEquatable<Lookup>
{
    /// <exception cref="ArgumentNullException">The name is null or empty.</exception>
    public Lookup(string serviceName, string portName = null, string protocol = null)
    {
        if (string.IsNullOrEmpty(serviceName)) throw new ArgumentNullException(nameof(serviceName), "A service's name must not be empty.");
        ServiceName = serviceName;
        PortName = portName;
        Protocol = protocol;
    }

    public string ServiceName { get; }

    public string PortName { get; }

    public string Protocol { get; }

    /// <summary>From the form of an SRV query, <c>_port._protocol.service.name</c>.</summary>
    /// <exception cref="ArgumentException">It has another form, or the name is no domain name.</exception>
    public static Lookup ParseSrv(string srv)
    {
        ArgumentNullException.ThrowIfNull(srv);
        return Parse(srv) ?? throw new ArgumentException($"'{srv}' is no SRV query; expected _port._protocol.service.name.", nameof(srv));
    }

    /// <summary>Whether <see cref="ParseSrv"/> takes it.</summary>
    public static bool IsValid(string srv) => !string.IsNullOrEmpty(srv) && Parse(srv) is not null;

    public Lookup WithPortName(string portName) => Copy(portName: portName);

    public Lookup WithProtocol(string protocol) => Copy(protocol: protocol);

    public Lookup Copy(string serviceName = null, string portName = null, string protocol = null) =>
        new(serviceName ?? ServiceName, portName ?? PortName, protocol ?? Protocol);

    public bool Equals(Lookup other) =>
        other is not null && ServiceName == other.ServiceName && PortName == other.PortName && Protocol == other.Protocol;

    public override bool Equals(object obj) => obj is Lookup other && Equals(other);

    public override int GetHashCode() => HashCode.Combine(ServiceName, PortName, Protocol);

    public override string ToString() => $"Lookup({ServiceName}, {PortName}, {Protocol})";

    private static Lookup Parse(string srv)
    {
        var match = SrvQuery().Match(srv);
        var labels = match.Groups["name"].Value.Split('.');
        return match.Success && labels.All(label => DomainLabel().IsMatch(label))
            ? new Lookup(match.Groups["name"].Value, match.Groups["port"].Value, match.Groups["protocol"].Value)
            : null;
    }

    [GeneratedRegex(@"\A_(?<port>[^.]+)\._(?<protocol>[^.]+)\.(?<name>.+)\z", RegexOptions.CultureInvariant)]
    private static partial Regex SrvQuery();

    /// <summary>RFC 1034: a letter first, then letters, digits and hyphens, no hyphen last, 63 in all.</summary>
    [GeneratedRegex(@"\A[A-Za-z](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\z", RegexOptions.CultureInvariant)]
    private static partial Regex DomainLabel();
}
