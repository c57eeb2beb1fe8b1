using Akka.Actor;

namespace Akka.Remote;

/// <summary>The remote provider of a system.</summary>
public sealed class RARP : ExtensionIdProvider<RARP>, IExtension
{
    private static readonly RARP Id = new();

    private readonly IRemoteActorRefProvider _provider;

    public RARP()
    {
    }

    private RARP(IRemoteActorRefProvider provider)
    {
        _provider = provider;
    }

    public IRemoteActorRefProvider Provider => _provider;

    /// <exception cref="InvalidCastException">The system has no remoting.</exception>
    public static RARP For(ActorSystem system) => Id.Apply(system);

    public override RARP CreateExtension(ExtendedActorSystem system) => new((IRemoteActorRefProvider)system.Provider);
}
