using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;

namespace ActorInference.Roles.Agents;

/// <summary>The ports of a host that its instances keep, each its own, whether a process has it open or not.</summary>
/// <param name="address">Where they must be free.</param>
/// <param name="first">First port that is given where the preferred one is taken.</param>
/// <param name="count">How many there are of those.</param>
/// <param name="offset">Where among those the search begins: agents of one host that begin elsewhere do not choose the same port at once.</param>
public sealed class PortLeases(IPAddress address, int first, int count, int offset = 0)
{
    private readonly Dictionary<string, ImmutableArray<PortLease>> _leases = [];

    /// <summary>Leases that were given before.</summary>
    public void Restore(string instance, IEnumerable<PortLease> leases) => _leases[instance] = [.. leases];

    /// <summary>Keeps ports for an instance: those that it has of the same name, and others for the rest.</summary>
    /// <exception cref="IOException">None is free, or not the one that it has to be.</exception>
    public ImmutableArray<PortLease> Take(string instance, IEnumerable<PortRequest> requests)
    {
        var held = _leases.GetValueOrDefault(instance, []);
        var given = ImmutableArray.CreateBuilder<PortLease>();
        foreach (var request in requests)
        {
            var lease = held.FirstOrDefault(each => each.Name == request.Name && each.Preferred == request.Preferred);
            given.Add(lease ?? new PortLease(request.Name, request.Preferred, request.IsFixed ? Fixed(request, given) : Free(request.Preferred, given)));
        }

        return _leases[instance] = given.ToImmutable();
    }

    public void Release(string instance) => _leases.Remove(instance);

    private int Fixed(PortRequest request, IEnumerable<PortLease> given)
    {
        if (_leases.FirstOrDefault(each => each.Value.Any(lease => lease.Port == request.Preferred)).Key is { } holder)
            throw new IOException($"port {request.Name} is to be {request.Preferred}, which {holder} has on this host; instances that share a number need a host each");
        if (given.Any(lease => lease.Port == request.Preferred) || !CanBind(request.Preferred)) throw new IOException($"port {request.Name} is to be {request.Preferred}, which is taken on {address}");
        return request.Preferred;
    }

    private int Free(int preferred, IEnumerable<PortLease> given)
    {
        var taken = _leases.Values.SelectMany(each => each).Concat(given).Select(lease => lease.Port).ToHashSet();
        if (preferred > 0 && !taken.Contains(preferred) && CanBind(preferred)) return preferred;
        for (var i = 0; i < count; i++)
        {
            var port = first + (offset + i) % count;
            if (!taken.Contains(port) && CanBind(port)) return port;
        }

        throw new IOException($"no port of {first} to {first + count - 1} on {address} is free");
    }

    private bool CanBind(int port)
    {
        try
        {
            using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(address, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
