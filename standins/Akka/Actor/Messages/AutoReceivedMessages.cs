using Akka.Event;

namespace Akka.Actor;

/// <summary>A message that the engine handles before the actor's own behaviour sees it.</summary>
public interface IAutoReceivedMessage;

/// <summary>A message that an untrusted peer must not be able to send.</summary>
public interface IPossiblyHarmful;

/// <summary>A message that never leaves its process, so that <c>serialize-messages</c> leaves it alone.</summary>
public interface INoSerializationVerificationNeeded;

/// <summary>A message that does not put off the receive timeout.</summary>
public interface INotInfluenceReceiveTimeout;

/// <summary>Asks for a log line, at debug level, of every message received.</summary>
public interface ILogReceive;

/// <summary>A message that carries another.</summary>
public interface IWrappedMessage
{
    object Message { get; }
}

/// <summary>Stops the receiver when it comes to this message, after those before it.</summary>
public sealed class PoisonPill : IAutoReceivedMessage, IPossiblyHarmful, IDeadLetterSuppression
{
    private PoisonPill()
    {
    }

    public static PoisonPill Instance { get; } = new();

    public override string ToString() => "<PoisonPill>";
}

/// <summary>Makes the receiver fail with <see cref="ActorKilledException"/>, which its supervisor judges.</summary>
public sealed class Kill : IAutoReceivedMessage, IPossiblyHarmful
{
    private Kill()
    {
    }

    public static Kill Instance { get; } = new();

    public override string ToString() => "<Kill>";
}

/// <summary>Asks whoever lives at a path to answer with its reference.</summary>
public sealed class Identify(object messageId) : IAutoReceivedMessage, INotInfluenceReceiveTimeout
{
    public object MessageId { get; } = messageId;

    public override string ToString() => $"<Identify>: {MessageId}";
}

/// <summary>The answer to <see cref="Identify"/>; no subject if nobody lives there.</summary>
public sealed class ActorIdentity(object messageId, IActorRef subject)
{
    public object MessageId { get; } = messageId;

    public IActorRef Subject { get; } = subject;

    public override string ToString() => $"<ActorIdentity>: {MessageId} - {Subject}";
}

/// <summary>A watched actor has ended. Unhandled, it ends the watcher too, with <see cref="DeathPactException"/>.</summary>
public sealed class Terminated(IActorRef actorRef, bool existenceConfirmed, bool addressTerminated)
    : IAutoReceivedMessage, IPossiblyHarmful, IDeadLetterSuppression, INoSerializationVerificationNeeded
{
    public IActorRef ActorRef { get; } = actorRef;

    /// <summary>True if the actor is known to have lived.</summary>
    public bool ExistenceConfirmed { get; } = existenceConfirmed;

    /// <summary>True if its whole node was lost, and the actor with it.</summary>
    public bool AddressTerminated { get; } = addressTerminated;

    public override string ToString() => $"<Terminated>: {ActorRef} - ExistenceConfirmed={ExistenceConfirmed}";
}

/// <summary>No message came within the time set by <c>Context.SetReceiveTimeout</c>.</summary>
public sealed class ReceiveTimeout : IPossiblyHarmful
{
    private ReceiveTimeout()
    {
    }

    public static ReceiveTimeout Instance { get; } = new();

    public override string ToString() => "<ReceiveTimeout>";
}

/// <summary>A node was lost: every watched actor of it counts as terminated.</summary>
public sealed class AddressTerminated(Address address) : IAutoReceivedMessage, IPossiblyHarmful, IDeadLetterSuppression
{
    public Address Address { get; } = address;

    public override string ToString() => $"<AddressTerminated>: {Address}";
}
