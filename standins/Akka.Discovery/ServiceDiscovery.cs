using System.Collections.Immutable;
using System.Net;
using Akka.Actor;
using Akka.Event;

namespace Akka.Discovery;

/// <summary>One method of finding where a service is.</summary>
public abstract class ServiceDiscovery
{
    /// <summary>Where a service is; no addresses if it was not found.</summary>
    public class Resolved : IDeadLetterSuppression, INoSerializationVerificationNeeded, IEquatable<Resolved>
    {
        public Resolved(string serviceName)
            : this(serviceName, null)
        {
        }

        public Resolved(string serviceName, IEnumerable<ResolvedTarget> addresses)
        {
            ServiceName = serviceName;
            Addresses = addresses?.ToImmutableList() ?? [];
        }

        public string ServiceName { get; }

        public ImmutableList<ResolvedTarget> Addresses { get; }

        public bool Equals(Resolved other) => other is not null && ServiceName == other.ServiceName && Addresses.SequenceEqual(other.Addresses);

        public override bool Equals(object obj) => obj is Resolved other && Equals(other);

        public override int GetHashCode() => Addresses.Aggregate(HashCode.Combine(ServiceName), HashCode.Combine);

        public override string ToString() => $"Resolved({ServiceName}, {string.Join(", ", Addresses)})";
    }

    /// <summary>One place of a service.</summary>
    /// <param name="host">Name or IP address.</param>
    /// <param name="port">If the method knows one.</param>
    /// <param name="address">If the method has resolved the name.</param>
    public class ResolvedTarget(string host, int? port = null, IPAddress address = null) : INoSerializationVerificationNeeded, IEquatable<ResolvedTarget>
    {
        public string Host { get; } = host;

        public int? Port { get; } = port;

        public IPAddress Address { get; } = address;

        public bool Equals(ResolvedTarget other) => other is not null && Host == other.Host && Port == other.Port && Equals(Address, other.Address);

        public override bool Equals(object obj) => obj is ResolvedTarget other && Equals(other);

        public override int GetHashCode() => HashCode.Combine(Host, Port, Address);

        public override string ToString() => $"ResolvedTarget({Host}, {Port}, {Address})";
    }

    /// <summary>Looks a service up, within <paramref name="resolveTimeout"/>.</summary>
    public abstract Task<Resolved> Lookup(Lookup lookup, TimeSpan resolveTimeout);

    public Task<Resolved> Lookup(string serviceName, TimeSpan resolveTimeout) => Lookup(new Lookup(serviceName), resolveTimeout);
}
