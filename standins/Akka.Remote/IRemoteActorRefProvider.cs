using Akka.Actor;

namespace Akka.Remote;

/// <summary>A provider that reaches other systems.</summary>
public interface IRemoteActorRefProvider : IActorRefProvider
{
    RemoteSettings RemoteSettings { get; }

    /// <summary>Follows the lives of remote actors for those who watch them.</summary>
    IActorRef RemoteWatcher { get; }

    RemoteTransport Transport { get; }

    /// <summary>Whether the address means this system.</summary>
    bool HasAddress(Address address);

    /// <summary>Never talk to that incarnation of the system at the address again.</summary>
    /// <param name="uid">Null for the one that is known now.</param>
    void Quarantine(Address address, int? uid);
}
