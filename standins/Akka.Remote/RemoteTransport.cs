using Akka.Actor;

namespace Akka.Remote;

/// <summary>What carries messages to other systems.</summary>
public abstract class RemoteTransport
{
    protected RemoteTransport(ExtendedActorSystem system, RemoteActorRefProvider provider)
    {
        System = system;
        Provider = provider;
    }

    public ExtendedActorSystem System { get; }

    public RemoteActorRefProvider Provider { get; }

    /// <summary>The addresses that mean this system.</summary>
    public abstract ISet<Address> Addresses { get; }

    /// <summary>The address that this system gives to others.</summary>
    public abstract Address DefaultAddress { get; }

    /// <summary>Listens.</summary>
    /// <exception cref="RemoteTransportException">It cannot listen where it should.</exception>
    public abstract void Start();

    /// <summary>Sends what waits, says goodbye, and closes everything.</summary>
    public abstract Task Shutdown();

    public abstract void Send(object message, IActorRef sender, RemoteActorRef recipient);

    /// <summary>The address of this system that the one at <paramref name="remote"/> can reach.</summary>
    public abstract Address LocalAddressForRemote(Address remote);

    /// <summary>Never talk to that incarnation again.</summary>
    /// <param name="uid">Null for the one that is known now.</param>
    public abstract void Quarantine(Address address, int? uid);
}
