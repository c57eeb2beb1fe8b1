namespace Akka.Discovery.Dns;

/// <summary>A name server answered with an error, or with what cannot be read.</summary>
public sealed class DnsException(string message) : Exception(message);
