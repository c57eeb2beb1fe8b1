using System.Globalization;
using Akka.Util;

namespace Akka.Actor;

/// <summary>Where an actor system lives: <c>akka://name</c> locally, <c>akka.tcp://name@host:port</c> over a transport.</summary>
public sealed class Address : IEquatable<Address>, IComparable<Address>, IComparable, ISurrogated, ICloneable
{
    public static readonly Address AllSystems = new("akka", "all-systems");

    private string _text;

    public Address(string protocol, string system, string host = null, int? port = null)
    {
        Protocol = protocol;
        System = system;
        Host = host?.ToLowerInvariant();
        Port = port;
    }

    public static IComparer<Address> Comparer { get; } = Comparer<Address>.Default;

    public string Host { get; }

    public int? Port { get; }

    public string System { get; }

    public string Protocol { get; }

    /// <summary>True if it names a system of this process and nothing beyond.</summary>
    public bool HasLocalScope => string.IsNullOrEmpty(Host);

    public bool HasGlobalScope => !HasLocalScope;

    public static bool operator ==(Address left, Address right) => Equals(left, right);

    public static bool operator !=(Address left, Address right) => !Equals(left, right);

    /// <exception cref="UriFormatException">The text is not an address.</exception>
    public static Address Parse(string address) => TryParse(address, out var parsed)
        ? parsed
        : throw new UriFormatException($"'{address}' is not an actor system address such as akka://name or akka.tcp://name@host:port.");

    public static bool TryParse(string path, out Address address) => TryParse(path, out address, out var rest) && rest.Length == 0;

    public Address WithHost(string host = null) => new(Protocol, System, host, Port);

    public Address WithPort(int? port = null) => new(Protocol, System, Host, port);

    public Address WithSystem(string system) => new(Protocol, system, Host, Port);

    public Address WithProtocol(string protocol) => new(protocol, System, Host, Port);

    /// <summary>The address without its protocol: <c>name@host:port</c>.</summary>
    public string HostPort() => ToString()[(Protocol.Length + 3)..];

    public object Clone() => new Address(Protocol, System, Host, Port);

    public bool Equals(Address other) => other is not null && (ReferenceEquals(this, other)
        || (Port == other.Port && Host == other.Host && System == other.System && Protocol == other.Protocol));

    public override bool Equals(object obj) => Equals(obj as Address);

    public override int GetHashCode() => HashCode.Combine(Host, Port, System, Protocol);

    public int CompareTo(Address other)
    {
        if (other is null) return 1;
        var result = string.CompareOrdinal(Protocol, other.Protocol);
        if (result == 0) result = string.CompareOrdinal(System, other.System);
        if (result == 0) result = string.CompareOrdinal(Host ?? "", other.Host ?? "");
        return result == 0 ? (Port ?? 0).CompareTo(other.Port ?? 0) : result;
    }

    int IComparable.CompareTo(object obj) => obj is null or Address
        ? CompareTo((Address)obj)
        : throw new ArgumentException($"An address cannot be compared with {obj.GetType()}.", nameof(obj));

    public override string ToString() => _text ??= Host is null
        ? $"{Protocol}://{System}"
        : Port is null ? $"{Protocol}://{System}@{Host}" : string.Create(CultureInfo.InvariantCulture, $"{Protocol}://{System}@{Host}:{Port}");

    public ISurrogate ToSurrogate(ActorSystem system) => new AddressSurrogate { Protocol = Protocol, System = System, Host = Host, Port = Port };

    /// <summary>Reads the address at the start of <paramref name="text"/>; the rest is the path, with its leading slash, or empty.</summary>
    internal static bool TryParse(string text, out Address address, out ReadOnlySpan<char> rest)
    {
        address = null;
        rest = default;
        var scheme = text is null ? -1 : text.IndexOf("://", StringComparison.Ordinal);
        if (scheme <= 0 || !text.StartsWith("akka", StringComparison.Ordinal)) return false;

        var authority = text.AsSpan(scheme + 3);
        var slash = authority.IndexOf('/');
        if (slash >= 0)
        {
            rest = authority[slash..];
            authority = authority[..slash];
        }

        return TryParseAuthority(text[..scheme], authority, out address);
    }

    private static bool TryParseAuthority(string protocol, ReadOnlySpan<char> authority, out Address address)
    {
        address = null;
        var at = authority.IndexOf('@');
        if (at < 0)
        {
            if (authority.IsEmpty || authority.Contains(':')) return false;
            address = new Address(protocol, authority.ToString());
            return true;
        }

        var hostPort = authority[(at + 1)..];
        var colon = hostPort.LastIndexOf(':');
        if (at == 0 || colon <= 0) return false;
        if (!int.TryParse(hostPort[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port > 65535) return false;
        address = new Address(protocol, authority[..at].ToString(), hostPort[..colon].ToString(), port);
        return true;
    }

    public sealed class AddressSurrogate : ISurrogate
    {
        public string Protocol { get; set; }

        public string System { get; set; }

        public string Host { get; set; }

        public int? Port { get; set; }

        public ISurrogated FromSurrogate(ActorSystem system) => new Address(Protocol, System, Host, Port);
    }
}
