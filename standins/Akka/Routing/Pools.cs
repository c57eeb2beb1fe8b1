using Akka.Actor;
using Akka.Configuration;

namespace Akka.Routing;

/// <summary>Routees in turn.</summary>
public sealed class RoundRobinPool : Pool
{
    public RoundRobinPool(int nrOfInstances)
        : this(nrOfInstances, null, null)
    {
    }

    public RoundRobinPool(int nrOfInstances, SupervisorStrategy supervisorStrategy, string routerDispatcher)
        : base(nrOfInstances, supervisorStrategy, routerDispatcher)
    {
    }

    public RoundRobinPool(Config config)
        : this(config.GetInt("nr-of-instances"))
    {
    }

    public override Router CreateRouter(ActorSystem system) => new(new RoundRobinRoutingLogic());

    public RoundRobinPool WithSupervisorStrategy(SupervisorStrategy strategy) => new(NrOfInstances, strategy, RouterDispatcher);

    public RoundRobinPool WithDispatcher(string dispatcher) => new(NrOfInstances, SupervisorStrategy, dispatcher);
}

/// <summary>Any routee.</summary>
public sealed class RandomPool : Pool
{
    public RandomPool(int nrOfInstances)
        : this(nrOfInstances, null, null)
    {
    }

    public RandomPool(int nrOfInstances, SupervisorStrategy supervisorStrategy, string routerDispatcher)
        : base(nrOfInstances, supervisorStrategy, routerDispatcher)
    {
    }

    public RandomPool(Config config)
        : this(config.GetInt("nr-of-instances"))
    {
    }

    public override Router CreateRouter(ActorSystem system) => new(new RandomLogic());

    public RandomPool WithSupervisorStrategy(SupervisorStrategy strategy) => new(NrOfInstances, strategy, RouterDispatcher);

    public RandomPool WithDispatcher(string dispatcher) => new(NrOfInstances, SupervisorStrategy, dispatcher);
}

/// <summary>Every routee.</summary>
public sealed class BroadcastPool : Pool
{
    public BroadcastPool(int nrOfInstances)
        : this(nrOfInstances, null, null)
    {
    }

    public BroadcastPool(int nrOfInstances, SupervisorStrategy supervisorStrategy, string routerDispatcher)
        : base(nrOfInstances, supervisorStrategy, routerDispatcher)
    {
    }

    public BroadcastPool(Config config)
        : this(config.GetInt("nr-of-instances"))
    {
    }

    public override Router CreateRouter(ActorSystem system) => new(new BroadcastRoutingLogic());

    public BroadcastPool WithSupervisorStrategy(SupervisorStrategy strategy) => new(NrOfInstances, strategy, RouterDispatcher);

    public BroadcastPool WithDispatcher(string dispatcher) => new(NrOfInstances, SupervisorStrategy, dispatcher);
}

/// <summary>The routee with the fewest waiting messages.</summary>
public sealed class SmallestMailboxPool : Pool
{
    public SmallestMailboxPool(int nrOfInstances)
        : this(nrOfInstances, null, null)
    {
    }

    public SmallestMailboxPool(int nrOfInstances, SupervisorStrategy supervisorStrategy, string routerDispatcher)
        : base(nrOfInstances, supervisorStrategy, routerDispatcher)
    {
    }

    public SmallestMailboxPool(Config config)
        : this(config.GetInt("nr-of-instances"))
    {
    }

    public override Router CreateRouter(ActorSystem system) => new(new SmallestMailboxRoutingLogic());

    public SmallestMailboxPool WithSupervisorStrategy(SupervisorStrategy strategy) => new(NrOfInstances, strategy, RouterDispatcher);

    public SmallestMailboxPool WithDispatcher(string dispatcher) => new(NrOfInstances, SupervisorStrategy, dispatcher);
}

/// <summary>The same routee for the same key.</summary>
public sealed class ConsistentHashingPool : Pool
{
    private readonly int _virtualNodesFactor;
    private readonly ConsistentHashMapping _hashMapping;

    public ConsistentHashingPool(int nrOfInstances)
        : this(nrOfInstances, 0, null, null, null)
    {
    }

    public ConsistentHashingPool(int nrOfInstances, ConsistentHashMapping hashMapping)
        : this(nrOfInstances, 0, hashMapping, null, null)
    {
    }

    public ConsistentHashingPool(Config config)
        : this(config.GetInt("nr-of-instances"), config.GetInt("virtual-nodes-factor", 0), null, null, null)
    {
    }

    private ConsistentHashingPool(int nrOfInstances, int virtualNodesFactor, ConsistentHashMapping hashMapping, SupervisorStrategy strategy, string dispatcher)
        : base(nrOfInstances, strategy, dispatcher)
    {
        _virtualNodesFactor = virtualNodesFactor;
        _hashMapping = hashMapping;
    }

    public override Router CreateRouter(ActorSystem system) => new(new ConsistentHashingRoutingLogic(system, _virtualNodesFactor, _hashMapping));

    public ConsistentHashingPool WithHashMapping(ConsistentHashMapping mapping) =>
        new(NrOfInstances, _virtualNodesFactor, mapping, SupervisorStrategy, RouterDispatcher);

    public ConsistentHashingPool WithVirtualNodesFactor(int vnodes) => new(NrOfInstances, vnodes, _hashMapping, SupervisorStrategy, RouterDispatcher);

    public ConsistentHashingPool WithSupervisorStrategy(SupervisorStrategy strategy) =>
        new(NrOfInstances, _virtualNodesFactor, _hashMapping, strategy, RouterDispatcher);

    public ConsistentHashingPool WithDispatcher(string dispatcher) => new(NrOfInstances, _virtualNodesFactor, _hashMapping, SupervisorStrategy, dispatcher);
}
