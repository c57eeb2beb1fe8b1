using Akka.Actor.Internal;

namespace Akka.Actor;

public static class ActorRefs
{
    /// <summary>No sender: answers go to dead letters.</summary>
    public static readonly IActorRef NoSender;

    public static readonly Nobody Nobody = Nobody.Instance;
}

/// <summary>The reference to no actor. Swallows what it is told.</summary>
public sealed class Nobody : MinimalActorRef
{
    private static readonly ActorPath NobodyPath = new RootActorPath(Address.AllSystems) / "nobody";

    private Nobody()
    {
    }

    public static Nobody Instance { get; } = new();

    public override ActorPath Path => NobodyPath;

    public override IActorRefProvider Provider => throw new NotSupportedException("Nobody has no provider.");

    public override string ToString() => "[Nobody]";
}

public static class ActorRefImplicitSenderExtensions
{
    /// <summary>Sends with the actor that is running on this thread as the sender, or with none.</summary>
    public static void Tell(this IActorRef receiver, object message) =>
        receiver.Tell(message, InternalCurrentActorCellKeeper.Current?.Self);

    /// <summary>Passes a message on with its first sender.</summary>
    public static void Forward(this IActorRef receiver, object message) =>
        receiver.Tell(message, InternalCurrentActorCellKeeper.Current?.Sender);
}

public static class InternalActorRefExtensions
{
    public static bool IsNobody(this IActorRef actorRef) => actorRef is null or Nobody;
}
