using Akka.Actor;

namespace Akka.Routing;

/// <summary>Goes to every routee.</summary>
public sealed class Broadcast(object message) : RouterEnvelope(message);

/// <summary>A message with something for the router around it; routees get the message only.</summary>
public class RouterEnvelope(object message) : IWrappedMessage
{
    public object Message { get; } = message;

    public override string ToString() => $"{GetType().Name}({Message})";
}

/// <summary>For the router itself, not for its routees.</summary>
public abstract class RouterManagementMessage;

/// <summary>Asks a router for its <see cref="Routees"/>.</summary>
public sealed class GetRoutees : RouterManagementMessage
{
    public static readonly GetRoutees Instance = new();
}

public sealed class Routees(IEnumerable<Routee> routees)
{
    public IEnumerable<Routee> Members { get; } = routees;
}

public sealed class AddRoutee(Routee routee) : RouterManagementMessage
{
    public Routee Routee { get; } = routee;
}

/// <summary>Takes a routee out; a pool also stops it, after what waits in its mailbox.</summary>
public sealed class RemoveRoutee(Routee routee) : RouterManagementMessage
{
    public Routee Routee { get; } = routee;
}

/// <summary>Adds routees to a pool, or takes as many away.</summary>
public sealed class AdjustPoolSize(int change) : RouterManagementMessage
{
    public int Change { get; } = change;
}

/// <summary>A message that names the key it is routed by.</summary>
public interface IConsistentHashable
{
    object ConsistentHashKey { get; }
}

public sealed class ConsistentHashableEnvelope(object message, object hashKey) : RouterEnvelope(message), IConsistentHashable
{
    public object HashKey { get; } = hashKey;

    object IConsistentHashable.ConsistentHashKey => HashKey;
}

/// <summary>The key of a message; null where it has none.</summary>
public delegate object ConsistentHashMapping(object msg);
