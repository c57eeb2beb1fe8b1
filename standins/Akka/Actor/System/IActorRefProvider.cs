using Akka.Actor.Internal;

namespace Akka.Actor;

/// <summary>
/// Makes and resolves references. The seam where a system reaches beyond its process: the local provider knows this
/// process only; remoting's and the cluster's wrap it and add theirs.
/// </summary>
public interface IActorRefProvider
{
    IInternalActorRef RootGuardian { get; }

    /// <summary>The guardian of users' actors, /user.</summary>
    LocalActorRef Guardian { get; }

    LocalActorRef SystemGuardian { get; }

    IActorRef DeadLetters { get; }

    IActorRef IgnoreRef { get; }

    ActorPath RootPath { get; }

    Settings Settings { get; }

    Deployer Deployer { get; }

    IInternalActorRef TempContainer { get; }

    /// <summary>Completes when the root guardian has ended.</summary>
    Task TerminationTask { get; }

    /// <summary>The address under which others reach this system.</summary>
    Address DefaultAddress { get; }

    /// <summary>The root of the system at an address; of another system a reference whose messages become dead letters, if it cannot be reached.</summary>
    IActorRef RootGuardianAt(Address address);

    void Init(ActorSystemImpl system);

    /// <summary>A fresh path below /temp, for a reference that waits for one answer.</summary>
    ActorPath TempPath();

    ActorPath TempPath(string prefix);

    /// <summary>Lets answers that come by path find the reference.</summary>
    void RegisterTempActor(IInternalActorRef actorRef, ActorPath path);

    void UnregisterTempActor(ActorPath path);

    /// <summary>Makes, but does not start, an actor.</summary>
    IInternalActorRef ActorOf(
        ActorSystemImpl system, Props props, IInternalActorRef supervisor, ActorPath path, bool systemService, Deploy deploy, bool lookupDeploy, bool async);

    IActorRef ResolveActorRef(string path);

    IActorRef ResolveActorRef(ActorPath actorPath);

    /// <summary>The address by which the system at <paramref name="address"/> can reach this one; null if it cannot.</summary>
    Address GetExternalAddressFor(Address address);
}
