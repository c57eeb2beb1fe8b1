using Akka.Actor;

namespace Akka.Routing;

/// <summary>Chooses a routee for a message. Called by many threads at once.</summary>
public abstract class RoutingLogic : INoSerializationVerificationNeeded
{
    public abstract Routee Select(object message, Routee[] routees);
}

public sealed class RoundRobinRoutingLogic : RoutingLogic
{
    private int _next = -1;

    public override Routee Select(object message, Routee[] routees) => routees.Length == 0
        ? Routee.NoRoutee
        : routees[(Interlocked.Increment(ref _next) & int.MaxValue) % routees.Length];
}

public sealed class RandomLogic : RoutingLogic
{
    public override Routee Select(object message, Routee[] routees) => routees.Length == 0
        ? Routee.NoRoutee
        : routees[Random.Shared.Next(routees.Length)];
}

public sealed class BroadcastRoutingLogic : RoutingLogic
{
    public override Routee Select(object message, Routee[] routees) => routees.Length == 0 ? Routee.NoRoutee : new SeveralRoutees(routees);
}

/// <summary>The routee with the fewest waiting messages; the first of equals. Remote ones count as full.</summary>
public sealed class SmallestMailboxRoutingLogic : RoutingLogic
{
    public override Routee Select(object message, Routee[] routees) => routees.Length == 0 ? Routee.NoRoutee : routees.MinBy(Waiting);

    private static int Waiting(Routee routee) => routee is ActorRefRoutee { Actor: LocalActorRef { IsTerminated: false } local }
        ? local.Cell.NumberOfMessages
        : int.MaxValue;
}

/// <summary>
/// Messages of one key to one routee, as long as it lives; when routees come or go few keys move (Karger et al., 1997).
/// </summary>
public sealed class ConsistentHashingRoutingLogic : RoutingLogic
{
    private readonly ConsistentHashMapping _mapping;
    private readonly int _virtualNodes;
    private volatile Ring _ring;

    public ConsistentHashingRoutingLogic(ActorSystem system)
        : this(system, 0, null)
    {
    }

    public ConsistentHashingRoutingLogic(ActorSystem system, int virtualNodesFactor, ConsistentHashMapping hashMapping)
    {
        _virtualNodes = virtualNodesFactor > 0 ? virtualNodesFactor : system.Settings.DefaultVirtualNodesFactor;
        _mapping = hashMapping;
    }

    public override Routee Select(object message, Routee[] routees)
    {
        if (message is null || routees.Length == 0) return Routee.NoRoutee;
        var key = _mapping?.Invoke(message) ?? (message as IConsistentHashable)?.ConsistentHashKey;
        if (key is null) return Routee.NoRoutee;
        var ring = _ring;
        if (ring is null || !ReferenceEquals(ring.Routees, routees)) _ring = ring = new Ring(routees, _virtualNodes);
        return ring.Find(HashOf(key));
    }

    private static int HashOf(object key) => key is byte[] bytes ? Util.MurmurHash.ByteHash(bytes) : Util.MurmurHash.StringHash(key.ToString());

    private sealed class Ring
    {
        private readonly int[] _hashes;
        private readonly Routee[] _owners;

        public Ring(Routee[] routees, int virtualNodes)
        {
            Routees = routees;
            var points = routees
                .SelectMany(routee => Enumerable.Range(0, virtualNodes).Select(i => (Hash: Util.MurmurHash.StringHash($"{routee}{i}"), routee)))
                .OrderBy(point => point.Hash)
                .ToArray();
            _hashes = [.. points.Select(point => point.Hash)];
            _owners = [.. points.Select(point => point.routee)];
        }

        public Routee[] Routees { get; }

        public Routee Find(int hash)
        {
            var index = Array.BinarySearch(_hashes, hash);
            if (index < 0) index = ~index;
            return _owners[index == _owners.Length ? 0 : index];
        }
    }
}

/// <summary>A logic and the routees it chooses from. Immutable.</summary>
public class Router
{
    private readonly Routee[] _routees;

    public Router(RoutingLogic logic, params Routee[] routees)
    {
        RoutingLogic = logic;
        _routees = routees;
    }

    public RoutingLogic RoutingLogic { get; }

    public IEnumerable<Routee> Routees => _routees;

    public virtual void Route(object message, IActorRef sender)
    {
        if (message is Broadcast broadcast)
        {
            new SeveralRoutees(_routees).Send(broadcast.Message, sender);
            return;
        }

        var routee = RoutingLogic.Select(message, _routees);
        routee.Send(message is RouterEnvelope envelope ? envelope.Message : message, sender);
    }

    public virtual Router WithRoutees(params Routee[] routees) => new(RoutingLogic, routees);

    public virtual Router AddRoutee(Routee routee) => new(RoutingLogic, [.. _routees, routee]);

    public virtual Router RemoveRoutee(Routee routee) => new(RoutingLogic, [.. _routees.Where(known => !known.Equals(routee))]);
}
