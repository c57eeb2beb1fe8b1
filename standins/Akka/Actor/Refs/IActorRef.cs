using Akka.Dispatch.SysMsg;
using Akka.Util;

namespace Akka.Actor;

/// <summary>Takes messages.</summary>
public interface ICanTell
{
    /// <summary>Sends and returns at once. At most one delivery; messages of one sender to one receiver keep their order.</summary>
    void Tell(object message, IActorRef sender);
}

/// <summary>A handle on an actor, here or on another node. Outlives the actor.</summary>
public interface IActorRef : ICanTell, IEquatable<IActorRef>, IComparable<IActorRef>, ISurrogated, IComparable
{
    ActorPath Path { get; }
}

public interface IActorRefScope
{
    bool IsLocal { get; }
}

/// <summary>A reference to something of this process.</summary>
public interface ILocalRef : IActorRefScope;

/// <summary>What the engine, and remoting, ask of a reference beyond Tell.</summary>
public interface IInternalActorRef : IActorRef, IActorRefScope
{
    IInternalActorRef Parent { get; }

    IActorRefProvider Provider { get; }

    bool IsTerminated { get; }

    /// <summary>The descendant at the end of the names; <c>..</c> goes up, an empty name stays. Nobody if there is none.</summary>
    IActorRef GetChild(IReadOnlyList<string> name);

    void Start();

    void Stop();

    void Suspend();

    void Resume(Exception causedByFailure = null);

    void Restart(Exception cause);

    /// <summary>System messages overtake those of users, and are handled while those are suspended.</summary>
    void SendSystemMessage(ISystemMessage message);
}

/// <summary>Creates actors below itself.</summary>
public interface IActorRefFactory
{
    /// <exception cref="InvalidActorNameException">The name is taken, or is not a legal path element.</exception>
    IActorRef ActorOf(Props props, string name = null);

    ActorSelection ActorSelection(ActorPath actorPath);

    ActorSelection ActorSelection(string actorPath);
}

public static class ActorRefFactoryExtensions
{
    public static IActorRef ActorOf<TActor>(this IActorRefFactory factory, string name = null)
        where TActor : ActorBase, new() => factory.ActorOf(Props.Create<TActor>(), name);

    /// <summary>Selects relative to <paramref name="anchorRef"/>.</summary>
    public static ActorSelection ActorSelection(this IActorRefFactory factory, IActorRef anchorRef, string actorPath) =>
        ActorRefFactoryShared.ActorSelection(anchorRef, actorPath);
}
