using System.Net.Sockets;
using Akka.Actor;

namespace Akka.Discovery.Dns;

/// <summary>
/// Services as names in DNS. With a port name and a protocol it asks for SRV records, else for the addresses of the name,
/// of which the port is not known. Kubernetes serves both for a headless service.
/// </summary>
public class DnsServiceDiscovery : ServiceDiscovery
{
    private readonly Lazy<SrvClient> _srv;

    public DnsServiceDiscovery(ExtendedActorSystem system)
        : this(system, system.Settings.Config.GetConfig("akka.discovery.akka-dns"))
    {
    }

    public DnsServiceDiscovery(ExtendedActorSystem system, Configuration.Config config) =>
        _srv = new Lazy<SrvClient>(() => new SrvClient(NameServers.Read(config)));

    /// <exception cref="TimeoutException">No answer came in time.</exception>
    /// <exception cref="DnsException">A name server answered with an error, or with what cannot be read.</exception>
    public override async Task<Resolved> Lookup(Lookup lookup, TimeSpan resolveTimeout)
    {
        using var deadline = new CancellationTokenSource(resolveTimeout);
        try
        {
            return lookup is { PortName: not null, Protocol: not null }
                ? await LookupSrvAsync(lookup, deadline.Token).ConfigureAwait(false)
                : new Resolved(lookup.ServiceName, await AddressesAsync(lookup.ServiceName, null, deadline.Token).ConfigureAwait(false));
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested)
        {
            throw new TimeoutException($"DNS did not answer for {lookup} within {resolveTimeout}.");
        }
    }

    private async Task<Resolved> LookupSrvAsync(Lookup lookup, CancellationToken cancellationToken)
    {
        var records = await _srv.Value.QueryAsync($"_{lookup.PortName}._{lookup.Protocol}.{lookup.ServiceName}", cancellationToken).ConfigureAwait(false);
        var places = await Task.WhenAll(records.Select(record => AddressesAsync(record.Target, record.Port, cancellationToken))).ConfigureAwait(false);
        return new Resolved(lookup.ServiceName, places.SelectMany(each => each));
    }

    /// <summary>No addresses if the name does not exist.</summary>
    private static async Task<IEnumerable<ResolvedTarget>> AddressesAsync(string name, int? port, CancellationToken cancellationToken)
    {
        try
        {
            var addresses = await System.Net.Dns.GetHostAddressesAsync(name, cancellationToken).ConfigureAwait(false);
            return addresses.Select(address => new ResolvedTarget(port is null ? address.ToString() : name, port, address));
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.HostNotFound or SocketError.NoData)
        {
            return [];
        }
    }
}
