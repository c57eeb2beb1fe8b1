using Akka.Actor;
using Akka.Configuration;
using Akka.Dispatch;

namespace Akka.Routing;

/// <summary>Routees in turn.</summary>
public sealed class RoundRobinGroup : Group
{
    public RoundRobinGroup(params string[] paths)
        : this(paths, Dispatchers.DefaultDispatcherId)
    {
    }

    public RoundRobinGroup(IEnumerable<string> paths)
        : this(paths, Dispatchers.DefaultDispatcherId)
    {
    }

    public RoundRobinGroup(IEnumerable<string> paths, string routerDispatcher)
        : base(paths, routerDispatcher)
    {
    }

    public RoundRobinGroup(Config config)
        : this(config.GetStringList("routees.paths"))
    {
    }

    public override Router CreateRouter(ActorSystem system) => new(new RoundRobinRoutingLogic());

    public RoundRobinGroup WithDispatcher(string dispatcher) => new(InternalPaths, dispatcher);
}

/// <summary>Any routee.</summary>
public sealed class RandomGroup : Group
{
    public RandomGroup(params string[] paths)
        : this(paths, Dispatchers.DefaultDispatcherId)
    {
    }

    public RandomGroup(IEnumerable<string> paths)
        : this(paths, Dispatchers.DefaultDispatcherId)
    {
    }

    public RandomGroup(IEnumerable<string> paths, string routerDispatcher)
        : base(paths, routerDispatcher)
    {
    }

    public RandomGroup(Config config)
        : this(config.GetStringList("routees.paths"))
    {
    }

    public override Router CreateRouter(ActorSystem system) => new(new RandomLogic());

    public RandomGroup WithDispatcher(string dispatcher) => new(InternalPaths, dispatcher);
}

/// <summary>Every routee.</summary>
public sealed class BroadcastGroup : Group
{
    public BroadcastGroup(params string[] paths)
        : this(paths, Dispatchers.DefaultDispatcherId)
    {
    }

    public BroadcastGroup(IEnumerable<string> paths)
        : this(paths, Dispatchers.DefaultDispatcherId)
    {
    }

    public BroadcastGroup(IEnumerable<string> paths, string routerDispatcher)
        : base(paths, routerDispatcher)
    {
    }

    public BroadcastGroup(Config config)
        : this(config.GetStringList("routees.paths"))
    {
    }

    public override Router CreateRouter(ActorSystem system) => new(new BroadcastRoutingLogic());

    public BroadcastGroup WithDispatcher(string dispatcher) => new(InternalPaths, dispatcher);
}

/// <summary>The same routee for the same key.</summary>
public sealed class ConsistentHashingGroup : Group
{
    private readonly int _virtualNodesFactor;
    private readonly ConsistentHashMapping _hashMapping;

    public ConsistentHashingGroup(params string[] paths)
        : this(paths, 0, null, null)
    {
    }

    public ConsistentHashingGroup(IEnumerable<string> paths, ConsistentHashMapping hashMapping)
        : this(paths, 0, hashMapping, null)
    {
    }

    public ConsistentHashingGroup(Config config)
        : this(config.GetStringList("routees.paths"), config.GetInt("virtual-nodes-factor", 0), null, null)
    {
    }

    private ConsistentHashingGroup(IEnumerable<string> paths, int virtualNodesFactor, ConsistentHashMapping hashMapping, string dispatcher)
        : base(paths, dispatcher)
    {
        _virtualNodesFactor = virtualNodesFactor;
        _hashMapping = hashMapping;
    }

    public override Router CreateRouter(ActorSystem system) => new(new ConsistentHashingRoutingLogic(system, _virtualNodesFactor, _hashMapping));

    public ConsistentHashingGroup WithHashMapping(ConsistentHashMapping mapping) => new(InternalPaths, _virtualNodesFactor, mapping, RouterDispatcher);

    public ConsistentHashingGroup WithVirtualNodesFactor(int vnodes) => new(InternalPaths, vnodes, _hashMapping, RouterDispatcher);

    public ConsistentHashingGroup WithDispatcher(string dispatcher) => new(InternalPaths, _virtualNodesFactor, _hashMapping, dispatcher);
}
